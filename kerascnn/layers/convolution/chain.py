"""Composite layers that are one layer after the other."""

from keras import layers


class Chain(layers.Layer):
    """Calls the layers of `steps`, one after the other; to inherit from."""

    steps: list[layers.Layer]

    def build(self, input_shape):
        """Create the weights, after a look at the sides."""
        self.compute_output_shape(input_shape)
        for step in self.steps:
            step.build(input_shape)
            input_shape = step.compute_output_shape(input_shape)
        self.built = True

    def call(self, inputs):
        """Call the steps."""
        x = inputs
        for step in self.steps:
            x = step(x)
        return x

    def compute_output_shape(self, input_shape):
        """Give the shape after the last step."""
        shape = tuple(input_shape)
        try:
            for step in self.steps:
                shape = tuple(step.compute_output_shape(shape))
        except ValueError as error:
            raise ValueError(
                f"A window does not fit into the image. Received: input_shape={tuple(input_shape)}"
            ) from error
        return shape

"""Kernels whose largest singular value is 1."""

from typing import Any

import keras
from keras import layers, ops


@keras.saving.register_keras_serializable(package="kerascnn")
class SpectralNormalization(layers.Wrapper):
    """Divides the kernel of a layer by its largest singular value, `W / sigma(W)`.

    `sigma` is estimated by power iteration from a vector that is kept from call to call, a step
    each time in training. The kernel of the layer stays as it is: what the layer computes with is
    made of it in each call, and gradients pass through `sigma` too. (Keras's layer of this name
    overwrites the kernel, and rounds it in mixed precision.)

    Args:
        layer: A layer with a `kernel`, such as a convolution or a dense layer.
        power_iterations: Steps of the power iteration in a call in training, at least 1.
        epsilon: The least length that a vector is divided by.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: What the layer takes.
        training: Whether to improve the estimate.

    Output shape:
        That of the layer.

    Raises:
        ValueError: If an argument is out of range, or the layer has no kernel.

    Example:
        >>> SpectralNormalization(keras.layers.Conv2D(8, 3))(keras.Input((8, 8, 3))).shape
        (None, 6, 6, 8)

    Reference:
        https://arxiv.org/abs/1802.05957
    """

    def __init__(
        self,
        layer: layers.Layer,
        *,
        power_iterations: int = 1,
        epsilon: float = 1e-12,
        **kwargs: Any,
    ) -> None:
        super().__init__(layer, **kwargs)
        if power_iterations < 1 or not epsilon > 0:
            raise ValueError(
                "A power iteration has a step, and epsilon is above 0. "
                f"Received: power_iterations={power_iterations}, epsilon={epsilon}"
            )
        self.power_iterations = power_iterations
        self.epsilon = epsilon

    def build(self, input_shape):
        """Build the layer and the vector."""
        super().build(input_shape)
        if getattr(self.layer, "kernel", None) is None:
            raise ValueError(f"The layer needs a kernel. Received: layer={self.layer.name}")
        self.vector = self.add_weight(
            name="vector",
            shape=(self.layer.kernel.shape[-1],),
            initializer=keras.initializers.RandomNormal(stddev=1.0),
            trainable=False,
            dtype="float32",
        )

    def call(self, inputs, training=False):
        """Call the layer with the normalised kernel."""
        kernel = self.normalized_kernel(training=training)
        with keras.StatelessScope(state_mapping=[(self.layer.kernel, kernel)]):
            return self.layer(inputs)

    def normalized_kernel(self, training=False):
        """Give the kernel that the layer computes with, and keep the better vector in training."""
        kernel = ops.cast(self.layer.kernel, "float32")
        # (inputs, outputs)
        matrix = ops.reshape(kernel, (-1, kernel.shape[-1]))
        fixed, right = ops.stop_gradient(matrix), ops.convert_to_tensor(self.vector)
        left = self._unit(ops.matmul(fixed, right))
        for _ in range(self.power_iterations if training else 0):
            right = self._unit(ops.matmul(left, fixed))
            left = self._unit(ops.matmul(fixed, right))
        if training:
            self.vector.assign(right)
        else:
            right = self._unit(right)
        return kernel / ops.maximum(ops.sum(left * ops.matmul(matrix, right)), self.epsilon)

    def at_inference(self) -> layers.Layer:
        """Give a layer of the same kind and this name that computes the same at inference."""
        layer = type(self.layer).from_config({**self.layer.get_config(), "name": self.name})
        layer.build(self.layer.get_build_config()["input_shape"])
        layer.set_weights(self.layer.get_weights())
        layer.kernel.assign(self.normalized_kernel())
        return layer

    def compute_output_shape(self, input_shape):
        """Give the output shape of the layer."""
        return self.layer.compute_output_shape(input_shape)

    def get_config(self):
        """Describe the arguments."""
        own = {"power_iterations": self.power_iterations, "epsilon": self.epsilon}
        return {**super().get_config(), **own}

    def _unit(self, vector):
        return vector / ops.maximum(ops.norm(vector), self.epsilon)

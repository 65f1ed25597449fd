"""Convolutional capsules with pose matrices."""

from typing import Any

import keras
from keras import ops

from kerascnn.layers.capsules.matrix_capsule import POSE, MatrixCapsule, check_shapes
from kerascnn.layers.capsules.patches import Patches


@keras.saving.register_keras_serializable(package="kerascnn")
class ConvCapsule(MatrixCapsule):
    """Lets capsules vote, by 4x4 matrices, for the poses of those whose window sees them.

    The vote of a child is its pose times a matrix, one for each place in the window, kind of
    child and kind of parent, the same everywhere in the image. `em_routing` turns votes into
    poses and activations; see there for int8. A child divides itself among all parents that see
    it, also those of different windows; many implementations divide it anew in each window.

    Args:
        capsules: Kinds of parents, at least 1.
        kernel_size: Side of the window, in pixels.
        strides: Step of the window, in pixels.
        iterations: Rounds of routing, at least 1.
        inverse_temperature: Steepness of the activations, above 0; fewer children need more.
        epsilon: What is added to the variances of the votes, above 0.
        kernel_initializer: Initializer of the matrices; None draws them so that votes vary as
            much as poses.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[poses, activations]`: `(batch, height, width, kinds, 16)`, each pose a matrix in
            rows, and `(batch, height, width, kinds)` in [0, 1].

    Output shape:
        Poses, `(batch, rows, columns, capsules, 16)`, and activations, `(batch, rows, columns,
        capsules)`, with `rows = floor((height - kernel_size) / strides) + 1`.

    Raises:
        ValueError: If an argument is out of range or the inputs do not fit together.

    Example:
        >>> inputs = [keras.Input((14, 14, 32, 16)), keras.Input((14, 14, 32))]
        >>> poses, activations = ConvCapsule(32, strides=2)(inputs)
        >>> poses.shape, activations.shape
        ((None, 6, 6, 32, 16), (None, 6, 6, 32))

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb
    """

    def __init__(
        self,
        capsules: int,
        *,
        kernel_size: int = 3,
        strides: int = 1,
        iterations: int = 3,
        inverse_temperature: float = 0.01,
        epsilon: float = 1e-4,
        kernel_initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            capsules,
            iterations=iterations,
            inverse_temperature=inverse_temperature,
            epsilon=epsilon,
            kernel_initializer=kernel_initializer,
            **kwargs,
        )
        if min(kernel_size, strides) < 1:
            raise ValueError(
                f"Sizes must be positive. Received: kernel_size={kernel_size}, strides={strides}"
            )
        self.kernel_size = kernel_size
        self.strides = strides

    def build(self, input_shape):
        """Create the weights and find the windows."""
        height, width, kinds = check_shapes(input_shape)
        if min(height, width) < self.kernel_size:
            raise ValueError(
                f"The window must fit into the image. Received: kernel_size={self.kernel_size}, "
                f"height={height}, width={width}"
            )
        self.patches = Patches(height, width, self.kernel_size, self.strides)
        self.add_matrices(self.patches.area * kinds)
        self.built = True

    def call(self, inputs):
        """Vote and route."""
        poses, activations = inputs
        kinds = activations.shape[-1]
        poses = ops.reshape(poses, (-1, self.patches.pixels, kinds * POSE))
        activations = ops.reshape(activations, (-1, self.patches.pixels, kinds))
        votes = self.vote(self.patches.gather(poses))
        even = ops.cast(self.patches.shares[:, None] / self.capsules, activations.dtype)
        first, activations = (
            ops.expand_dims(self.patches.gather(x), axis=1)
            for x in (activations * even, activations)
        )
        means, activations = self.route(votes, activations, self.patches.softmax, first)
        shape = (-1, self.patches.height, self.patches.width, self.capsules)
        return ops.reshape(means, (*shape, POSE)), ops.reshape(activations, shape)

    def compute_output_shape(self, input_shape):
        """Give the shapes of poses and activations."""
        height, width, _ = check_shapes(input_shape)
        sides = ((side - self.kernel_size) // self.strides + 1 for side in (height, width))
        shape = (input_shape[0][0], *sides, self.capsules)
        return (*shape, POSE), shape

    def get_config(self):
        """Describe the arguments."""
        own = {"kernel_size": self.kernel_size, "strides": self.strides}
        return {**super().get_config(), **own}

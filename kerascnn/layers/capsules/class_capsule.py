"""The last layer of matrix capsules: one for each class."""

import functools

import keras
import numpy as np
from keras import ops

from kerascnn.layers.capsules.matrix_capsule import POSE, MatrixCapsule, check_shapes


@keras.saving.register_keras_serializable(package="kerascnn")
class ClassCapsule(MatrixCapsule):
    """Lets all capsules of an image vote for the poses of the classes.

    The vote of a child is its pose times a matrix, one for each kind of child and each class,
    the same everywhere in the image. So that votes still say where the child is, its place
    (row, column) in [0, 1] is added to the first two numbers of the vote's last column. See
    `em_routing` for how votes become poses and activations, and for int8.

    Args:
        capsules: Classes, at least 1.
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
        Poses, `(batch, capsules, 16)`, and activations, `(batch, capsules)`.

    Raises:
        ValueError: If an argument is out of range or the inputs do not fit together.

    Example:
        >>> inputs = [keras.Input((4, 4, 32, 16)), keras.Input((4, 4, 32))]
        >>> poses, activations = ClassCapsule(5)(inputs)
        >>> poses.shape, activations.shape
        ((None, 5, 16), (None, 5))

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb
    """

    def build(self, input_shape):
        """Create the weights and the coordinates."""
        height, width, kinds = check_shapes(input_shape)
        self.add_matrices(kinds)
        coordinates = np.zeros((height, width, 4, 4), "float32")
        coordinates[:, :, 0, 3] = ((np.arange(height) + 0.5) / height)[:, None]
        coordinates[:, :, 1, 3] = (np.arange(width) + 0.5) / width
        self.coordinates = coordinates.reshape(-1, 1, POSE)
        self.built = True

    def call(self, inputs):
        """Vote, add the coordinates and route."""
        poses, activations = inputs
        places, kinds = len(self.coordinates), poses.shape[3]
        votes = self.vote(ops.reshape(poses, (-1, kinds, POSE)))
        votes = ops.reshape(votes, (-1, places, self.capsules, kinds * POSE))
        votes = votes + ops.cast(np.tile(self.coordinates, kinds), votes.dtype)
        votes = ops.transpose(votes, (0, 2, 1, 3))
        votes = ops.reshape(votes, (-1, self.capsules, places * kinds, POSE))
        activations = ops.reshape(activations, (-1, 1, places * kinds))
        return self.route(votes, activations, functools.partial(ops.softmax, axis=1))

    def compute_output_shape(self, input_shape):
        """Give the shapes of poses and activations."""
        batch = input_shape[0][0]
        return (batch, self.capsules, POSE), (batch, self.capsules)

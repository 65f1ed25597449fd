"""Capsules that route by agreement."""

import math
from typing import Any

import keras
from keras import ops

from kerascnn.layers.capsules.squash import squash


@keras.saving.register_keras_serializable(package="kerascnn")
class Capsule(keras.layers.Layer):
    """Lets every capsule predict every capsule above it, and believes what many agree on.

    A child `i` votes `W_ij u_i` for the parent `j`, with a matrix of its own for each parent.
    `dynamic_routing` decides how much of the vote counts. The gradient is exact: it passes
    through all iterations.

    Args:
        capsules: Parents, at least 1.
        dim: Components of a parent, at least 1.
        iterations: Rounds of routing, at least 1; one is the plain mean of the votes.
        kernel_initializer: Initializer of the matrices; None draws them so that children of
            length 1 give sums of about length 1.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, children, child_dim)`.

    Output shape:
        `(batch, capsules, dim)`

    Raises:
        ValueError: If a count is not positive, or the children are not vectors of known size.

    Example:
        >>> Capsule(10, 16)(keras.Input((1152, 8))).shape
        (None, 10, 16)

    Reference:
        https://arxiv.org/abs/1710.09829
    """

    def __init__(
        self,
        capsules: int,
        dim: int,
        *,
        iterations: int = 3,
        kernel_initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(capsules, dim, iterations) < 1:
            raise ValueError(
                f"Counts must be positive. Received: capsules={capsules}, dim={dim}, "
                f"iterations={iterations}"
            )
        self.capsules = capsules
        self.dim = dim
        self.iterations = iterations
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def build(self, input_shape):
        """Create one matrix for each child and parent."""
        if len(input_shape) != 3 or None in input_shape[1:]:
            raise ValueError(
                "Capsules take (batch, children, child_dim) of known size. "
                f"Received: input_shape={tuple(input_shape)}"
            )
        _, children, child_dim = input_shape
        deviation = self.capsules / math.sqrt(children * self.dim)
        self.kernel = self.add_weight(
            name="kernel",
            shape=(children, child_dim, self.capsules * self.dim),
            initializer=self.kernel_initializer or keras.initializers.RandomNormal(0.0, deviation),
        )
        self.built = True

    def call(self, inputs):
        """Vote and route."""
        children = self.kernel.shape[0]
        votes = ops.matmul(ops.transpose(inputs, (1, 0, 2)), self.kernel)
        votes = ops.reshape(votes, (children, -1, self.capsules, self.dim))
        votes = ops.transpose(votes, (1, 2, 0, 3))  # (batch, capsules, children, dim)
        return dynamic_routing(votes, self.iterations)[0]

    def compute_output_shape(self, input_shape):
        """Give the shape of the parents."""
        return (input_shape[0], self.capsules, self.dim)

    def get_config(self):
        """Describe the arguments."""
        own = {"capsules": self.capsules, "dim": self.dim, "iterations": self.iterations}
        own["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own}


def dynamic_routing(votes, iterations: int = 3):
    """Find what the votes agree on: each round, a vote counts by its scalar products so far.

    The first round gives a child's votes equal weights; later ones the softmax over the parents
    of the products of its votes with the parents' earlier outputs, summed over the rounds.

    Args:
        votes: `(batch, parents, children, dim)`.
        iterations: Rounds, at least 1.

    Returns:
        The parents, `(batch, parents, dim)`, each at most of length 1, and the coupling
        coefficients of the last round, `(batch, parents, children)`, which sum to 1 over the
        parents.

    Example:
        >>> parents, couplings = dynamic_routing(keras.ops.ones((1, 2, 5, 4)), iterations=1)
        >>> couplings[0, :, 0].numpy()
        array([0.5, 0.5], dtype=float32)

    Reference:
        https://arxiv.org/abs/1710.09829, procedure 1
    """
    parents = votes.shape[1]
    wide = keras.backend.result_type(votes.dtype, "float32")
    couplings = ops.full_like(votes[..., 0], 1.0 / parents)
    outputs = squash(ops.sum(votes, axis=2) / parents)
    # Products are linear: those with the sum of the outputs are the sum of the products.
    total = outputs
    for _ in range(iterations - 1):
        agreement = ops.squeeze(ops.matmul(votes, ops.expand_dims(total, axis=-1)), axis=-1)
        couplings = ops.cast(ops.softmax(ops.cast(agreement, wide), axis=1), votes.dtype)
        weighted = ops.squeeze(ops.matmul(ops.expand_dims(couplings, axis=2), votes), axis=2)
        outputs = squash(weighted)
        total = total + outputs
    return outputs, couplings

"""What capsules with pose matrices share, whether they move over the image or not."""

from typing import Any

import keras
from keras import layers, ops

from kerascnn.layers.capsules.em_routing import em_routing

_OPTIONS = ("capsules", "iterations", "inverse_temperature", "epsilon")
POSE = 16  # numbers in a pose, a 4x4 matrix in rows


class MatrixCapsule(layers.Layer):
    """Holds the matrices and the costs of parents that route by expectation maximisation.

    Args:
        capsules: Kinds of parents, at least 1.
        iterations: Rounds of routing, at least 1.
        inverse_temperature: Steepness of the activations, above 0.
        epsilon: What is added to the variances of the votes, above 0.
        kernel_initializer: Initializer of the matrices; None for one that keeps the variance.
        **kwargs: `name`, `dtype` and the like.
    """

    def __init__(
        self,
        capsules: int,
        *,
        iterations: int = 3,
        inverse_temperature: float = 0.01,
        epsilon: float = 1e-4,
        kernel_initializer: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(capsules, iterations) < 1:
            raise ValueError(
                f"Counts must be positive. Received: capsules={capsules}, iterations={iterations}"
            )
        if min(inverse_temperature, epsilon) <= 0:
            raise ValueError(
                "Temperature and epsilon must be above 0. "
                f"Received: inverse_temperature={inverse_temperature}, epsilon={epsilon}"
            )
        self.capsules = capsules
        self.iterations = iterations
        self.inverse_temperature = inverse_temperature
        self.epsilon = epsilon
        self.kernel_initializer = keras.initializers.get(kernel_initializer)

    def add_matrices(self, children: int) -> None:
        """Create a matrix for each of the children and each parent, and the two costs."""
        self.kernel = self.add_weight(
            name="kernel",
            shape=(children, 4, self.capsules * 4),
            initializer=self.kernel_initializer or keras.initializers.RandomNormal(0.0, 0.5),
        )
        self.beta_u = self.add_weight(name="beta_u", shape=(self.capsules,), initializer="zeros")
        self.beta_a = self.add_weight(name="beta_a", shape=(self.capsules,), initializer="zeros")

    def vote(self, poses):
        """Multiply poses `(rows, children, 16)` to votes `(rows, parents, children, 16)`."""
        children = self.kernel.shape[0]
        rows = ops.transpose(ops.reshape(poses, (-1, children, 4, 4)), (1, 0, 2, 3))
        votes = ops.matmul(ops.reshape(rows, (children, -1, 4)), self.kernel)
        votes = ops.reshape(votes, (children, -1, 4, self.capsules, 4))
        votes = ops.transpose(votes, (1, 3, 0, 2, 4))
        return ops.reshape(votes, (-1, self.capsules, children, POSE))

    def route(self, votes, activations, couple, first=None):
        """Route in float32 or wider; see `em_routing`."""
        wide = keras.backend.result_type(votes.dtype, "float32")
        values = (votes, activations, self.beta_u, self.beta_a)
        first = None if first is None else ops.cast(first, wide)
        means, activations, _ = em_routing(
            *(ops.cast(value, wide) for value in values),
            couple,
            first=first,
            iterations=self.iterations,
            inverse_temperature=self.inverse_temperature,
            epsilon=self.epsilon,
        )
        return ops.cast(means, votes.dtype), ops.cast(activations, votes.dtype)

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["kernel_initializer"] = keras.initializers.serialize(self.kernel_initializer)
        return {**super().get_config(), **own}


def check_shapes(shapes: Any) -> tuple[int, int, int]:
    """Give height, width and kinds of `[poses, activations]`, or say what is wrong."""
    shapes = [tuple(shape) for shape in shapes if isinstance(shape, list | tuple)]
    if (
        len(shapes) != 2
        or len(shapes[0]) != 5
        or shapes[0] != (*shapes[1], POSE)
        or None in shapes[0][1:]
    ):
        raise ValueError(
            "Matrix capsules take [poses, activations] with shapes (batch, height, width, kinds, "
            f"16) and (batch, height, width, kinds), of known size. Received: shapes={shapes}"
        )
    return shapes[1][1:]

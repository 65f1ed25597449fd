"""Random numbers of a train step: other ones on each replica, resumed with the weights."""

import keras
from keras import ops

from kerascnn.replicas import own_seed


class Noise(keras.layers.Layer):
    """Draws numbers, and saves the state of the generator with its weights.

    Args:
        seed: Seed; None for a different one each time.
    """

    def __init__(self, seed: int | None = None) -> None:
        super().__init__(name="noise", dtype="float32")
        self.seed_generator = _ReplicaSeed(seed)
        self.built = True

    def normal(self, shape):
        """Draw standard normal numbers of this shape, in float32."""
        return keras.random.normal(shape, dtype="float32", seed=self.seed_generator)

    def uniform(self, shape):
        """Draw numbers in [0, 1) of this shape, in float32."""
        return keras.random.uniform(shape, dtype="float32", seed=self.seed_generator)

    def save_own_variables(self, store):
        """Save where the sequence stands."""
        store["state"] = ops.convert_to_numpy(self.seed_generator.state)

    def load_own_variables(self, store):
        """Go on where the sequence stood."""
        self.seed_generator.state.assign(store["state"][()])


class _ReplicaSeed(keras.random.SeedGenerator):
    """Keras gives all replicas of tf.distribute the same numbers; this one never does."""

    def next(self, ordered=True):
        return own_seed(super().next(ordered))

"""Where a GAN that grows stands."""

import keras
import numpy as np
from keras import ops


class Growth(keras.layers.Layer):
    """Counts steps and tells the stage that they belong to; saved with the model.

    Args:
        phase_steps: Steps in which a stage fades in, and as many in which it stays.
        last: Number of the last stage.
    """

    def __init__(self, phase_steps: int, last: int) -> None:
        super().__init__(name="growth")
        self.phase_steps = phase_steps
        self.last = last
        self.steps = self.add_weight(
            shape=(), dtype="int64", initializer="zeros", trainable=False, name="steps"
        )
        self.built = True

    def stage(self) -> int:
        """Give the stage that the next step belongs to."""
        phase = int(np.asarray(self.steps)) // self.phase_steps
        return min((phase + 1) // 2, self.last)

    def alpha(self, stage: int):
        """Give how far this stage is faded in, from 0 to 1."""
        done = ops.cast(self.steps, "float32") / self.phase_steps
        return ops.clip(done - (2 * stage - 1), 0.0, 1.0)

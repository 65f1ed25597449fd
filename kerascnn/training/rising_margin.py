"""Training whose loss becomes stricter from epoch to epoch."""

from functools import cached_property
from typing import ClassVar

import keras

from kerascnn.losses import Spread


@keras.saving.register_keras_serializable(package="kerascnn")
class RisingMargin(keras.Model):
    """A functional model for whose spread loss `fit` raises the margin.

    It rises linearly from 0.2 in the first epoch to 0.9 in the last one. A wide margin from the
    start would leave capsules dead. Another loss than `Spread` stays as it is.

    Args:
        inputs: Inputs of the graph, as of every functional model.
        outputs: Its outputs.
        name: Name of the model.

    Example:
        >>> model = RisingMargin(image, activations)
        >>> model.compile("adam", model.default_loss, metrics=["accuracy"])
        >>> model.fit(images, labels, epochs=10)

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb, section 4
    """

    margins: ClassVar[tuple[float, float]] = (0.2, 0.9)

    @cached_property
    def default_loss(self) -> Spread:
        """The spread loss with the first margin."""
        return Spread(margin=self.margins[0])

    def fit(self, *args, callbacks=None, **kwargs):
        """Fit as every Keras model, and raise the margin before each epoch."""
        given = callbacks if isinstance(callbacks, list | tuple) else [callbacks] * bool(callbacks)
        return super().fit(*args, callbacks=[_Raise(self.margins), *given], **kwargs)


class _Raise(keras.callbacks.Callback):
    def __init__(self, margins):
        super().__init__()
        self.margins = margins

    def on_epoch_begin(self, epoch, logs=None):
        if isinstance(self.model.loss, Spread):
            low, high = self.margins
            share = epoch / max(self.params["epochs"] - 1, 1)
            self.model.loss.margin.assign(low + (high - low) * share)

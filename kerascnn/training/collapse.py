"""Stops a generator that draws always the same, or nothing that is a number."""

from __future__ import annotations

from typing import Any

import keras
import numpy as np

from kerascnn.training.labelled_players import with_labels
from kerascnn.training.noise import Noise

_IMAGES = 64


class StopOnCollapse(keras.callbacks.Callback):
    """Stop the training of a `GAN` whose images have become alike, or are not finite.

    After each epoch the same latent variables are drawn, and how much the images differ, as the
    mean standard deviation of a pixel, is compared with the most that it was. Modes that are lost
    while the others stay are not seen by this; `cover` and `entropy` of the scores tell.

    Args:
        share: Share of the largest deviation below which images are alike, in (0, 1).
        patience: Epochs in a row that they may be alike, at least 1.

    Raises:
        ValueError: If an argument is out of range; at the end of an epoch when training fails.

    Example:
        >>> gan.fit(images, callbacks=[StopOnCollapse()])
    """

    def __init__(self, *, share: float = 0.05, patience: int = 3) -> None:
        super().__init__()
        if not 0 < share < 1 or patience < 1:
            raise ValueError(
                "The share must lie in (0, 1), patience be at least 1. "
                f"Received: share={share}, patience={patience}"
            )
        self.share = share
        self.patience = patience

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Draw the latent variables."""
        generator = self.model.generator
        named = generator.input if isinstance(generator.input, dict) else {}
        labels = np.arange(_IMAGES) % (named["label"].shape[-1] if "label" in named else 1)
        self.inputs = with_labels(generator, self.model.latents(_IMAGES, Noise(0)), labels)
        self.most, self.alike = 0.0, 0

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Compare the images with each other."""
        images = np.asarray(self.model.preview(self.inputs), np.float32)
        if not np.isfinite(images).all():
            raise ValueError(
                "Generated images must be finite; lower the learning rate. "
                f"Received: images that are not, in epoch {epoch + 1}"
            )
        deviation = float(np.mean(np.std(images, axis=0)))
        self.most = max(self.most, deviation)
        self.alike = self.alike + 1 if deviation < self.share * self.most else 0
        if self.alike >= self.patience:
            raise ValueError(
                "The generator draws always the same (mode collapse): lower the learning rate, or "
                "that of the discriminator, or begin with another seed. Received: a deviation of "
                f"{deviation:.2g} between images in epoch {epoch + 1}, {self.most:.2g} before"
            )

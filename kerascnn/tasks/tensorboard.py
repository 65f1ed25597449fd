"""What TensorBoard shows of a run."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from PIL import Image


class TensorBoard(keras.callbacks.TensorBoard):
    """Write losses, metrics and the pictures of samples for TensorBoard.

    Args:
        folder: The run folder; the logs go to `tensorboard` in it.

    Raises:
        ModuleNotFoundError: If the package tensorboard is not installed.
    """

    def __init__(self, folder: Path) -> None:
        if importlib.util.find_spec("tensorboard") is None:
            raise ModuleNotFoundError(
                "The logs of TensorBoard need the package tensorboard; install it with "
                "`pip install 'kerascnn[tensorboard]'`, or train without them."
            )
        super().__init__(str(folder / "tensorboard"), write_graph=False)
        self.samples = folder / "samples"

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the numbers of the epoch, and its picture if there is one."""
        super().on_epoch_end(epoch, logs)
        path = self.samples / f"epoch_{epoch + 1:04}.png"
        if path.exists():
            with Image.open(path) as picture, self._train_writer.as_default():
                tf.summary.image("samples", np.asarray(picture.convert("RGB"))[None], step=epoch)

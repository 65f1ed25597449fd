"""Keeps the last whole epoch, come what may."""

from __future__ import annotations

import contextlib
import errno
import shutil
import signal
import threading
import warnings
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import keras
import numpy as np

_FILE = "latest.weights.h5"


class Backup(keras.callbacks.BackupAndRestore):
    """Keep weights and optimizer states of the last whole epoch, and start from them.

    Ctrl-C waits while they are written. A run that is interrupted before its first epoch ends can
    be resumed, too, since the state before it is kept.

    Args:
        folder: Where to keep them; a state that it holds is restored when training begins.
    """

    def __init__(self, folder: Path) -> None:
        super().__init__(str(folder), double_checkpoint=True, delete_checkpoint=False)

    def on_train_begin(self, logs: dict[str, Any] | None = None) -> None:
        """Restore the state, or keep the one before the first epoch.

        Raises:
            ValueError: If the state is not of this model.
        """
        try:
            with warnings.catch_warnings():
                # Keras only warns where it finds no state for a part of the model.
                warnings.simplefilter("error", UserWarning)
                super().on_train_begin(logs)
        except (KeyError, OSError, UserWarning, ValueError) as error:
            raise ValueError(
                "A run goes on with the model that it began with, built with the same arguments. "
                f"Received: a backup in {self.backup_dir} that does not fit {self.model.name}"
            ) from error
        if not holds_backup(Path(self.backup_dir)):
            self.on_epoch_end(-1)

    def on_epoch_end(self, epoch: int, logs: dict[str, Any] | None = None) -> None:
        """Write the state, whole even if Ctrl-C comes meanwhile.

        Raises:
            OSError: If the disk is full; the state before it is kept.
        """
        self._check_space()
        with _interrupts_waiting():
            super().on_epoch_end(epoch, logs)

    def _check_space(self) -> None:
        """Refuse to begin what can't be ended: a failing write of HDF5 ends the process."""
        folder = Path(self.backup_dir)
        needed = sum(int(np.prod(one.shape)) * 4 for one in self.model.variables)
        needed = max(needed, *(file.stat().st_size for file in folder.glob("*.h5")), 0)
        free = shutil.disk_usage(folder if folder.exists() else folder.parent).free
        if free < needed:
            raise OSError(
                errno.ENOSPC,
                f"The disk is full, with {free:,} bytes left of {needed:,} that the state takes. "
                "Make room, and go on with the last whole epoch by resuming",
                str(folder),
            )


def holds_backup(folder: Path) -> bool:
    """Tell whether a folder holds a state to restore."""
    return (folder / _FILE).is_file()


@contextlib.contextmanager
def _interrupts_waiting() -> Iterator[None]:
    """Hold Ctrl-C back until the block ends. Signals reach the main thread only."""
    previous = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(previous):
        yield
        return
    held: list[tuple[int, FrameType | None]] = []
    signal.signal(signal.SIGINT, lambda *arguments: held.append(arguments))
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, previous)
    if held:
        previous(*held[0])

"""Loads TensorFlow without the lines that it prints wherever there is no GPU."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager


def load_tensorflow() -> None:
    """Import TensorFlow and find its devices with the process's error stream held back.

    Its C++ part writes there before any of its settings can stop it. What fails raises as ever.

    Raises:
        ModuleNotFoundError: If keras or tensorflow is not installed.
        ImportError: If the process is set up for another Keras or another backend.
    """
    from kerascnn.backend import require_tensorflow_backend

    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    with _error_stream_held_back():
        require_tensorflow_backend()
        import tensorflow as tf

        tf.config.list_physical_devices()


@contextmanager
def _error_stream_held_back() -> Iterator[None]:
    kept, nowhere = os.dup(2), os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(kept, 2)
        os.close(kept)
        os.close(nowhere)

"""Videos, and the cameras of a computer, through OpenCV."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime.tensors import Array
from .reading import WAKING, Reader, numbered

INSTALL = "pip install opencv-python-headless"


def read_video(path: Path) -> Reader:
    """Give the pictures of a video file.

    Raises:
        ImportError: If OpenCV isn't installed.
        ValueError: If OpenCV can't read the file.
    """
    try:
        cv2 = import_module("cv2")
    except ImportError as error:
        raise ImportError(f"A video needs OpenCV. Install it with: {INSTALL}") from error
    yield from _captured(
        cv2.VideoCapture(str(path)), path.stem, f"OpenCV must be able to read a video: {path}"
    )


def read_webcam(cv2: Any, index: int) -> Reader:
    """Give the pictures of a camera.

    Raises:
        ValueError: If there is no such camera, or another program uses it.
    """
    capture = cv2.VideoCapture(index)
    # A queue would show a slow model the past.
    capture.set(cv2.CAP_PROP_BUFFERSIZE, 1)
    for _ in range(WAKING):
        capture.grab()
    yield from _captured(capture, "camera", f"A camera must be attached and free: {index}")


def _captured(capture: Any, stem: str, rule: str) -> Reader:
    number = 0
    try:
        while capture.isOpened() and capture.grab():
            yield numbered(stem, number), _decoder(capture, rule)
            number += 1
    finally:
        capture.release()
    if not number:
        raise ValueError(f"{rule}. Received: no picture")


def _decoder(capture: Any, rule: str) -> Callable[[], Array]:
    def decode() -> Array:
        good, pixels = capture.retrieve()
        if not good:
            raise ValueError(f"{rule}. Received: a damaged picture")
        # OpenCV's colours are blue, green, red.
        return np.ascontiguousarray(pixels[..., ::-1])

    return decode

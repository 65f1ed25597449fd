"""The camera of a Raspberry Pi, or else of any computer."""

from __future__ import annotations

from functools import partial
from importlib import import_module
from typing import Any

import numpy as np

from . import opencv
from .reading import WAKING, Reader, numbered

_SIZE = (640, 480)  # pixels, width first; models take less
_INSTALL = (
    "Install picamera2 on a Raspberry Pi (sudo apt install python3-picamera2, and make the "
    f"environment with --system-site-packages), or OpenCV elsewhere ({opencv.INSTALL})"
)


def read_camera(index: int) -> Reader:
    """Give the pictures of a camera until the caller stops.

    Args:
        index: Which camera, from 0.

    Raises:
        ImportError: If neither picamera2 nor OpenCV is installed, or it doesn't fit NumPy.
        ValueError: If there is no such camera, or another program uses it.
    """
    problems = []
    for module, reader in (("picamera2", _read_picamera), ("cv2", opencv.read_webcam)):
        try:
            found = import_module(module)
        except ImportError as error:
            problems.append(str(error))
        except ValueError as error:  # its compiled parts were made for another NumPy
            raise ImportError(
                f"{module} must fit the NumPy of this environment; that of Debian 12 needs: "
                f'pip install "numpy<2". Received: {error}'
            ) from error
        else:
            yield from reader(found, index)
            return
    raise ImportError(f"A camera needs a library. {_INSTALL}. Received: {'; '.join(problems)}")


def _read_picamera(picamera2: Any, index: int) -> Reader:
    rule = f"A camera must be attached and free: {index}"
    try:
        camera = picamera2.Picamera2(index)
    except (IndexError, RuntimeError) as error:
        raise ValueError(f"{rule}. Received: {error}") from error
    try:
        # libcamera names the bytes from the last to the first, so this is red, green, blue.
        main = {"size": _SIZE, "format": "BGR888"}
        camera.configure(camera.create_video_configuration(main=main))
        camera.start()
        for _ in range(WAKING):
            camera.capture_array("main")
        number = 0
        while True:
            pixels = camera.capture_array("main")
            yield numbered("camera", number), partial(np.ascontiguousarray, pixels)
            number += 1
    except RuntimeError as error:
        raise ValueError(f"{rule}. Received: {error}") from error
    finally:
        camera.close()

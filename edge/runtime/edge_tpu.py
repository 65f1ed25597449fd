"""The library through which a runtime reaches Coral's Edge TPU."""

from __future__ import annotations

import ctypes
import platform
from typing import Any

from ..errors import ModelError

LIBRARIES = {
    "Linux": "libedgetpu.so.1",
    "Darwin": "libedgetpu.1.dylib",
    "Windows": "edgetpu.dll",
}
# The vendor's own builds end in 2021 and crash today's runtimes: google-coral/edgetpu#812.
_INSTALL = (
    "Install the Edge TPU runtime (package libedgetpu1-std for this system, from "
    "https://github.com/feranick/libedgetpu/releases) and plug the accelerator in."
)


def library() -> str:
    """Give the name that the library has on this system."""
    return LIBRARIES.get(platform.system(), LIBRARIES["Linux"])


def library_problem() -> str:
    """Say what is wrong with the library and what to install; nothing if it is there."""
    # Asked before the runtime does, whose failure prints a traceback from a destructor.
    try:
        found = ctypes.CDLL(library())
    except OSError as error:
        return f"{_INSTALL} Received: {error}"
    if not hasattr(found, "tflite_plugin_create_delegate"):
        return f"{_INSTALL} Received: {library()} is another library"
    return ""


def load_edge_tpu(module: Any) -> Any:
    """Load the delegate of the Edge TPU.

    Args:
        module: The module of the runtime, which has `load_delegate`.

    Returns:
        The delegate, for the runtime's `Interpreter`.

    Raises:
        ModelError: If the library or the device is missing.
    """
    problem = library_problem()
    if problem:
        raise ModelError(f"A model for the Edge TPU needs its library. {problem}")
    try:
        return module.load_delegate(library())
    except (ValueError, OSError, AttributeError) as error:
        raise ModelError(
            f"An Edge TPU must be plugged in and free. Received: {library()} says: {error}"
        ) from error

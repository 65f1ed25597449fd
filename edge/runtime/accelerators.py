"""The libraries through which a runtime reaches an accelerator: an Edge TPU or a GPU."""

from __future__ import annotations

import ctypes
import platform
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from ..errors import ModelError
from .trial import failure_of

_ENTRIES = ("tflite_plugin_create_delegate", "tflite_plugin_destroy_delegate")


@dataclass(frozen=True)
class Accelerator:
    """What computes in place of the CPU, through a library with TFLite's plugin functions.

    The system's loader finds the library: where its package puts it, or in `LD_LIBRARY_PATH`.

    Args:
        name: Name of the device in messages.
        libraries: File name of the library by operating system.
        install: How to get the library.
        present: What must be true of the device.
    """

    name: str
    libraries: Mapping[str, str]
    install: str
    present: str

    @property
    def library(self) -> str:
        """The name that the library has on this system."""
        return self.libraries.get(platform.system(), self.libraries["Linux"])

    def problem(self) -> str:
        """Say what is wrong with the library and what to do; nothing if it can be used."""
        # Asked before the runtime does, whose failure prints a traceback from a destructor.
        try:
            found = ctypes.CDLL(self.library)
        except OSError as error:
            missing = self.library in str(error) and "o such file" in str(error)
            built = "It must be built for this processor and system, with the libraries it needs."
            return f"{self.install if missing else built} Received: {error}"
        absent = [entry for entry in _ENTRIES if not hasattr(found, entry)]
        if absent:
            return f"{self.install} Received: {self.library} is another library, without {absent}"
        return ""

    def delegate(self, interpreter: Any, runtime: str, content: bytes) -> Any:
        """Load the delegate after a trial of the model in a process of its own.

        Args:
            interpreter: The class `Interpreter` of the runtime.
            runtime: Its name and version.
            content: The model file.

        Returns:
            The delegate, for the interpreter's constructor.

        Raises:
            ModelError: If the library or the device is missing, or doesn't fit the runtime.
        """
        problem = self.problem()
        if problem:
            raise ModelError(f"The {self.name} is reached through its library. {problem}")
        # TensorFlow exports `load_delegate` elsewhere than its `Interpreter`, but defines it there.
        module = interpreter.__module__
        failure = failure_of(module, self.library, content)
        if failure:
            raise ModelError(
                f"The library of the {self.name} must be built for the runtime; install releases "
                f"that fit each other. Received: {self.library} {failure} in {runtime}"
            )
        try:
            return import_module(module).load_delegate(self.library)
        except (ValueError, OSError) as error:
            raise ModelError(f"{self.present} Received: {self.library} says: {error}") from error

    def check(self, interpreter: Any) -> None:
        """Make sure that the delegate took operators, so that nothing runs on the CPU unasked.

        Args:
            interpreter: An interpreter with the delegate, before its tensors are allocated, when
                the runtime adds the CPU's own delegate.

        Raises:
            ModelError: If it took none.
        """
        operators = interpreter._get_ops_details()
        if all(operator["op_name"] != "DELEGATE" for operator in operators):
            names = sorted({operator["op_name"] for operator in operators})
            raise ModelError(
                f"The {self.name} must run a part of the model. Received: {self.library} takes "
                f"none of its operators: {', '.join(names)}"
            )


ACCELERATORS = {
    "coral": Accelerator(
        "Edge TPU",
        {
            "Linux": "libedgetpu.so.1",
            "Darwin": "libedgetpu.1.dylib",
            "Windows": "edgetpu.dll",
        },
        # The vendor's own builds end in 2021 and crash today's runtimes: google-coral/edgetpu#812.
        "Install the Edge TPU runtime (package libedgetpu1-std for this system, from "
        "https://github.com/feranick/libedgetpu/releases) and plug the accelerator in.",
        "An Edge TPU must be plugged in and free.",
    ),
    "gpu": Accelerator(
        "GPU",
        {"Linux": "libtensorflowlite_gpu_delegate.so"},
        "Build the GPU delegate (target libtensorflowlite_gpu_delegate.so in "
        "tensorflow/lite/delegates/gpu) and put it on LD_LIBRARY_PATH.",
        "The system must have a GPU with a driver for OpenCL or OpenGL ES.",
    ),
}

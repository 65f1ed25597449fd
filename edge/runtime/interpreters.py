"""Which interpreters and delegates this machine has, and the interpreter for a model.

Only the `Interpreter` is used: LiteRT's newer `CompiledModel` dies on the processors of the
Raspberry Pi 3 and 4, whatever the model.
"""

from __future__ import annotations

import sys
import warnings
from dataclasses import dataclass
from importlib import import_module
from typing import Any

import numpy as np

from ..errors import ModelError
from .accelerators import ACCELERATORS

# Module of the interpreter -> distribution, best first.
_RUNTIMES = {
    "ai_edge_litert.interpreter": "ai-edge-litert",
    "tflite_runtime.interpreter": "tflite-runtime",
    "tensorflow": "tensorflow",
}
_INSTALL = 'Install one with: pip install "kerascnn[edge]".'


@dataclass(frozen=True)
class Runtime:
    """An interpreter, or a library that an interpreter loads.

    Args:
        name: Package of the interpreter, or name of the accelerator.
        version: Its version, or the library's file name; empty when not installed.
        usable: Whether models run with it here.
        problem: What is wrong and what to install; empty when usable.
    """

    name: str
    version: str
    usable: bool
    problem: str = ""


def runtimes() -> list[Runtime]:
    """List the interpreters, the preferred one first; nothing but LiteRT itself is imported."""
    return [_probe(module, package) for module, package in _RUNTIMES.items()]


def delegates() -> list[Runtime]:
    """List the accelerators whose library is found or missing."""
    found = []
    for accelerator in ACCELERATORS.values():
        problem = accelerator.problem()
        version = "" if problem else accelerator.library
        found.append(Runtime(accelerator.name, version, not problem, problem))
    return found


def make_interpreter(content: bytes, *, device: str, threads: int | None) -> tuple[Any, str]:
    """Create the interpreter of a model with its tensors allocated.

    Args:
        content: A checked model file.
        device: `"cpu"` or the name of an accelerator.
        threads: Number of threads; the runtime's own choice when None.

    Returns:
        The interpreter, and the name and version of its runtime.

    Raises:
        ModelError: If there is no runtime or accelerator, or it refuses the model.
    """
    found = runtimes()
    runtime = next((runtime for runtime in found if runtime.usable), None)
    if runtime is None:
        problems = " ".join(f"{runtime.name}: {runtime.problem}" for runtime in found)
        raise ModelError(f"A model needs a LiteRT runtime. {_INSTALL} Received: {problems}")
    options: dict[str, Any] = {"model_content": content, "num_threads": threads}
    name = f"{runtime.name.replace('-', '_')} {runtime.version}"
    accelerator = ACCELERATORS.get(device)
    try:
        with warnings.catch_warnings():
            # TensorFlow's copy of the interpreter says that it will go away.
            warnings.simplefilter("ignore")
            make = _module(runtime.name).Interpreter
            if accelerator is not None:
                options["experimental_delegates"] = [accelerator.delegate(make, name, content)]
            interpreter = make(**options)
            if accelerator is not None:
                accelerator.check(interpreter)
            interpreter.allocate_tensors()
    except ModelError:
        raise
    except (ValueError, RuntimeError, TypeError, MemoryError, SystemError, OSError) as error:
        user = accelerator.name if accelerator else "runtime"
        raise ModelError(
            f"The {user} must support every operator of the model that it takes. "
            f"Received: {name} refuses it: {error}"
        ) from error
    return interpreter, name


def _module(package: str) -> Any:
    if package == "tensorflow":
        return import_module("tensorflow").lite
    return import_module(package.replace("-", "_") + ".interpreter")


def _probe(module: str, package: str) -> Runtime:
    from importlib import metadata, util  # as slow to import as all the rest

    try:
        if util.find_spec(module.partition(".")[0]) is None:
            raise ImportError(f"no module {module}")
        if package == "ai-edge-litert":
            import_module(module)
    except (ImportError, ValueError) as error:
        return Runtime(package, "", False, f"not installed ({error})")
    try:
        version = metadata.version(package)
    except metadata.PackageNotFoundError:  # as in tensorflow-cpu
        version = "of unknown version"
    problem = _conflict() if package == "tflite-runtime" else ""
    return Runtime(package, version, not problem, problem)


def _conflict() -> str:
    """What keeps tflite-runtime from working in this process although it is installed."""
    if int(np.__version__.partition(".")[0]) >= 2:
        return (
            "its wheels need NumPy 1, and crash with NumPy "
            f'{np.__version__}: pip install "numpy<2", or use ai-edge-litert'
        )
    if "tensorflow" in sys.modules:
        return "it fails in a process that has imported tensorflow; start another one"
    return ""

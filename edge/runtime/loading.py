"""From a model file to a model that can be called."""

from __future__ import annotations

from collections.abc import Sequence
from os import PathLike
from pathlib import Path
from typing import Any

from ..description.archive import unpack
from ..errors import ModelError, naming
from ..file.structure import read_structure
from .accelerators import ACCELERATORS
from .interpreters import make_interpreter
from .model import Model

_EDGE_TPU_OPERATOR = "edgetpu-custom-op"


def load(
    path: str | PathLike[str],
    *,
    device: str | Sequence[str] = "auto",
    threads: int | None = None,
) -> Model:
    """Load a model file.

    Args:
        path: A `.tflite` file.
        device: `"cpu"`; `"coral"`, the Edge TPU; `"gpu"`, which leaves operators that it lacks to
            the CPU; or `"auto"`, the Edge TPU for files that were compiled for it and the CPU for
            all others. Several names are an order of preference: `("gpu", "cpu")` is the CPU
            where the GPU can't be used. With one name nothing falls back to anything.
        threads: Threads of the CPU kernels, at least 1; one when None.

    Returns:
        The model, ready to be called; its `device` says what runs it.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file is no model or damaged, or this machine lacks what it needs.
        ValueError: If `device` or `threads` isn't one of the above.
    """
    wanted = (device,) if isinstance(device, str) else tuple(device)
    if not wanted or not {"auto", "cpu", *ACCELERATORS}.issuperset(wanted):
        raise ValueError(
            "device must be auto, cpu, coral or gpu, or several of them. "
            f"Received: device={device!r}"
        )
    if threads is not None and (type(threads) is not int or threads < 1):
        raise ValueError(f"threads must be an int of at least 1. Received: threads={threads!r}")
    path = Path(path)
    content = path.read_bytes()
    with naming(path):
        structure = read_structure(content)
        metadata = unpack(content, structure)
        compiled = _EDGE_TPU_OPERATOR in structure.custom
        interpreter, runtime, chosen = _first(wanted, content, compiled=compiled, threads=threads)
        return Model(
            path,
            structure,
            interpreter,
            metadata=metadata,
            device=chosen,
            threads=threads or 1,
            runtime=runtime,
        )


def _first(
    wanted: Sequence[str], content: bytes, *, compiled: bool, threads: int | None
) -> tuple[Any, str, str]:
    """Give the interpreter, its runtime and its device, the first wanted that runs the model."""
    problems = []
    for name in wanted:
        try:
            device = _choose(name, compiled=compiled)
            return *make_interpreter(content, device=device, threads=threads), device
        except ModelError as error:
            problems.append(str(error))
    if len(problems) > 1:
        told = (f"{name}: {problem}" for name, problem in zip(wanted, problems, strict=True))
        problems = [f"One of the devices must run the model. {' '.join(told)}"]
    raise ModelError(problems[0])


def _choose(device: str, *, compiled: bool) -> str:
    """Decide what runs the model: never one when the other was asked for or is needed."""
    if device in ("cpu", "gpu") and compiled:
        raise ModelError(
            "A file that was compiled for the Edge TPU runs on nothing else; load the file from "
            f"before the compilation. Received: device={device!r}"
        )
    if device == "coral" and not compiled:
        raise ModelError(
            "The Edge TPU runs files that edgetpu_compiler made; compile this one first. "
            'Received: device="coral"'
        )
    if device == "auto":
        return "coral" if compiled else "cpu"
    return device

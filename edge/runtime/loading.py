"""From a model file to a model that can be called."""

from __future__ import annotations

from os import PathLike
from pathlib import Path

from ..description.archive import unpack
from ..errors import ModelError, naming
from ..file.structure import read_structure
from .interpreters import make_interpreter
from .model import Model

_EDGE_TPU_OPERATOR = "edgetpu-custom-op"


def load(path: str | PathLike[str], *, device: str = "auto", threads: int | None = None) -> Model:
    """Load a model file.

    Args:
        path: A `.tflite` file.
        device: `"cpu"`; `"coral"`, the Edge TPU; `"auto"`, the Edge TPU for files that were
            compiled for it and the CPU for all others. There is no fall back from one to the
            other.
        threads: Threads of the CPU kernels, at least 1; one when None.

    Returns:
        The model, ready to be called.

    Raises:
        FileNotFoundError: If there is no such file.
        ModelError: If the file is no model or damaged, or this machine lacks what it needs.
        ValueError: If `device` or `threads` isn't one of the above.
    """
    if device not in ("auto", "cpu", "coral"):
        raise ValueError(f"device must be auto, cpu or coral. Received: device={device!r}")
    if threads is not None and (type(threads) is not int or threads < 1):
        raise ValueError(f"threads must be an int of at least 1. Received: threads={threads!r}")
    path = Path(path)
    content = path.read_bytes()
    with naming(path):
        structure = read_structure(content)
        metadata = unpack(content, structure)
        device = _choose(device, compiled=_EDGE_TPU_OPERATOR in structure.custom)
        interpreter, runtime = make_interpreter(content, coral=device == "coral", threads=threads)
        return Model(
            path,
            structure,
            interpreter,
            metadata=metadata,
            device=device,
            threads=threads or 1,
            runtime=runtime,
        )


def _choose(device: str, *, compiled: bool) -> str:
    """Decide what runs the model: never one when the other was asked for or is needed."""
    if device == "cpu" and compiled:
        raise ModelError(
            "A file that was compiled for the Edge TPU runs on nothing else; load the file from "
            'before the compilation. Received: device="cpu"'
        )
    if device == "coral" and not compiled:
        raise ModelError(
            "The Edge TPU runs files that edgetpu_compiler made; compile this one first. "
            'Received: device="coral"'
        )
    return "coral" if compiled else "cpu"

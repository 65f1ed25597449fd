"""Which operator of a model takes how long here."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from importlib import import_module
from os import PathLike
from pathlib import Path
from typing import Any

import numpy as np

from ..errors import ModelError
from ..file.structure import read_structure
from ..runtime.interpreters import make_interpreter
from ..runtime.loading import load
from ..runtime.model import Model
from ..runtime.tensors import Array
from .benchmarking import check_clock
from .board import ROOT
from .calls import measure_calls, milliseconds, random_inputs
from .cutting import Cutter


@dataclass(frozen=True)
class OperatorTime:
    """The time that one operator takes alone.

    Args:
        index: Its place in the file.
        name: What it is, such as `"CONV_2D"`.
        output: Name of the tensor that it writes.
        shape: Shape of that tensor.
        median_ms: Half of the calls took no longer, in milliseconds.
    """

    index: int
    name: str
    output: str
    shape: tuple[int, ...]
    median_ms: float


@dataclass(frozen=True)
class Profile:
    """The time of each operator of a model, without copies in and out.

    Args:
        operators: Each operator; what unpacks constants is part of those that read them.
        sum_ms: Sum of their medians, in milliseconds.
        whole_ms: Median of the whole model, in milliseconds.
        threads: Threads of the runtime.
        runtime: Name and version of the runtime.
    """

    operators: tuple[OperatorTime, ...]
    sum_ms: float
    whole_ms: float
    threads: int
    runtime: str


def profile(
    path: str | PathLike[str],
    *,
    runs: int = 50,
    warmup: int = 5,
    threads: int | None = None,
    root: Path = ROOT,
) -> Profile:
    """Time each operator of a model alone, cut into a model of its own.

    The runtimes tell no times of operators. Cut out, an operator reads what it reads in the whole
    model, but of a cache that no other operator has used; and what a runtime fuses is apart. The
    sum and the whole say how much that matters.

    Args:
        path: A `.tflite` file for the CPU.
        runs: Number of calls of each operator to time, at least 1.
        warmup: Number of calls before, which aren't timed.
        threads: Threads of the CPU kernels, at least 1; one when None.
        root: Where the file system begins that tells of the machine.

    Raises:
        ImportError: If ai-edge-litert isn't installed, whose schema this needs.
        ModelError: If the file is no model, or one for the Edge TPU, where all is one operator.
        RuntimeError: If the processor is emulated.
        ValueError: If a number is out of range.
    """
    check_clock(root)
    model = load(path, threads=threads)
    if model.device != "cpu":
        raise ModelError(f"On the Edge TPU all is one operator: benchmark it. Received: {path}")
    content = Path(path).read_bytes()
    inputs = _inputs(content, model)

    def time_alone(part: bytes, values: Mapping[int, Array]) -> float:
        interpreter, _ = make_interpreter(part, device="cpu", threads=threads)
        _feed(interpreter, values)
        return float(
            np.median(measure_calls(interpreter.invoke, milliseconds, runs=runs, warmup=warmup))
        )

    whole = time_alone(content, inputs)
    operators = tuple(
        OperatorTime(
            cut.index, cut.name, cut.output, cut.shape, time_alone(cut.content, cut.inputs)
        )
        for cut in Cutter(content, values_of(content, inputs))
    )
    return Profile(
        operators,
        sum_ms=sum(operator.median_ms for operator in operators),
        whole_ms=whole,
        threads=model.threads,
        runtime=model.runtime,
    )


def _inputs(content: bytes, model: Model) -> dict[int, Array]:
    """Make up what the model reads, by index of its tensors."""
    places = dict(read_structure(content).inputs)
    return {places[name]: value for name, value in random_inputs(model).items()}


def values_of(content: bytes, inputs: Mapping[int, Array]) -> dict[int, Array]:
    """Give what each tensor holds behind a call, as far as the runtime has it in memory."""
    module = import_module("ai_edge_litert.interpreter")
    # A delegate keeps to itself what lies between its operators.
    interpreter = module.Interpreter(
        model_content=content,
        experimental_op_resolver_type=module.OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
        experimental_preserve_all_tensors=True,
    )
    interpreter.allocate_tensors()
    _feed(interpreter, inputs)
    interpreter.invoke()
    values = {}
    for tensor in interpreter.get_tensor_details():
        with suppress(ValueError):  # it has none, as what an optional input names
            values[tensor["index"]] = interpreter.get_tensor(tensor["index"])
    return values


def _feed(interpreter: Any, values: Mapping[int, Array]) -> None:
    for place, value in values.items():
        interpreter.set_tensor(place, value)

"""How many instructions a model takes on an emulated processor, whose times say nothing."""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from ..runtime.model import Model
from ..runtime.tensors import Array
from .board import ROOT, describe_machine
from .calls import measure_calls, random_inputs
from .emulation import emulator

COUNTER = "KERASCNN_INSTRUCTIONS"


@dataclass(frozen=True)
class InstructionCount:
    """The instructions that one call takes on an emulated processor.

    The ratio of two counts of the same processor and type of numbers tells about the ratio of
    times; a count alone, or beside one of another type, doesn't.

    Args:
        instructions: Median of all calls.
        runs: Number of calls that were counted.
        warmup: Number of calls before, which weren't.
        runtime: Name and version of the runtime.
        machine: Board or processor that is emulated.
    """

    instructions: int
    runs: int
    warmup: int
    runtime: str
    machine: str

    def to_json(self) -> str:
        """Give the numbers as JSON text."""
        return json.dumps(dataclasses.asdict(self), indent=2, ensure_ascii=False)


def count_instructions(
    model: Model, *, runs: int = 5, warmup: int = 2, root: Path = ROOT
) -> InstructionCount:
    """Count the instructions of calls of a model with one batch of random numbers.

    The emulator counts, by a plugin, into the file that the variable `KERASCNN_INSTRUCTIONS` of
    the environment names: 8 bytes in the order of this machine, written at each step.

    Args:
        model: The model, on one thread.
        runs: Number of calls to count, at least 1.
        warmup: Number of calls before, which aren't counted.
        root: Where the file system begins that tells of the machine.

    Returns:
        The instructions: of the model with the copies in and out, without reading any picture.

    Raises:
        RuntimeError: If the processor isn't emulated, or its emulator doesn't count.
        ValueError: If the model has several threads, `runs` is below 1 or `warmup` below 0.
    """
    if not emulator(root):
        raise RuntimeError("Only an emulator counts instructions: a real processor is timed.")
    if model.threads != 1:
        raise ValueError(
            f"The count holds for one thread: load(..., threads=1). Received: {model.threads}"
        )
    if COUNTER not in os.environ:
        raise RuntimeError(
            "The emulator must count: start it with a plugin that does, and name its file by "
            f"{COUNTER}; `make test-pi` builds one. Received: no {COUNTER}"
        )
    inputs = random_inputs(model)
    file = os.open(os.environ[COUNTER], os.O_RDONLY)
    try:

        def count(call: Callable[[], Any]) -> Array:
            return measure_calls(call, lambda: read_counter(file), runs=runs, warmup=warmup)

        instructions = np.median(count(lambda: model(inputs))) - np.median(count(lambda: None))
    finally:
        os.close(file)
    return InstructionCount(
        instructions=int(instructions),
        runs=runs,
        warmup=warmup,
        runtime=model.runtime,
        machine=describe_machine(root),
    )


def read_counter(file: int) -> int:
    """Read the number that the plugin keeps."""
    return int.from_bytes(os.pread(file, 8, 0), "little")

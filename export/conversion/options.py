"""Which forms a file can have, and which arguments go together."""

from __future__ import annotations

import difflib
from collections.abc import Collection
from typing import Any

from ..quantization.observers import OBSERVERS

# Element types that the float ends of each form can have.
ENDS = {
    "float32": ("float32",),
    "float16": ("float32",),
    "weights": ("float32",),
    "dynamic": ("float32",),
    "int8": ("float32", "int8", "uint8"),
    "int16": ("float32", "int16"),
}
INTEGERS = ("int8", "int16")


def check_options(quantize: str, input_output: str, observer: str) -> None:
    """Check the arguments that choose the form of a file.

    Raises:
        ValueError: If one is unknown, or they don't go together.
    """
    every_end = list(dict.fromkeys(end for ends in ENDS.values() for end in ends))
    check_choice("quantize", quantize, list(ENDS))
    check_choice("input_output", input_output, every_end)
    check_choice("observer", observer, list(OBSERVERS))
    if input_output not in ENDS[quantize]:
        forms = " or ".join(repr(form) for form, ends in ENDS.items() if input_output in ends)
        raise ValueError(
            f"Inputs and outputs of {input_output} need quantize={forms}. "
            f"Received: quantize={quantize!r}, input_output={input_output!r}"
        )


def check_calibration(
    quantize: str, calibration: Any, *, learned: bool, skip: Collection[str], correct_bias: bool
) -> None:
    """Check what depends on whether the model has learned its ranges in training.

    Raises:
        ValueError: If data is missing, or an argument is of no use for the model.
    """
    if learned and quantize != "int8":
        raise ValueError(
            "The ranges of a quantization-aware model are those of int8: pass quantize='int8', or "
            f"export the model that it was made from. Received: quantize={quantize!r}"
        )
    if quantize in INTEGERS and calibration is None and not learned:
        raise ValueError(
            f"{quantize} needs typical inputs to measure ranges on: pass calibration, such as 200 "
            "training samples. Received: calibration=None"
        )
    if (skip or correct_bias) and (quantize != "int8" or learned):
        raise ValueError(
            "skip and correct_bias are for quantize='int8' of a model that did not learn its ranges"
            " in training; quantize_aware() has a skip of its own. "
            f"Received: quantize={quantize!r}, skip={tuple(skip)}, correct_bias={correct_bias}"
        )


def check_choice(name: str, value: Any, known: Collection[str]) -> None:
    """Check that a value is one of those known; name the one that was probably meant.

    Raises:
        ValueError: If it is not.
    """
    if value not in known:
        near = difflib.get_close_matches(str(value), known, n=1)
        meant = f" Did you mean {near[0]}?" if near else ""
        raise ValueError(
            f"{name} must be one of {', '.join(known)}.{meant} Received: {name}={value!r}"
        )

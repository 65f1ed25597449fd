"""Finds the Keras layer and the way out in what a failed conversion left behind."""

from __future__ import annotations

import re
import signal
from collections.abc import Iterable
from typing import Any

import keras

from ..file.naming import layer_in
from ..remedies import remedies
from ..tree import walk

_SEARCH = (
    "find the layer by exporting keras.Model(model.inputs, model.layers[k].output) for half of the "
    "layers, and halving again where it fails"
)
# Locations look like fused["Qr:", "net_1/stem_1/Qr@__inference_call_370"].
_LOCATION = re.compile(r'"([^"@\s]+/[^"@\s]+)(?:@[^"\s]*)?"')
_COLOUR = re.compile(r"\x1b\[[0-9;]*m")
_SELECT = re.compile(r"(?:TF Select|Custom) ops: ([\w, ]+)")
_FAILED = re.compile(r"'(?:tf|tfl)\.(\w+)' op")


def explain(model: keras.Model, code: int, message: str, log: str) -> str:
    """Say in one line what failed, in which layer and what to do.

    Args:
        model: The model that was converted.
        code: Exit code of the converter, negative for the signal that ended it.
        message: The error that the converter raised, empty when it crashed.
        log: What it printed.
    """
    layers = dict(walk(model))
    text = f"{message}\n{log}"
    rolled = [path for path, layer in layers.items() if _is_rolled(layer)]
    if rolled and (code < 0 or "while" in text.lower()):
        return (
            "A recurrent layer must be unrolled to be converted: build it with unroll=True. "
            f"Received: layer {', '.join(rolled)}{_how_it_ended(code)}"
        )
    if not message:
        return (
            f"The converter ended without a result; {_SEARCH}. "
            f"Received: model {model.name}{_how_it_ended(code)}"
        )
    operators = _unique(
        name.strip() for names in _SELECT.findall(text) for name in names.split(",")
    ) or _unique(_FAILED.findall(text))
    found = _unique(layer_in(name, layers) for name in _LOCATION.findall(text))
    where = f"layer {', '.join(found)}" if found else f"model {model.name} ({_SEARCH})"
    if not operators:
        return f"The converter can't take {where}. Received: {first_line(message)}"
    return (
        "Every operation must have a TFLite builtin operator: "
        f"{'; '.join(remedies(operators))}. Received: {', '.join(operators)} in {where}"
    )


def first_line(text: str) -> str:
    """Give the first line that says something, without colours and cut to a readable length."""
    lines = [line.strip() for line in _COLOUR.sub("", text).splitlines() if line.strip()]
    if len(lines) > 1 and lines[0].startswith("Exception encountered when calling"):
        lines[0] = f"{lines[1]} ({lines[0].removesuffix('.')})"  # Keras puts the cause below
    return lines[0][:200] if lines else "no message"


def _is_rolled(layer: Any) -> bool:
    return isinstance(layer, keras.layers.RNN) and not layer.unroll


def _how_it_ended(code: int) -> str:
    return f" (the converter died of {signal.Signals(-code).name})" if code < 0 else ""


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(filter(None, names)))

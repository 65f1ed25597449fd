"""Refuses a converted file that isn't what was asked for; nothing falls back silently."""

from __future__ import annotations

from collections.abc import Callable, Collection

from .comparison import Comparison
from .conversion.options import INTEGERS
from .errors import ExportError
from .file.operators import CONVERSIONS, Operator
from .inspection import Inspection
from .remedies import remedies

# Files that should equal Keras, and what may keep them from it.
_CAUSES = {
    "float32": "make the model deterministic, with noise as an input",
    "float16": "make the model deterministic, and keep float32 for weights beyond 65504",
}
# Signal over error, in dB, below which a file is no longer what was asked for.
_LEAST_DB = {
    "float32": 60.0,
    "float16": 30.0,
    "weights": 20.0,
    "dynamic": 10.0,
    "int8": 10.0,
    "int16": 20.0,
}
_NEGLIGIBLE = 1e-5
_STATE = frozenset({"VAR_HANDLE", "READ_VARIABLE", "ASSIGN_VARIABLE", "CALL_ONCE"})


def check_file(
    found: Inspection,
    *,
    quantize: str,
    input_output: str,
    allow: Collection[str],
    floating: Collection[str] = (),
    calibrated: bool = True,
) -> None:
    """Check the operators and the ends of a file.

    Args:
        found: What is in the file.
        quantize: The quantization that was asked for.
        input_output: The element type that was asked for the float inputs and outputs.
        allow: Names of operators that may stay whatever they are.
        floating: Paths of the layers that the caller wants in float.
        calibrated: Whether there was data to measure ranges on.

    Raises:
        ExportError: If an operator needs more than a TFLite runtime, keeps state between runs, or
            computes in floating point in a file of integers; or an end has another type.
    """
    _refuse("Every operator must be a TFLite builtin", _is_custom, found.nodes, allow)
    _refuse("A file must keep no state between runs", _keeps_state, found.nodes, allow)
    if quantize not in INTEGERS:
        return
    rule = f"An {quantize} file must compute in integers"
    if not calibrated:
        rule += ", which calibration= gives to what has learned no range"
    _refuse(rule, _is_float_island, found.nodes, allow, floating)
    for end in (*found.inputs, *found.outputs):
        if end.floating and input_output != "float32":
            raise ExportError(
                f"Every float input and output must become {input_output}. "
                f"Received: {end.name!r} of type {end.dtype}"
            )


def check_parity(comparison: Comparison | None, quantize: str) -> tuple[str, ...]:
    """Check that a file answers as Keras does.

    Args:
        comparison: The measured differences; None when nothing was measured.
        quantize: The quantization that was asked for.

    Returns:
        Notes on outputs that lost much to the quantization.

    Raises:
        ExportError: If an output isn't finite where Keras's is, or a file that should equal Keras
            doesn't.
    """
    notes = []
    for output in comparison.outputs if comparison else ():
        if not output.finite:
            raise ExportError(
                "The file must give finite numbers where Keras does: look for overflow or a "
                f"division by zero, or keep quantize='float32'. Received: output {output.name!r}"
            )
        if output.sqnr_db >= _LEAST_DB[quantize] or output.max_abs < _NEGLIGIBLE:
            continue
        if quantize in _CAUSES:
            raise ExportError(
                f"The file must equal Keras: {_CAUSES[quantize]}. "
                f"Received: output {output.name!r} differs by up to {output.max_abs:.3g}"
            )
        notes.append(
            f"Output {output.name!r} lost much to the quantization ({output.sqnr_db:.1f} dB): "
            "see report.worst() for the layers, and calibrate on more, more typical samples."
        )
    return tuple(notes)


def _refuse(
    rule: str,
    breaks: Callable[[Operator], bool],
    nodes: tuple[Operator, ...],
    allow: Collection[str],
    floating: Collection[str] = (),
) -> None:
    bad: dict[str, list[str]] = {}
    last = ""  # the layer of the operator before, for one whose own is not known
    for node in nodes:
        layer = node.layer or f"what follows {last or 'the input'}"
        last = node.layer or last
        asked = not set(last.split(" + ")).isdisjoint(floating)
        if breaks(node) and node.name not in allow and not asked:
            bad.setdefault(node.name, []).append(layer)
    if bad:
        where = "; ".join(
            f"{name} in {', '.join(dict.fromkeys(layers))}" for name, layers in bad.items()
        )
        raise ExportError(
            f"{rule}: {'; '.join(remedies(bad))}; or accept it with allow={tuple(bad)}. "
            f"Received: {where}"
        )


def _is_custom(node: Operator) -> bool:
    return node.custom


def _keeps_state(node: Operator) -> bool:
    return node.name in _STATE or node.name.startswith("HASHTABLE")


def _is_float_island(node: Operator) -> bool:
    return node.floating and node.name not in CONVERSIONS

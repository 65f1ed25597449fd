"""What of a file would run on an Edge TPU, judged without the compiler."""

from __future__ import annotations

import math
from collections.abc import Collection
from os import PathLike
from pathlib import Path

from ..file.cost import macs
from ..file.flatbuffer import read_graphs
from ..file.graph import Graph, Step, Tensor
from ..file.naming import layer_of
from ..file.oldest import loads_from
from ..file.operators import at_an_end
from .advice import instead_of
from .conditions import SUPPORTED, inputs
from .partition import first_part
from .report import CACHE, CoralReport, Placement

_INNER = 3  # dimensions that may be larger than 1
_SCALE = 4  # largest resize that is known to map; one of 15 didn't
_WINDOW = 64 * 128  # largest mean over pixels that is known to map; 256 x 128 didn't
FOLLOWS = "follows an operator on the CPU"


def check(path: str | PathLike[str]) -> CoralReport:
    """Predict which operators of a `.tflite` file `edgetpu_compiler` would map.

    The documented operators and their conditions, int8 or uint8 tensors of known sizes with at
    most 3 inner dimensions, versions no newer than the compiler's, and the first connected part of
    the graph. It is a prediction: the compiler alone decides.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        kerascnn.edge.ModelError: If the file isn't a TFLite model, or is damaged.

    Example:
        >>> print(kerascnn.export.coral.check("digits.tflite").summary())  # doctest: +SKIP
        predicted: 9 of 11 operators on the Edge TPU ...

    Reference:
        https://coral.ai/docs/edgetpu/models-intro/
    """
    return judge(Path(path))


def judge(path: Path, layers: Collection[str] = ()) -> CoralReport:
    """Predict, with exact layer paths where the model is at hand."""
    graphs = read_graphs(path)
    main = graphs[0]
    reasons = [why_not(main, step) for step in main.steps]
    part = first_part(main, [not reason for reason in reasons])
    placements = tuple(
        _placement(main, place, reasons[place], place in part, layers)
        for place in range(len(main.steps))
    )
    constants = {index for place in part for index in main.steps[place].inputs if index >= 0}
    parameters = sum(main.tensors[i].bytes for i in constants if main.tensors[i].constant)
    return CoralReport(
        path=path,
        source="predicted",
        placements=placements,
        parameters=parameters,
        errors=_errors(graphs),
        notes=_notes(placements, parameters),
    )


def why_not(graph: Graph, step: Step) -> str:
    """Say why an operator can't run on an Edge TPU; nothing when it can."""
    if step.name not in SUPPORTED:
        return "is no operator of the Edge TPU"
    if loads_from(step):
        return f"has version {step.version}, which is too new"
    moving = [tensor for tensor in inputs(graph, step) if not tensor.constant]
    moving += [graph.tensors[index] for index in step.outputs]
    if wrong := {tensor.dtype for tensor in moving} - {"int8", "uint8"}:
        return f"works on {' and '.join(sorted(wrong))}"
    if any(math.prod(tensor.shape[:-_INNER]) > 1 for tensor in moving):
        return f"has more than {_INNER} dimensions"
    reasons = (condition(graph, step) for condition in SUPPORTED[step.name])
    return next(filter(None, reasons), "")


def _placement(
    graph: Graph, place: int, reason: str, mapped: bool, layers: Collection[str]
) -> Placement:
    step = graph.steps[place]
    return Placement(
        name=step.name,
        layer=layer_of(graph, step, layers),
        mapped=mapped,
        reason=reason or ("" if mapped else FOLLOWS),
        remedy=_remedy(step, reason),
        uncertain=_uncertain(graph, step) if mapped else "",
        macs=macs(graph, step),
        end=at_an_end(graph, step),
    )


def _remedy(step: Step, reason: str) -> str:
    if reason.startswith("works on float"):
        # The converters at the ends of an int8 file turn the caller's floats.
        return "input_output='uint8'" if step.name == "QUANTIZE" else "quantize='int8'"
    return instead_of(step.name) if reason else ""


def _uncertain(graph: Graph, step: Step) -> str:
    given, made = graph.tensors[step.inputs[0]], graph.tensors[step.outputs[0]]
    if step.name.startswith("RESIZE_") and _growth(given, made) > _SCALE:
        return f"resizes by more than {_SCALE}, which may not be precise enough"
    if step.name == "MEAN" and math.prod(given.shape) > _WINDOW * math.prod(made.shape):
        return "averages a large window"
    if step.name == "CONCATENATION" and any(tensor.constant for tensor in inputs(graph, step)):
        return "joins a constant, which must be all zeros"
    return ""


def _growth(given: Tensor, made: Tensor) -> float:
    return max(b / a for a, b in zip(given.shape[1:3], made.shape[1:3], strict=True))


def _errors(graphs: tuple[Graph, ...]) -> tuple[str, ...]:
    errors = []
    if len(graphs) != 1:
        errors.append("the file holds more than one graph: unroll its loops")
    if any(-1 in tensor.shape for graph in graphs for tensor in graph.tensors):
        errors.append("some shapes are known only when the model runs: export with batch 1")
    steps = [step for step in graphs[0].steps if loads_from(step) and not step.custom]
    if too_new := sorted({f"{step.name} version {step.version}" for step in steps}):
        errors.append(f"too new for the compiler: {', '.join(too_new)}")
    return tuple(errors)


def _notes(placements: tuple[Placement, ...], parameters: int) -> tuple[str, ...]:
    notes = [
        f"{one.name} of {one.layer or 'an unnamed layer'} {one.uncertain}: look at the compiler's "
        "log."
        for one in placements
        if one.uncertain
    ]
    if parameters > CACHE:
        notes.append("The weights don't fit into the chip's memory: each run sends a part of them.")
    return tuple(notes)

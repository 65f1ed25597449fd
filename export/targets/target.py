"""The devices that a file can be made for, and what each asks of it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Collection
from pathlib import Path
from typing import Any

from ..conversion.options import INTEGERS, check_choice
from ..conversion.preparation import Prepared, output_names
from ..coral.readiness import FOLLOWS, judge
from ..coral.report import CoralReport
from ..errors import ExportError
from ..file.flatbuffer import read_graphs
from ..file.graph import Graph, Step
from ..file.oldest import place_of
from ..forms.operations import int8_form
from . import gpu, microcontroller
from .forms import coral, split_groups
from .naming import layers_of
from .rewriting import Form, rewrite
from .runtime import check_runtime

# The forms of a file that each device takes; all of them when None.
TARGETS: dict[str, tuple[str, ...] | None] = {
    "cpu": None,
    "gpu": ("float32", "float16", "int8"),
    "coral": ("int8",),
    "microcontroller": ("int8",),
}
_CORAL_RUNTIME = "2.5"  # the registry of edgetpu_compiler 16
_GROUPS_FROM = "2.9"  # the first runtime with groups of channels in one convolution
_WHY_NOT: dict[str, Callable[[Graph, Step], str]] = {
    "gpu": gpu.why_not,
    "microcontroller": microcontroller.why_not,
}


def check_target(target: str, *, quantize: str, min_runtime: str | None) -> None:
    """Check the arguments that choose a device.

    Raises:
        ValueError: If one is unknown, or they don't go together.
    """
    check_choice("target", target, list(TARGETS))
    forms = TARGETS[target]
    if forms is not None and quantize not in forms:
        raise ValueError(
            f"A file for target={target!r} needs quantize={' or '.join(map(repr, forms))}. "
            f"Received: quantize={quantize!r}"
        )
    if min_runtime is not None:
        place_of(min_runtime)


def write_for(ready: Prepared, *, target: str, quantize: str, min_runtime: str | None) -> Prepared:
    """Write the model that is about to be converted in forms that the device takes.

    Models whose graph isn't known stay as they are, with a note.
    """
    forms: list[Form] = [int8_form] if quantize in INTEGERS else []
    if target == "coral" or (min_runtime and place_of(min_runtime) < place_of(_GROUPS_FROM)):
        forms.append(split_groups)
    if target == "coral":
        forms.append(coral)
    if not forms:
        return ready
    try:
        model = rewrite(ready.model, forms, flat=ready.flat)
    except ValueError as error:
        note = f"The operations of the model stay as they are. {error}"
        return dataclasses.replace(ready, notes=(*ready.notes, note))
    if model is ready.model:
        return ready
    outputs = ready.outputs or output_names(ready.model)
    return dataclasses.replace(ready, model=model, outputs=outputs)


def judge_for(
    path: Path,
    *,
    target: str,
    min_runtime: str | None,
    layers: Collection[str] = (),
    allow: Collection[str] = (),
) -> dict[str, Any]:
    """Check that a device takes a file.

    Returns:
        Fields of the report that the device sets: `coral`, `arena`, `notes`.

    Raises:
        ExportError: If an operator isn't for the device, with its layer and the way out.
    """
    graphs = read_graphs(path)
    if target == "coral":
        return _judge_coral(path, layers, allow)
    if min_runtime is not None:
        check_runtime(graphs, min_runtime, layers=layers, allow=allow)
    if target in _WHY_NOT:
        _refuse(graphs, target, layers, allow)
    if target == "gpu":
        return {"notes": gpu.notes(graphs[0])}
    if target == "microcontroller":
        return {"arena": microcontroller.arena(graphs[0])}
    return {}


def _judge_coral(path: Path, layers: Collection[str], allow: Collection[str]) -> dict[str, Any]:
    report: CoralReport = judge(path, layers)
    if report.errors:
        raise ExportError(
            f"The compiler for Corals must take the file. Received: {'; '.join(report.errors)}"
        )
    bad = [one for one in report.on_cpu if one.name not in allow and one.reason != FOLLOWS]
    if bad:
        ways = dict.fromkeys(f"{one.name}: {one.remedy}" for one in bad if one.remedy)
        where = (f"{one.name} in {one.layer or 'an unnamed layer'} {one.reason}" for one in bad)
        raise ExportError(
            "Every operator for a Coral must run on the Edge TPU: write instead of "
            f"{'; '.join(ways) or 'these other operations'}; or accept what stays on the CPU with "
            f"allow={tuple(dict.fromkeys(one.name for one in bad))}. "
            f"Received: {'; '.join(dict.fromkeys(where))}"
        )
    left = (
        f"Stays on the CPU: {one.name} in {one.layer or 'an unnamed layer'}, as it {one.reason}."
        for one in report.on_cpu
    )
    return {"coral": report, "notes": (*report.notes, *left)}


def _refuse(
    graphs: tuple[Graph, ...], target: str, layers: Collection[str], allow: Collection[str]
) -> None:
    bad = {
        f"{step.name} in {layer} {reason}": step.name
        for graph in graphs
        for step, layer in zip(graph.steps, layers_of(graph, layers), strict=True)
        if step.name not in allow and (reason := _WHY_NOT[target](graph, step))
    }
    if bad:
        raise ExportError(
            f"Every operator must be one of target={target!r}: build these layers from others, or "
            f"accept them with allow={tuple(dict.fromkeys(bad.values()))}. "
            f"Received: {'; '.join(bad)}"
        )

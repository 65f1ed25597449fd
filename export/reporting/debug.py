"""Which layers of a model lost most on the way into a file."""

from __future__ import annotations

from collections.abc import Iterator
from os import PathLike
from pathlib import Path
from typing import Any

import keras

from ..conversion.samples import Samples, gather
from ..file.graph import Graph
from ..model import deployable, ports
from .layers import LayerError, LayerErrors
from .noise import Noise
from .reference import find_reference, outputs_of_layers
from .tensors import Array, Result, Tensors, labels, limits, results

_SAMPLES = 16  # more hardly moves the ratios


def debug(model: Any, path: str | PathLike[str], data: Any) -> LayerErrors:
    """Measure for each layer how much of its signal is left in a file.

    Runs the float model and the file on the same samples, with every intermediate result kept.
    Layers that are called several times, or that the converter merged beyond recognition, are
    left out.

    Args:
        model: The functional or sequential Keras 3 model behind the file.
        path: The `.tflite` file.
        data: Samples as `to_tflite` takes them for calibration; at most 16 are run.

    Returns:
        The layers, the one that lost most first.

    Raises:
        ValueError: If the data doesn't fit the model, or its graph isn't known.
        kerascnn.edge.ModelError: If the file can't be loaded.

    Example:
        >>> kerascnn.export.debug(model, "digits.tflite", images).worst(3)  # doctest: +SKIP
    """
    model = deployable(model)
    samples = gather(data, ports(model), limit=_SAMPLES)
    tensors = Tensors(Path(path))
    form = find_reference(model, tensors)
    taps, names = outputs_of_layers(form.model, form.names)
    behind = labels(tensors.graph, form.paths, form.outputs)
    found = results(tensors.graph, behind, names, form.relus)
    noises = {
        name: Noise(limits(tensors.graph.tensors[result.index])) for name, result in found.items()
    }
    count = len(next(iter(samples.values())))
    size = taps.inputs[0].shape[0] or 1
    for start in range(0, count - size + 1, size):
        row = {name: array[start : start + size] for name, array in samples.items()}
        expected = dict(zip(names, _run(taps, row), strict=True))
        tensors.run(row)
        for name, noise in noises.items():
            noise.add(expected[name], tensors.values(found[name].index))
    errors = _errors(tensors.graph, found, noises)
    return LayerErrors(Path(path), count, tuple(sorted(errors, key=lambda error: error.sqnr_db)))


def _run(model: keras.Model, row: Samples) -> list[Array]:
    outputs = model(list(row.values()), training=False)
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(outputs)]


def _errors(
    graph: Graph, found: dict[str, Result], noises: dict[str, Noise]
) -> Iterator[LayerError]:
    """Describe each layer, with the worst of what it takes."""
    named = {result.index: noises[name] for name, result in found.items()}
    names = {result.index: name for name, result in found.items()}
    ratios: dict[int, float] = {}  # of each tensor, as far as one is known
    disparities: dict[int, float] = {}
    for step in graph.steps:
        made = step.outputs[0]
        before = min((ratios[index] for index in step.inputs if index in ratios), default=None)
        uneven = min((disparities[index] for index in step.inputs if index in ratios), default=1.0)
        noise = named.get(made)
        if noise is None or not noise.comparable:
            if before is not None:
                ratios[made], disparities[made] = before, uneven
            continue
        ratios[made], disparities[made] = noise.sqnr_db, noise.disparity
        yield LayerError(
            layer=names[made],
            operator=step.name,
            dtype=graph.tensors[made].dtype,
            sqnr_db=noise.sqnr_db,
            before_db=before,
            clipped=noise.clipped,
            crowded=noise.crowded,
            disparity=min(noise.disparity, uneven),
        )

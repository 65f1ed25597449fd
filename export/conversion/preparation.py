"""Makes the model that the converter gets from the one that the user has."""

from __future__ import annotations

import warnings
from collections.abc import Collection
from dataclasses import dataclass

import keras

from ..errors import ExportError
from ..graphs.flatten import flatten
from ..graphs.graph import as_functional
from ..model import name_outputs
from ..quantization.aware import round_flat
from ..quantization.bake import bake, is_quantize_aware
from ..quantization.bias import correct_biases
from ..quantization.calibrate import Arrays, calibrate, unset
from ..quantization.gaps import left_in_float, unknown
from .pixels import set_pictures
from .samples import Samples, constant_notes

_TRACED = (
    "The model has no graph of its own and was traced in one call: what Python decides or does in "
    "it is fixed as in that call, and layers cannot be told apart one by one."
)


@dataclass(frozen=True)
class Prepared:
    """What the converter gets, and what its file is held to.

    Args:
        model: The model to convert.
        reference: The model whose answers the file should give.
        samples: What the converter measures ranges on; empty where the model has them all.
        floating: Names of the layers that may compute in float in an integer file.
        notes: Sentences for the report.
        outputs: Names of the outputs; those that the model to convert gives them when None.
        calibrated: Whether there were samples to measure ranges on.
        flat: Whether the model to convert is flat and a copy already.
    """

    model: keras.Model
    reference: keras.Model
    samples: Samples
    floating: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    outputs: tuple[str, ...] | None = None
    calibrated: bool = True
    flat: bool = False


def prepare(
    model: keras.Model,
    samples: Samples,
    *,
    quantize: str,
    observer: str = "min_max",
    skip: Collection[str] = (),
    correct_bias: bool = False,
    pixels: tuple[float, float] | None = None,
) -> Prepared:
    """Give a model ranges: those that it learned, or those that its layers have on samples.

    The converter measures what isn't known otherwise: a model that was traced, and the inside of
    layers of an unknown kind.

    Args:
        model: A built Keras model, with or without the ranges of `quantize_aware`.
        samples: Calibration samples by input name.
        quantize: The form of the file.
        observer: How ranges come from samples.
        skip: Names or patterns of the layers to leave in float.
        correct_bias: Whether biases make up for what rounding does to the means.
        pixels: Range of the inputs that are pictures, in place of that of the samples.

    Raises:
        ValueError: If `skip` names no layer, or the graph of the model is not known.
        ExportError: If a range was learned from no data, and there are no samples.
    """
    notes = constant_notes(samples)
    if not getattr(model, "outputs", None):
        notes += (_TRACED,)
    if quantize != "int8":
        return Prepared(model, model, samples, notes=notes)
    learned = is_quantize_aware(model)
    asked = learned or observer != "min_max" or skip or correct_bias
    try:
        aware = _copy(model) if learned else _rounding(model, skip)
        strange = unknown(aware)
        if strange and not asked:
            raise ValueError(f"It is not known how these compute in int8: {', '.join(strange)}.")
    except (TypeError, ValueError, NotImplementedError, RuntimeError) as error:  # layers of others
        if asked:
            raise
        notes += (f"The converter measured the ranges. {error}",)
        return Prepared(model, model, samples, notes=notes)
    if pixels:
        set_pictures(aware, pixels)
    _set_ranges(aware, list(samples.values()), observer, correct_bias)
    floating = left_in_float(aware)
    if floating:
        notes += (f"In float, as asked: {', '.join(floating)}.",)
    # The converter measures what is not known; where some layers were left in float it must not, as
    # it would give those a range too.
    measured = samples if strange and not floating else {}
    return Prepared(
        bake(aware),
        aware if learned else model,
        measured,
        floating,
        notes,
        output_names(model),
        bool(samples),
        flat=True,
    )


def output_names(model: keras.Model) -> tuple[str, ...]:
    """Give the names of the outputs, those of a dictionary being its keys."""
    outputs = model.outputs if isinstance(model, keras.Sequential) else model.output
    return tuple(name_outputs(model, outputs))


def _set_ranges(aware: keras.Model, arrays: Arrays, observer: str, correct_bias: bool) -> None:
    if arrays:
        calibrate(aware, arrays, observer)
        if correct_bias:
            correct_biases(aware, arrays)
    elif unlearned := unset(aware):
        raise ExportError(
            "Every range must have seen data: fit the model first, or pass calibration. "
            f"Received: no range for {', '.join(unlearned)}"
        )


def _copy(model: keras.Model) -> keras.Model:
    """Copy a model whose ranges are about to be filled; the user's stays as it is."""
    copy = keras.models.clone_model(as_functional(model))  # a compiled one would be compiled too
    copy.set_weights(model.get_weights())
    return copy


def _rounding(model: keras.Model, skip: Collection[str]) -> keras.Model:
    with warnings.catch_warnings():
        # Of layers that it doesn't know; the gate reads in the file what became of them.
        warnings.simplefilter("ignore", UserWarning)
        flat = flatten(model, inference=True)
        return round_flat(flat, as_functional(model).output_names, skip=skip)

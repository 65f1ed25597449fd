"""The data sets by name."""

from __future__ import annotations

import difflib
import functools
import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

from kerascnn.data.captioned_scenes import captioned_scenes
from kerascnn.data.cells import cells
from kerascnn.data.coco import annotation_files, coco
from kerascnn.data.dataset import Dataset
from kerascnn.data.digits import digits
from kerascnn.data.folder import folder
from kerascnn.data.keras_datasets import NAMES, keras_dataset
from kerascnn.data.librispeech import librispeech, transcript_files
from kerascnn.data.npz import npz
from kerascnn.data.number_words import number_words
from kerascnn.data.people import people
from kerascnn.data.photographs import photographs
from kerascnn.data.records import INDEX, records
from kerascnn.data.scenery import LEAST_SIDE
from kerascnn.data.shapes import shapes
from kerascnn.data.speech_commands import speech_commands, word_files
from kerascnn.data.spoken_digits import spoken_digits
from kerascnn.data.translated_digits import translated_digits

_BUILDERS: dict[str, Callable[..., Dataset]] = {
    "captioned_scenes": captioned_scenes,
    "cells": cells,
    "digits": digits,
    "number_words": number_words,
    "people": people,
    "photographs": photographs,
    "shapes": shapes,
    "spoken_digits": spoken_digits,
    "translated_digits": translated_digits,
    **{name: functools.partial(keras_dataset, name) for name in NAMES},
}


_DRAWN = ("captioned_scenes", "cells", "people", "shapes")


def list_datasets() -> list[str]:
    """List the names that `load` takes, besides folders and files."""
    return sorted(_BUILDERS)


def load(name: str | Path, **options: Any) -> Dataset:
    """Load a data set: `load("digits", size=16)`.

    Args:
        name: A name that `list_datasets` gives; a folder with one sub-folder of pictures a class,
            with one of `.wav` files a word, as Speech Commands is, or with transcripts, as
            LibriSpeech is, or with what `write_records` wrote; a `.npz` file with the arrays that
            `from_arrays` takes; or a `.json` file of annotations in the format of COCO or a folder
            with one in it.
        **options: Keyword arguments of the data set, such as `size`, `count` or `seed`.

    Raises:
        ValueError: If there is no such data set or option, or the data cannot be used.
        ConnectionError: If the data must be downloaded and cannot be.
    """
    build = _builder(name)
    known = _options(build)
    if unknown := sorted(set(options) - set(known)):
        raise ValueError(
            f"{name} takes the options {', '.join(known)}. Received: {', '.join(unknown)}"
        )
    return build(**options)


def list_options(name: str | Path) -> list[str]:
    """List the options that `load` takes for a data set, a folder or a `.npz` file.

    Raises:
        ValueError: If there is no such data set.
    """
    return _options(_builder(name))


def least_side(name: str | Path) -> int:
    """Give the least `size` that a data set can be made at, in pixels."""
    return LEAST_SIDE if name in _DRAWN else 1


def _options(build: Callable[..., Dataset]) -> list[str]:
    return list(inspect.signature(build).parameters)


def _builder(name: str | Path) -> Callable[..., Dataset]:
    if str(name) in _BUILDERS:
        return _BUILDERS[str(name)]
    path = Path(name)
    if (path / INDEX).is_file():
        return functools.partial(records, path)
    if path.suffix == ".json" or (path.is_dir() and annotation_files(path)):
        return functools.partial(coco, path)
    if path.is_dir() and transcript_files(path):
        return functools.partial(librispeech, path)
    if path.is_dir() and word_files(path):
        return functools.partial(speech_commands, path)
    if path.is_dir():
        return functools.partial(folder, path)
    if path.suffix == ".npz":
        return functools.partial(npz, path)
    near = difflib.get_close_matches(str(name), _BUILDERS, n=3, cutoff=0.4)
    hint = f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(list_datasets())}."
    raise ValueError(
        f"No data set, folder, .npz or .json file has this name. {hint} Received: {name}"
    )

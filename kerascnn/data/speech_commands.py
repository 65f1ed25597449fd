"""A folder of recordings, one sub-folder a word, as Speech Commands has it."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.recordings import check_recordings, duration, recorded
from kerascnn.data.splits import split_indices

_LISTS = ("validation_list.txt", "testing_list.txt")


def speech_commands(
    path: str | Path,
    *,
    seconds: float = 1.0,
    sample_rate: int = 16_000,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Serve the recordings of a folder, one word each; they are read while training.

    Sub-folders whose names begin with `_` are left out, as the one of background noise. The files
    `validation_list.txt` and `testing_list.txt`, where both are there, decide the splits.

    Args:
        path: Folder with one sub-folder a word, which hold `.wav` files.
        seconds: How long every recording becomes; what is longer is cut off.
        sample_rate: Samples a second, in Hz, to which every recording is resampled.
        source: Where the recordings come from; the path when empty.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an argument is out of range, there are no recordings, or a file is none.

    Reference:
        https://arxiv.org/abs/1804.03209
    """
    check_recordings(sample_rate, seconds)
    root = Path(path)
    files = word_files(root)
    for file in files:
        duration(file)
    words = sorted({file.parent.name for file in files})
    values = np.array([1 + words.index(file.parent.name) for file in files], np.int32)
    columns = {"sound": np.array([str(file) for file in files]), "tokens": values[:, np.newaxis]}
    parts = _listed(root, files) or split_indices(
        len(files), (validation, test), seed=seed, groups=values
    )
    return recorded(
        root,
        columns,
        parts,
        labels=("blank", *words),
        seconds=seconds,
        sample_rate=sample_rate,
        source=source or str(path),
        licence=licence or "not stated",
    )


def word_files(root: Path) -> list[Path]:
    """List the recordings of words in a folder."""
    return sorted(file for file in root.glob("*/*.wav") if not file.parent.name.startswith("_"))


def _listed(root: Path, files: list[Path]) -> list[np.ndarray]:
    """Give the splits that the lists of a folder name, none where it has none."""
    if not all((root / name).is_file() for name in _LISTS):
        return []
    named = [set((root / name).read_text("utf-8").split()) for name in _LISTS]
    names = [file.relative_to(root).as_posix() for file in files]
    places = np.array([next((1 + k for k, one in enumerate(named) if n in one), 0) for n in names])
    parts = [np.flatnonzero(places == part) for part in range(3)]
    if not all(map(len, parts)):
        raise ValueError(
            f"Each split must have a recording. Received: {root} with lists that leave "
            f"{', '.join(str(len(part)) for part in parts)} to train, validation and test"
        )
    return parts

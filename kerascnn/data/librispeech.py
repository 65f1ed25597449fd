"""A folder of recordings with transcripts, as LibriSpeech has them."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from kerascnn.data.dataset import Dataset
from kerascnn.data.recordings import check_recordings, duration, recorded
from kerascnn.data.splits import split_indices
from kerascnn.data.texts import encode

_SPLITS = ("train", "dev", "test")  # what the names of the top folders begin with
_SPACE = " "


def librispeech(
    path: str | Path,
    *,
    seconds: float = 16.0,
    sample_rate: int = 16_000,
    source: str = "",
    licence: str = "",
    validation: float = 0.15,
    test: float = 0.15,
    seed: int = 0,
) -> Dataset:
    """Serve recordings and what is said in them, letter by letter; they are read while training.

    Sub-folders `train...`, `dev...` and `test...`, where there is one of each, are the splits.
    The labels are the blank and all letters, the space between words being one of them.

    Args:
        path: Folder with files `*.trans.txt` somewhere in it, each line of which is the name of
            a `.flac` or `.wav` file beside it and what is said in it.
        seconds: Recordings that last longer are left out, zeros fill up the others.
        sample_rate: Samples a second, in Hz, to which every recording is resampled.
        source: Where the recordings come from; the path when empty.
        licence: The terms under which they may be used.
        validation: Share of the validation split, in (0, 1).
        test: Share of the test split, in (0, 1).
        seed: Seed of the split.

    Raises:
        ValueError: If an argument is out of range, a recording is missing or none, or none is
            short enough.

    Reference:
        https://doi.org/10.1109/ICASSP.2015.7178964
    """
    check_recordings(sample_rate, seconds)
    root = Path(path)
    said = {file: text for file, text in _read(root) if duration(file) <= seconds}
    if not said:
        raise ValueError(f"There must be a recording of seconds={seconds:g}. Received: {root}")
    letters = ("blank", *sorted({_SPACE, *"".join(said.values())}))
    columns = {
        "sound": np.array([str(file) for file in said]),
        "tokens": encode(list(said.values()), letters, max(map(len, said.values()))),
        "separator": np.full(len(said), letters.index(_SPACE), np.int32),
    }
    parts = _named(root, list(said)) or split_indices(len(said), (validation, test), seed=seed)
    return recorded(
        root,
        columns,
        parts,
        labels=letters,
        seconds=seconds,
        sample_rate=sample_rate,
        source=source or str(path),
        licence=licence or "not stated",
    )


def transcript_files(root: Path) -> list[Path]:
    """List the files of transcripts in a folder and all below it."""
    return sorted(root.rglob("*.trans.txt"))


def _read(root: Path) -> list[tuple[Path, str]]:
    rows = []
    for transcript in transcript_files(root):
        for line in transcript.read_text("utf-8").splitlines():
            name, _, text = line.strip().partition(" ")
            files = [transcript.parent / f"{name}{end}" for end in (".flac", ".wav")]
            there = [file for file in files if file.is_file()]
            if not there or not text.strip():
                raise ValueError(
                    "Each line of a transcript must be the name of a .flac or .wav file beside it "
                    f"and what is said in it. Received: {transcript} with {line!r:.60}"
                )
            rows.append((there[0], text.strip()))
    return rows


def _named(root: Path, files: list[Path]) -> list[np.ndarray]:
    """Give the splits after which the top folders are named, none where they are not."""
    tops = [file.relative_to(root).parts[0] for file in files]
    parts = [np.flatnonzero([top.startswith(name) for top in tops]) for name in _SPLITS]
    return parts if all(map(len, parts)) else []

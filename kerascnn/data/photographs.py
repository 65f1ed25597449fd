"""Patches of photographs that ship with scikit-image and scikit-learn, or of one's own."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
import skimage.data
from PIL import Image, ImageOps
from sklearn.datasets import load_sample_image

from kerascnn.data.dataset import Dataset, slices
from kerascnn.data.pictures import picture_size
from kerascnn.data.splits import split_indices

Reader = Callable[[], np.ndarray]

_BUNDLED: Mapping[str, Sequence[Reader]] = {
    "train": (
        skimage.data.astronaut,
        skimage.data.brick,
        skimage.data.camera,
        functools.partial(load_sample_image, "china.jpg"),
        skimage.data.coffee,
        skimage.data.grass,
        skimage.data.moon,
        skimage.data.page,
        skimage.data.rocket,
        skimage.data.text,
    ),
    "validation": (functools.partial(load_sample_image, "flower.jpg"),),
    "test": (skimage.data.chelsea, skimage.data.coins, skimage.data.gravel),
}
_SHARES = (0.15, 0.15)  # of one's own photographs, for validation and test
_ENDINGS = (".bmp", ".gif", ".jpeg", ".jpg", ".png", ".tif", ".tiff", ".webp")
SOURCE = "Photographs that ship with scikit-image and scikit-learn"
LICENCE = "CC0, CC BY 2.0 and public domain, by photograph; see both packages"
_SMALLEST = 172  # pixels, the lowest photograph


def photographs(
    *, count: int = 2048, size: int = 48, channels: int = 3, folder: str = "", seed: int = 0
) -> Dataset:
    """Cut square patches at random out of photographs; each split has its own photographs.

    Args:
        count: Patches of the training split, at least 10; validation has an eighth of that, and
            test a quarter.
        size: Side of the patches in pixels, from 8 to 172, or to the least side of one's own.
        channels: 3 for colour, in which grey photographs stay grey, or 1 for grey.
        folder: Where one's own photographs are, sub-folders included; 14 that come with the
            libraries when empty.
        seed: Seed of the places, and of the split of one's own.

    Raises:
        ValueError: If an argument is out of range, or the folder has fewer than 7 photographs, one
            that cannot be read, or one that is smaller than a patch.
    """
    largest = size if folder else _SMALLEST
    if count < 10 or not 8 <= size <= largest or channels not in (1, 3):
        raise ValueError(
            f"There must be 10 patches of 8 to {_SMALLEST} pixels and 1 or 3 channels. "
            f"Received: count={count}, size={size}, channels={channels}"
        )
    random = np.random.default_rng(seed)
    counts = {"train": count, "validation": -(-count // 8), "test": -(-count // 4)}
    pictures = _own(Path(folder), size, seed) if folder else _BUNDLED
    splits = {
        split: slices({"image": _patches(pictures[split], number, size, channels, random)})
        for split, number in counts.items()
    }
    return Dataset(
        name="photographs",
        source=folder or SOURCE,
        licence="not stated" if folder else LICENCE,
        labels=(),
        shape=(size, size, channels),
        **splits,
    )


def _own(folder: Path, size: int, seed: int) -> dict[str, list[Reader]]:
    """Find the photographs of a folder, and divide them."""
    files = sorted(path for path in folder.rglob("*") if path.suffix.lower() in _ENDINGS)
    if len(files) < 7:
        raise ValueError(
            "A folder must hold 7 photographs, of which training, validation and test have their "
            f"own. Received: {folder} with {len(files)}"
        )
    for file in files:
        if min(picture_size(file)) < size:
            raise ValueError(f"Photographs must have {size} pixels a side. Received: {file}")
    parts = split_indices(len(files), _SHARES, seed=seed)
    return {
        split: [functools.partial(_read, files[index]) for index in part]
        for split, part in zip(("train", "validation", "test"), parts, strict=True)
    }


def _read(file: Path) -> np.ndarray:
    with Image.open(file) as image:
        return np.asarray(ImageOps.exif_transpose(image).convert("RGB"))


def _patches(
    pictures: Sequence[Reader], count: int, size: int, channels: int, random: np.random.Generator
) -> np.ndarray:
    """Cut equally many patches out of each photograph, in turn, float32 in [0, 1]."""
    patches = np.empty((count, size, size, channels), np.float32)
    for start, read in enumerate(pictures[:count]):
        picture = read()
        for index in range(start, count, len(pictures)):
            top, left = (random.integers(side - size + 1) for side in picture.shape[:2])
            patches[index] = _coloured(picture[top : top + size, left : left + size], channels)
    return patches


def _coloured(pixels: np.ndarray, channels: int) -> np.ndarray:
    """Give pixels the channels that are asked for."""
    values = np.atleast_3d(pixels).astype(np.float32) / 255.0
    if values.shape[-1] == channels:
        return values
    if channels == 3:
        return np.repeat(values, 3, axis=-1)
    # The weights of ITU-R BT.601, those of the luma that restoration is measured on.
    return values @ np.array([[0.299], [0.587], [0.114]], np.float32)

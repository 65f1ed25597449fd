"""Picture files: one, a folder of them, and those that hold several pictures."""

from __future__ import annotations

from collections import Counter
from functools import partial
from pathlib import Path

from ..tasks.picture import read
from ..tasks.pillow import pillow, readable
from .reading import Reader, Source, numbered

_ENDINGS = {".bmp", ".gif", ".jpeg", ".jpg", ".pgm", ".png", ".ppm", ".tif", ".tiff", ".webp"}


def picture_source(path: Path) -> Source:
    """Find what a picture file holds: one picture, or the film of an animation.

    Raises:
        ImportError: If Pillow isn't installed.
        ValueError: If it is no picture.
    """
    with readable(path), pillow("Image").open(path) as image:
        count = getattr(image, "n_frames", 1)
    if count == 1:
        return Source("picture", partial(_pictures, {path.stem: path}), 1)
    return Source("film", partial(_film, path, count), count)


def folder_source(path: Path) -> Source:
    """Find the pictures in a folder, by the ending of their names and in the order of those.

    Raises:
        ValueError: If there are none.
    """
    files = sorted(file for file in path.iterdir() if file.suffix.lower() in _ENDINGS)
    if not files:
        raise ValueError(
            f"A folder must hold pictures: {' '.join(sorted(_ENDINGS))}. Received: {path}"
        )
    stems = Counter(file.stem for file in files)
    named = {file.stem if stems[file.stem] == 1 else file.name: file for file in files}
    return Source("folder", partial(_pictures, named), len(named))


def _pictures(named: dict[str, Path]) -> Reader:
    for name, path in named.items():
        yield name, partial(read, path)


def _film(path: Path, count: int) -> Reader:
    with pillow("Image").open(path) as image:
        for number in range(count):
            with readable(path):
                image.seek(number)
                image.load()
            yield numbered(path.stem, number), partial(read, image)

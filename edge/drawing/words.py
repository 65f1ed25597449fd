"""Labels and texts under a picture."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from ..tasks.pillow import pillow
from .canvas import letters

_ALONE = 480  # pixels, the width of texts without a picture
_MARGIN = 4  # pixels


def written(image: Any | None, found: Sequence[Any]) -> Any:
    """Write what was found under an image, one line each and more where it is too long.

    Args:
        image: A Pillow image; None for the texts alone.
        found: Results with a score and a label or text.

    Returns:
        The image with the lines below.
    """
    if image is None:
        image = pillow("Image").new("RGB", (_ALONE, 0))
    font = letters(image)
    pitch = sum(font.getmetrics())
    lines = [
        line
        for one in found
        for line in _folded(f"{_name(one)}  {one.score:.3g}", font, image.width - 2 * _MARGIN)
    ]
    height = image.height + pitch * len(lines) + 2 * _MARGIN * bool(lines)
    sheet = pillow("Image").new("RGB", (image.width, height))
    sheet.paste(image)
    pen = pillow("ImageDraw").Draw(sheet)
    for number, line in enumerate(lines):
        place = (_MARGIN, image.height + _MARGIN + pitch * number)
        pen.text(place, line, fill="white", font=font)
    return sheet


def _name(one: Any) -> str:
    return str((one.text or "(no words)") if hasattr(one, "text") else one.label)


def _folded(text: str, font: Any, width: int) -> Iterator[str]:
    """Break a text at spaces into lines of a width in pixels, or inside a word that is longer."""
    while font.getlength(text) > width and len(text) > 1:
        fits = next(end for end in range(len(text) - 1, 0, -1) if _fits(text[:end], font, width))
        space = text.rfind(" ", 1, fits + 1)
        end = space if space > 0 else fits
        yield text[:end].rstrip()
        text = text[end:].lstrip()
    yield text


def _fits(text: str, font: Any, width: int) -> bool:
    return len(text) == 1 or font.getlength(text) <= width

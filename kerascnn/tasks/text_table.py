"""A picture of texts that belong together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PIL import Image

from kerascnn.tasks.drawing import DARK, RED, blank, render

_MARGIN, _HEADING, _LINE = 0.15, 0.32, 0.21  # inches


def text_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], wrong: Sequence[bool]
) -> Image.Image:
    """Draw texts in columns under their headings.

    Args:
        columns: The headings.
        rows: As many texts a row.
        wrong: For each row, whether its last text is red.

    Returns:
        The picture.
    """
    widths = [0.075 * max(map(len, texts)) + 0.25 for texts in zip(columns, *rows, strict=True)]
    height = _HEADING + _LINE * len(rows) + 3 * _MARGIN
    figure, axes = blank(sum(widths) + 2 * _MARGIN, height)
    axes.axis("off")
    axes.set_xlim(0, sum(widths) + 2 * _MARGIN)
    axes.set_ylim(height, 0)
    for number, texts in enumerate([columns, *rows]):
        top = _MARGIN + (number and _HEADING + _LINE * (number - 1))
        for place, text in enumerate(texts):
            red = number > 0 and wrong[number - 1] and place == len(texts) - 1
            style: dict[str, Any] = {"weight": "normal" if number else "bold", "va": "top"}
            left = _MARGIN + sum(widths[:place])
            axes.text(left, top, text, fontsize=8, color=RED if red else DARK, **style)
    return render(figure)

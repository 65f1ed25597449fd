"""Draws tiles of images with captions, and what other pictures need."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.patches import Patch, Rectangle
from PIL import Image

DARK, RED = "#222222", "#c81e1e"
# Okabe and Ito's colours, which the colour-blind can tell apart, and three more.
PALETTE = (
    "#0072b2", "#e69f00", "#009e73", "#d55e00", "#cc79a7",
    "#56b4e9", "#f0e442", "#7f3c8d", "#8c564b", "#666666",
)  # fmt: skip
_MARGIN, _TILE, _PITCH, _HEADING, _LINE = 0.15, 0.95, 1.05, 0.32, 0.15  # inches


class Tile(NamedTuple):
    """An image `(height, width[, 1 or 3])` in [0, 1], the text below it, and whether it is red."""

    image: np.ndarray
    caption: str = ""
    wrong: bool = False


class Section(NamedTuple):
    """Tiles under a heading."""

    heading: str
    tiles: Sequence[Tile]


def gallery(
    sections: Sequence[Section], *, columns: int, legend: Mapping[str, str] | None = None
) -> Image.Image:
    """Draw sections of tiles from top to bottom.

    Args:
        sections: What to draw.
        columns: Tiles in a row.
        legend: What the colours mean, by name.
    """
    width = 2 * _MARGIN + columns * _PITCH
    across = max(1, int(width // 1.7))
    bottom = 0.1 + 0.22 * math.ceil(len(legend or {}) / across)
    heights = [_height(section, columns) for section in sections]
    figure, axes = blank(width, _MARGIN + sum(heights) + bottom)
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(_MARGIN + sum(heights) + bottom, 0)
    top = _MARGIN
    for section, height in zip(sections, heights, strict=True):
        _draw_section(axes, section, top, columns)
        top += height
    if legend:
        patches = [
            Patch(facecolor=c, edgecolor=DARK, lw=0.4, label=shorten(n)) for n, c in legend.items()
        ]
        axes.legend(
            handles=patches,
            loc="lower left",
            bbox_to_anchor=(_MARGIN / width, 0),
            ncols=across,
            fontsize=8,
            frameon=False,
            borderpad=0.2,
        )
    return render(figure)


def blank(width: float, height: float) -> tuple[Figure, Axes]:
    """Make a figure of that many inches, and axes that fill it."""
    figure = Figure(figsize=(width, height), dpi=110)
    return figure, figure.add_axes((0, 0, 1, 1))


def render(figure: Figure) -> Image.Image:
    """Turn a figure into pixels."""
    canvas = FigureCanvasAgg(figure)
    canvas.draw()
    return Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")


def shorten(text: str, length: int = 15) -> str:
    """Cut a text that would run into its neighbour."""
    return text if len(text) <= length else text[: length - 1] + "…"


def _lines(section: Section) -> int:
    return max(tile.caption.count("\n") + 1 if tile.caption else 0 for tile in section.tiles)


def _height(section: Section, columns: int) -> float:
    rows = math.ceil(len(section.tiles) / columns)
    return _HEADING + rows * (_PITCH + _LINE * _lines(section))


def _draw_section(axes: Axes, section: Section, top: float, columns: int) -> None:
    heading: dict[str, Any] = {"fontsize": 9.5, "weight": "bold", "color": DARK, "va": "top"}
    axes.text(_MARGIN, top + 0.05, section.heading, **heading)
    pitch = _PITCH + _LINE * _lines(section)
    for index, tile in enumerate(section.tiles):
        row, column = divmod(index, columns)
        _draw_tile(axes, tile, _MARGIN + column * _PITCH, top + _HEADING + row * pitch)


def _draw_tile(axes: Axes, tile: Tile, left: float, top: float) -> None:
    image = np.clip(np.asarray(tile.image, np.float32), 0, 1)
    if image.ndim == 2 or image.shape[-1] == 1:
        image = np.repeat(image.reshape(*image.shape[:2], 1), 3, axis=-1)
    extent = (left, left + _TILE, top + _TILE, top)
    axes.imshow(image, extent=extent, interpolation="nearest", aspect="auto")
    colour = RED if tile.wrong else DARK
    frame = Rectangle((left, top), _TILE, _TILE, fill=False, ec=colour, lw=2.4 if tile.wrong else 0)
    axes.add_patch(frame)
    style: dict[str, Any] = {
        "ha": "center",
        "va": "top",
        "fontsize": 8,
        "color": colour,
        "linespacing": 1.1,
    }
    axes.text(left + _TILE / 2, top + _TILE + 0.04, tile.caption, **style)

"""Draws how losses and metrics went."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator
from PIL import Image

from kerascnn.tasks.drawing import DARK, PALETTE, render


def draw_curves(history: Mapping[str, Sequence[float]]) -> Image.Image:
    """Draw each loss and metric over the epochs, on axes of its own.

    Args:
        history: Values by name, one an epoch; `val_` before a name marks the validation split.

    Raises:
        ValueError: If the history is empty.
    """
    names = [name for name in history if not name.startswith("val_")]
    if not names:
        raise ValueError("A history must hold at least one epoch. Received: an empty history")
    columns = min(3, len(names))
    count = math.ceil(len(names) / columns)
    size = (max(4.6, 3.8 * columns), 2.9 * count)
    figure = Figure(figsize=size, dpi=110, layout="constrained")
    for index, name in enumerate(names, 1):
        axes = figure.add_subplot(count, columns, index)
        for key, label, colour in (
            (name, "train", PALETTE[0]),
            (f"val_{name}", "validation", PALETTE[3]),
        ):
            values = history.get(key, ())
            marker = "o" if len(values) < 20 else ""
            epochs = range(1, len(values) + 1)
            axes.plot(epochs, values, color=colour, marker=marker, ms=3.5, label=label)
        axes.set_title(name.replace("_", " "), fontsize=10, color=DARK)
        axes.set_xlabel("epoch", fontsize=9)
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, min_n_ticks=1))
        axes.tick_params(labelsize=8)
        axes.grid(alpha=0.3)
        axes.spines[["top", "right"]].set_visible(False)
        if f"val_{name}" in history:
            axes.legend(fontsize=8, frameon=False)
    return render(figure)

"""How much of each layer's signal is left in a file."""

from __future__ import annotations

import json
import math
from dataclasses import asdict, dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

_GOOD_DB = 20.0  # a hundredth of the signal's power
_CLIPPED = 1e-3  # share of the values
_INHERITED_DB = 3.0
_CROWDED = 0.25  # share of the range
_DISPARATE = 1 / 16


@dataclass(frozen=True)
class LayerError:
    """How far the result of one layer is from that of the float model.

    Args:
        layer: Name of the Keras layer, as `flatten` gives it and `skip=` takes it.
        operator: The TFLite operator that writes the result.
        dtype: Element type of the result in the file.
        sqnr_db: Ratio of the signal to the error in dB, with all that the layers before did;
            infinite when there is no error.
        before_db: The worst ratio among what the layer takes; None at the inputs of the model.
        clipped: Share of the float values that lie outside the range in the file, 0 to 1.
        crowded: Share of the range in which 99.9 % of the float values lie, 0 to 1.
        disparity: Size of the middle channel as a share of the widest one, 0 to 1, in what the
            layer gives or takes.
    """

    layer: str
    operator: str
    dtype: str
    sqnr_db: float
    before_db: float | None
    clipped: float
    crowded: float
    disparity: float

    @property
    def remedy(self) -> str:
        """What to change; empty where nothing needs to."""
        if self.sqnr_db >= _GOOD_DB:
            return ""
        if self.before_db is not None and self.sqnr_db > self.before_db - _INHERITED_DB:
            return "cure the layers before, whose error it passes on"
        if self.clipped > _CLIPPED:
            return f"calibrate on more, more typical samples: {self.clipped:.1%} is cut off"
        if self.disparity < _DISPARATE:
            return "bring the channels to one size with equalize(model)"
        if self.crowded < _CROWDED:
            return f"cut outliers off with observer='mse': {self.crowded:.0%} of the range is used"
        return f"leave it in float with skip=({self.layer!r},), or train with quantize_aware(model)"


@dataclass(frozen=True)
class LayerErrors:
    """The layers of a model, the one that lost most first.

    Args:
        path: The file.
        samples: Number of samples that were run.
        layers: One entry a layer that could be told apart in the file.
    """

    path: Path
    samples: int
    layers: tuple[LayerError, ...]

    def worst(self, count: int = 5) -> tuple[LayerError, ...]:
        """Give the layers that lost most."""
        return self.layers[:count]

    def table(self, count: int | None = None) -> Table:
        """Show the layers as a rich table, the worst first.

        Args:
            count: How many; all of them when None.
        """
        from rich.table import Table

        table = Table(*("Layer", "Operator", "Type", "dB", "Remedy"), title=self.path.name)
        for error in self.layers[:count]:
            row = (error.layer, error.operator, error.dtype, f"{error.sqnr_db:.1f}", error.remedy)
            table.add_row(*row)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Give everything as what JSON can hold; an infinite ratio becomes None."""
        return {
            "path": str(self.path),
            "samples": self.samples,
            "layers": [
                {
                    name: None if isinstance(value, float) and not math.isfinite(value) else value
                    for name, value in (asdict(error) | {"remedy": error.remedy}).items()
                }
                for error in self.layers
            ],
        }

    def to_json(self) -> str:
        """Give everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

    def plot(self, path: str | PathLike[str], count: int = 30) -> Path:
        """Draw the worst layers as bars into a picture.

        Args:
            path: The picture; its suffix chooses the format, such as `.png` or `.svg`.
            count: Most layers to draw.
        """
        from matplotlib.figure import Figure

        shown = self.layers[:count][::-1]
        ratios = [min(max(error.sqnr_db, 0.0), 80.0) for error in shown]
        colours = ["tab:red" if error.remedy else "tab:blue" for error in shown]
        figure = Figure(figsize=(8, 1.2 + 0.25 * len(shown)), layout="constrained")
        axes = figure.subplots()
        bars = axes.barh([error.layer for error in shown], ratios, color=colours)
        texts = axes.bar_label(bars, [f"{error.sqnr_db:.1f}" for error in shown], padding=4)
        for text, colour in zip(texts, colours, strict=True):
            text.set_color(colour)  # a ratio of 0 has no bar to be red
        axes.margins(x=0.1)
        axes.axvline(_GOOD_DB, color="black", linewidth=0.8, linestyle="--")
        axes.set_xlabel("signal to quantization noise (dB); red asks for a remedy")
        axes.set_title(f"{self.path.name}: {len(shown)} worst of {len(self.layers)} layers")
        figure.savefig(path)
        return Path(path)

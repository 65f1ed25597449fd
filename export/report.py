"""What an export did, in numbers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .inspection import Inspection
from .reporting.page import to_page

if TYPE_CHECKING:
    from .comparison import Comparison
    from .coral.report import CoralReport
    from .reporting.layers import LayerError, LayerErrors


@dataclass(frozen=True, kw_only=True)
class Report(Inspection):
    """What is in the exported file, and how well it does what the Keras model does.

    Args:
        quantize: The quantization that was asked for.
        target: The device that it was made for.
        parity: How far the file is from Keras; None when there was no data to compare on.
        seconds: How long the export took, in seconds.
        coral: What of the file runs on an Edge TPU, by prediction; None for other devices.
        measure: Measures what is left of each layer; None when there was no data to do it on.
    """

    quantize: str
    target: str = "cpu"
    parity: Comparison | None
    seconds: float
    coral: CoralReport | None = None
    measure: Callable[[], LayerErrors] | None = field(default=None, repr=False, compare=False)

    def summary(self) -> str:
        """Say in one line what matters before the file is shipped."""
        parts = [f"{self.quantize}: {super().summary()}"]
        for output in self.parity.outputs if self.parity else ():
            agreement = output.argmax_agreement
            same = "" if agreement is None else f", same largest entry {agreement:.2%}"
            parts.append(f"{output.name} {output.sqnr_db:.1f} dB from Keras{same}")
        if self.coral:
            parts.append(self.coral.summary())
        return ", ".join(parts)

    @cached_property
    def layers(self) -> LayerErrors:
        """How much of each layer's signal is left; measured when first asked for.

        Raises:
            ValueError: If there was no data to measure it on, or the graph is not known.
        """
        if self.measure is None:
            raise ValueError(
                "Layers are measured on data: pass calibration or parity to to_tflite. "
                f"Received: {self.path} without data"
            )
        return self.measure()

    def worst(self, count: int = 5) -> tuple[LayerError, ...]:
        """Give the layers that lost most, with what to do about each."""
        return self.layers.worst(count)

    def to_html(self, path: str | PathLike[str]) -> Path:
        """Write everything as one page that a browser shows without a network.

        The layers are on it where they could be measured.
        """
        try:
            layers = self.layers
        except ValueError:  # a report without them is still one
            layers = None
        path = Path(path)
        path.write_text(to_page(self, layers), encoding="utf-8")
        return path

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what is computed from the fields, as what JSON can hold."""
        parity = None if self.parity is None else self.parity.to_dict()
        coral = None if self.coral is None else self.coral.to_dict()
        fields = super().to_dict() | {"parity": parity, "coral": coral}
        return {name: value for name, value in fields.items() if name != "measure"}

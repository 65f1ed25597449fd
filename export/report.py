"""What an export did, in numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .inspection import Inspection

if TYPE_CHECKING:
    from .comparison import Comparison
    from .coral.report import CoralReport


@dataclass(frozen=True, kw_only=True)
class Report(Inspection):
    """What is in the exported file, and how well it does what the Keras model does.

    Args:
        quantize: The quantization that was asked for.
        target: The device that it was made for.
        parity: How far the file is from Keras; None when there was no data to compare on.
        seconds: How long the export took, in seconds.
        coral: What of the file runs on an Edge TPU, by prediction; None for other devices.
    """

    quantize: str
    target: str = "cpu"
    parity: Comparison | None
    seconds: float
    coral: CoralReport | None = None

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

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what is computed from the fields, as what JSON can hold."""
        parity = None if self.parity is None else self.parity.to_dict()
        coral = None if self.coral is None else self.coral.to_dict()
        return super().to_dict() | {"parity": parity, "coral": coral}

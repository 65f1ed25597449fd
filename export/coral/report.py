"""Which operators run on an Edge TPU and which stay on the CPU, and why."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.table import Table

CACHE = 8_000_000  # bytes of parameters that an Edge TPU keeps on the chip


@dataclass(frozen=True, kw_only=True)
class Placement:
    """Where operators run.

    Args:
        name: TFLite name of the operator.
        layer: Keras layers behind it, empty when not known.
        mapped: Whether it runs on the Edge TPU.
        reason: Why it stays on the CPU; empty when it doesn't.
        remedy: What to write instead; empty when there is nothing to do.
        uncertain: Why the compiler may decide otherwise; empty when nothing speaks for it.
        macs: Multiply-accumulates; 0 where a compiler's log doesn't tell.
        count: Number of operators.
        end: Whether it only turns an end of the model into integers or back.
    """

    name: str
    layer: str
    mapped: bool
    reason: str = ""
    remedy: str = ""
    uncertain: str = ""
    macs: int = 0
    count: int = 1
    end: bool = False


@dataclass(frozen=True, kw_only=True)
class CoralReport:
    """What of a file runs on an Edge TPU.

    Args:
        path: The file.
        source: `"predicted"` from the documented rules, or `"compiled"` by `edgetpu_compiler`.
        placements: The operators in the order they run, or as the compiler's log groups them.
        parameters: Bytes of the weights of the mapped operators; of the file when compiled.
        errors: What keeps the compiler from taking the file at all.
        notes: Sentences about what deserves a look.
    """

    path: Path
    source: str
    placements: tuple[Placement, ...]
    parameters: int
    errors: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def total(self) -> int:
        """Number of operators."""
        return sum(one.count for one in self.placements)

    @property
    def mapped(self) -> int:
        """Number of operators on the Edge TPU; none when the compiler can't take the file."""
        return 0 if self.errors else sum(one.count for one in self.placements if one.mapped)

    @property
    def mapped_share(self) -> float:
        """Share of the operators on the Edge TPU, in [0, 1]."""
        return self.mapped / self.total if self.total else 0.0

    @property
    def macs_share(self) -> float | None:
        """Share of the multiply-accumulates on the Edge TPU, in [0, 1]; None when not known."""
        whole = sum(one.macs for one in self.placements)
        if not whole:
            return None
        done = 0 if self.errors else sum(one.macs for one in self.placements if one.mapped)
        return done / whole

    @property
    def on_cpu(self) -> tuple[Placement, ...]:
        """The operators that stay on the CPU though they do more than convert the ends."""
        return tuple(one for one in self.placements if not (one.mapped or one.end))

    @property
    def ready(self) -> bool:
        """Whether the compiler takes the file and everything but its ends runs on the TPU."""
        return not (self.errors or self.on_cpu)

    @property
    def fits_cache(self) -> bool:
        """Whether all parameters stay on the chip instead of being sent for each run."""
        return self.parameters <= CACHE

    def summary(self) -> str:
        """Say in one line what matters."""
        if self.errors:
            return f"{self.source}: the compiler takes nothing: {'; '.join(self.errors)}"
        macs = self.macs_share
        work = "" if macs is None else f", {macs:.1%} of the multiply-accumulates"
        cache = "fit" if self.fits_cache else "don't fit"
        return (
            f"{self.source}: {self.mapped} of {self.total} operators on the Edge TPU"
            f" ({self.mapped_share:.1%}){work}; {self.parameters:,} bytes of parameters {cache} "
            f"into its {CACHE:,}"
        )

    def table(self) -> Table:
        """Show the operators as a rich table, with the summary and the notes below."""
        from rich.table import Table

        table = Table(
            *("Operator", "Layer", "Runs on", "Reason", "Instead"),
            title=self.path.name,
            caption="\n".join((self.summary(), *self.notes)),
            caption_justify="left",
        )
        for one in self.placements:
            name = one.name if one.count == 1 else f"{one.count} x {one.name}"
            where = "Edge TPU" if one.mapped else "CPU"
            reason = one.reason or (f"uncertain: {one.uncertain}" if one.uncertain else "")
            table.add_row(name, one.layer, where, reason, one.remedy)
        return table

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what is computed from the fields, as what JSON can hold."""
        return dataclasses.asdict(self) | {
            "path": str(self.path),
            "total": self.total,
            "mapped": self.mapped,
            "mapped_share": self.mapped_share,
            "macs_share": self.macs_share,
            "ready": self.ready,
            "fits_cache": self.fits_cache,
        }

    def to_json(self) -> str:
        """Give everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2)

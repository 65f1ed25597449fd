"""Which tokens of a vocabulary are no words."""

from __future__ import annotations

from dataclasses import dataclass

from .fields import index


@dataclass(frozen=True)
class Tokens:
    """Ids with a meaning of their own, as indices of the labels; None for those not there.

    Args:
        start: Stands before the first word.
        end: Stands behind the last word.
        blank: Stands between symbols of connectionist temporal classification; the last output
            of the model when None.

    Raises:
        ValueError: If an id is no index.
    """

    start: int | None = None
    end: int | None = None
    blank: int | None = None

    def __post_init__(self) -> None:
        for name in ("start", "end", "blank"):
            if getattr(self, name) is not None:
                index(name, getattr(self, name))

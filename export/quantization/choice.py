"""Which layers of a flat model the caller names by `skip` and `only`."""

from __future__ import annotations

import fnmatch
from collections.abc import Collection, Sequence


def choose(names: Sequence[str], skip: Collection[str], only: Collection[str]) -> set[int]:
    """Find the layers that `only` takes and `skip` does not.

    Args:
        names: Names of the layers of the flat model.
        skip: Names or patterns (`*`, `?`). The name of a layer stands for all that was split off
            it as well: `block` for `block.conv` and `block.conv.activation`.
        only: As `skip`.

    Returns:
        Places in `names`.

    Raises:
        ValueError: If a pattern fits no layer.
    """
    for argument, patterns in (("skip", skip), ("only", only)):
        for pattern in patterns:
            if not any(_fits(name, [pattern]) for name in names):
                raise ValueError(
                    f"{argument} must name layers of the flat model, such as {list(names[:3])}. "
                    f"Received: {argument}={pattern!r}"
                )
    return {
        place for place, name in enumerate(names) if _fits(name, only) and not _fits(name, skip)
    }


def _fits(name: str, patterns: Collection[str]) -> bool:
    return any(
        fnmatch.fnmatchcase(name, pattern) or fnmatch.fnmatchcase(name, f"{pattern}.*")
        for pattern in patterns
    )

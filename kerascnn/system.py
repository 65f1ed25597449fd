"""What a system is, apart from the code that builds it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Experiment:
    """The training run that proves a system.

    Args:
        data: Name of the data set, as `kerascnn.data.load` takes it.
        passes: Conditions on the task's score, each `"metric >= number"` or `"metric <= number"`.
            A system passes when all hold on the held-out test split.
        epochs: Passes over the training split.
        batch_size: Examples a step.
        data_options: Keyword arguments of the data set.
        model_options: Keyword arguments of the builder, beyond those that the task sets.
        learning_rate: Peak step size of the optimizer; the task's own when None.
        lost: Share of an accuracy that rounding may lose, by form (`{"int8": 0.01}`), where it is
            more than others may, and as `"answers"` what share of the answers may differ between
            the file and the model that trained with its rounding.
    """

    data: str
    passes: tuple[str, ...]
    epochs: int
    batch_size: int = 64
    data_options: Mapping[str, Any] = field(default_factory=dict)
    model_options: Mapping[str, Any] = field(default_factory=dict)
    learning_rate: float | None = None
    lost: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True)
class System:
    """A registered system. See `register` for the fields."""

    name: str
    task: str
    builder: Callable[..., Any]
    paper: str
    params: Mapping[str, int]
    tiny: Mapping[str, Any]
    variants: Mapping[str, Mapping[str, Any]]
    unsupported: Mapping[str, str]
    experiment: Experiment | None

    def takes(self, options: Mapping[str, Any]) -> dict[str, Any]:
        """Keep what the builder takes, such as the number of classes if it is conditional."""
        known = inspect.signature(self.builder).parameters
        return {name: value for name, value in options.items() if name in known}

    @property
    def summary(self) -> str:
        """The first line of the builder's docstring."""
        return (self.builder.__doc__ or "").strip().partition("\n")[0]

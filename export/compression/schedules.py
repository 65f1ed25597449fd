"""How much of the weights is zero at which step of the training."""

from __future__ import annotations

import numbers
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

# Given a step: whether to choose the zeros anew, and which fraction of the weights they are.
Schedule = Callable[[int], tuple[Any, Any]]


@dataclass(frozen=True)
class ConstantSparsity:
    """Prunes at once, to one sparsity.

    Args:
        sparsity: Fraction of the weights that become zero, in [0, 1). 0 only keeps the zeros that
            are there.
        begin: Step of the optimizer from which on weights are zero.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> ConstantSparsity(0.5, begin=100)(99)  # doctest: +SKIP
        (False, 0.5)
    """

    sparsity: float
    begin: int = 0

    def __post_init__(self) -> None:
        _check_sparsity("sparsity", self.sparsity)
        _check_steps(self.begin, self.begin + 1, 1)

    def __call__(self, step: int) -> tuple[bool, float]:
        """Say whether to choose the zeros at a step, and how many."""
        return step == self.begin, self.sparsity


@dataclass(frozen=True)
class PolynomialSparsity:
    """Prunes more and more: fast at first, while there is much to spare.

    The sparsity at a step is `sparsity + (initial - sparsity) * (1 - progress) ** power`, where the
    progress goes from 0 at `begin` to 1 at `end`.

    Args:
        sparsity: Fraction of the weights that are zero in the end, in [0, 1).
        end: Step of the optimizer at which it is reached. Leave some steps behind it to recover.
        begin: Step at which pruning begins.
        initial: Sparsity there, in [0, 1).
        power: Exponent; 1 for a straight line.
        every: Steps from one choice of the zeros to the next.

    Raises:
        ValueError: If a number is out of range.

    Example:
        >>> PolynomialSparsity(0.8, end=100)(100)  # doctest: +SKIP
        (True, 0.8)

    Reference:
        https://arxiv.org/abs/1710.01878
    """

    sparsity: float
    end: int
    begin: int = 0
    initial: float = 0.0
    power: float = 3.0
    every: int = 20

    def __post_init__(self) -> None:
        _check_sparsity("sparsity", self.sparsity)
        _check_sparsity("initial", self.initial)
        _check_steps(self.begin, self.end, self.every)
        if self.power <= 0:
            raise ValueError(f"The power must be positive. Received: power={self.power}")

    def __call__(self, step: int) -> tuple[bool, float]:
        """Say whether to choose the zeros at a step, and how many."""
        progress = min(max((step - self.begin) / (self.end - self.begin), 0.0), 1.0)
        sparsity = self.sparsity + (self.initial - self.sparsity) * (1.0 - progress) ** self.power
        on_turn = (step - self.begin) % self.every == 0 or step == self.end
        return self.begin <= step <= self.end and on_turn, sparsity


def as_schedule(schedule: Any) -> Schedule:
    """Take a number as a constant sparsity, and a function of the step as it is.

    Raises:
        ValueError: If it is neither, or out of range.
    """
    if isinstance(schedule, numbers.Real):
        return ConstantSparsity(float(schedule))
    if callable(schedule):
        function: Schedule = schedule
        return function
    raise ValueError(
        "A schedule must be a sparsity in [0, 1) or a function that gives (prune now, sparsity) "
        f"for a step. Received: schedule={schedule!r}"
    )


def _check_sparsity(name: str, sparsity: float) -> None:
    if not 0.0 <= sparsity < 1.0:
        raise ValueError(f"A sparsity must be in [0, 1). Received: {name}={sparsity}")


def _check_steps(begin: int, end: int, every: int) -> None:
    if not 0 <= begin < end or every < 1:
        raise ValueError(
            "Steps must count from 0, end after they begin, and be taken one by one or rarer. "
            f"Received: begin={begin}, end={end}, every={every}"
        )

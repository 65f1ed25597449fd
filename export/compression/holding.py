"""Keeps weights in a form while they train, whatever optimizer moves them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras

Projection = Callable[[Any], Any]


class Holding(keras.callbacks.Callback):
    """A callback that puts weights back into their form after each step of any optimizer.

    The model stays as it is: nothing to wrap before the training and nothing to strip after it. The
    form is a constraint of the variable, so Keras's optimizers keep it inside the compiled step,
    in trainers with several optimizers and on every replica.

    Args:
        model: The model whose weights these are; it may be part of the one that is fitted.
    """

    def __init__(self, model: keras.Model) -> None:
        super().__init__()
        self.target = model
        self._forms: list[tuple[Any, Projection]] = []
        self._former: list[Any] = []

    def hold(self, variable: Any, projection: Projection) -> None:
        """Add a weight and the function that puts it into its form."""
        self._forms.append((variable, projection))

    def keep(self, value: Any, dtype: str) -> Any:
        """Create a variable beside the weights, on every replica that has them."""
        with self.target.distribute_strategy.scope():
            return keras.Variable(value, dtype=dtype, trainable=False)

    def project(self) -> None:
        """Put every weight into its form now."""
        for variable, projection in self._forms:
            variable.assign(projection(variable))

    def set_model(self, model: keras.Model) -> None:
        """Tie the forms to the weights, before Keras compiles the step."""
        super().set_model(model)
        if self._former:
            return
        self._former = [variable.constraint for variable, _ in self._forms]
        for (variable, projection), former in zip(self._forms, self._former, strict=True):
            variable.constraint = projection if former is None else _both(former, projection)
        model.train_function = None  # one from an earlier fit knows nothing of the forms

    def on_train_end(self, logs: Any = None) -> None:
        """Release the weights, in their form even where the optimizer put averages in place."""
        self.project()
        for (variable, _), former in zip(self._forms, self._former, strict=True):
            variable.constraint = former
        self._former = []
        self.model.train_function = None


def _both(first: Projection, second: Projection) -> Projection:
    return lambda weights: second(first(weights))

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
        for variable, projection in self._forms:
            forms = variable.constraint
            if not isinstance(forms, _Forms):
                forms = variable.constraint = _Forms(forms)
            if projection not in forms.projections:
                forms.projections.append(projection)
        model.train_function = None  # one from an earlier fit knows nothing of the forms

    def on_train_end(self, logs: Any = None) -> None:
        """Release the weights, in their form even where the optimizer put averages in place."""
        self.project()
        for variable, projection in self._forms:
            forms = variable.constraint
            forms.projections.remove(projection)
            if not forms.projections:
                variable.constraint = forms.former
        self.model.train_function = None


class _Forms:
    """The forms that several callbacks give a weight, after the constraint of its layer."""

    def __init__(self, former: Projection | None) -> None:
        self.former = former
        self.projections: list[Projection] = []

    def __call__(self, weights: Any) -> Any:
        """Put a weight into all its forms."""
        weights = weights if self.former is None else self.former(weights)
        for projection in self.projections:
            weights = projection(weights)
        return weights

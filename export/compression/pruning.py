"""Sets the smallest weights to zero while a model trains, and keeps them there."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from functools import partial
from typing import Any

import keras
import numpy as np
from keras import ops

from .holding import Holding
from .kernels import kernels
from .patterns import Group, group
from .schedules import Schedule, as_schedule


def prune(
    model: keras.Model,
    schedule: float | Schedule,
    *,
    pattern: str | tuple[int, int] = "weights",
    skip: Collection[str] = (),
    only: Collection[str] = ("*",),
) -> Pruning:
    """Make a callback that sets the smallest weights of each layer to zero while a model trains.

    The model stays a plain Keras model: there is nothing to strip, and a file of it saved in the
    middle of the training holds the zeros. A zero stays one, also in a second run: zeros that are
    there when the training starts are kept, so `prune(quantize_aware(pruned), 0.0)` keeps them
    through quantization-aware training.

    Zeros of single weights make a compressed file smaller, and nothing faster; whole filters can
    be cut out afterwards by `shrink`.

    Args:
        model: A built Keras model; also one of several that a trainer fits.
        schedule: The fraction of zeros, in [0, 1), or a function of the optimizer's step that
            gives (whether to choose zeros now, the fraction): `ConstantSparsity`,
            `PolynomialSparsity` or a schedule of tensorflow-model-optimization.
        pattern: `weights`: the smallest ones anywhere in the kernel. `(M, N)`: at most M zeros
            among each N neighbours along the input channels. `filters`: whole filters, with their
            bias and the normalisation behind, the same ones in all layers that an addition ties
            together; only where they can be cut out.
        skip: Paths, names or patterns (`*`, `?`) of layers to leave alone.
        only: Paths, names or patterns of the layers to prune.

    Returns:
        The callback, for `model.fit(..., callbacks=[pruning])`.

    Raises:
        ValueError: If an argument is ill-formed, or a name is of no layer.

    Example:
        >>> schedule = PolynomialSparsity(0.8, end=1000)  # doctest: +SKIP
        >>> model.fit(data, epochs=5, callbacks=[kerascnn.export.prune(model, schedule)])

    Reference:
        https://arxiv.org/abs/1710.01878
    """
    schedule = as_schedule(schedule)
    groups = group(model, kernels(model, skip, only), pattern)
    return Pruning(model, schedule, groups)


class Pruning(Holding):
    """Keeps the chosen weights at zero; made by `prune`.

    Args:
        model: The model that is pruned.
        schedule: How much is zero at which step.
        groups: Variables that share their zeros, and how these are chosen.
    """

    def __init__(self, model: keras.Model, schedule: Schedule, groups: Sequence[Group]) -> None:
        super().__init__(model)
        self.schedule = schedule
        self._groups = groups
        self._masks: dict[int, Any] = {}
        for variable in (variable for variables, _ in groups for variable in variables):
            mask = self._masks[id(variable)] = self.keep(np.ones(variable.shape), "bool")
            self.hold(variable, partial(_masked, mask=mask))
        self._start = self._batch = self._next = 0
        self._fresh = True

    def set_model(self, model: keras.Model) -> None:
        """Start: the zeros are read from the weights at the first batch."""
        super().set_model(model)
        self._fresh = True

    def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
        """Find out at which step the optimizer is."""
        optimizer = getattr(self.model, "optimizer", None)
        done = self._start + self._batch
        self._start = done if optimizer is None else int(ops.convert_to_numpy(optimizer.iterations))
        self._batch = 0

    def on_train_batch_begin(self, batch: int, logs: Any = None) -> None:
        """Choose the zeros where the schedule says so."""
        self._batch = batch
        if self._fresh:  # only now have other callbacks restored an interrupted training
            self._fresh = False
            self._next = self._start + batch
            self._keep_zeros()
        self._advance(self._start + batch)

    def on_train_batch_end(self, batch: int, logs: Any = None) -> None:
        """Count the steps."""
        self._batch = batch + 1

    def on_train_end(self, logs: Any = None) -> None:
        """Choose zeros a last time if the schedule ends here, and release the weights."""
        self._advance(self._start + self._batch)
        super().on_train_end(logs)

    def _keep_zeros(self) -> None:
        for variable in (variable for variables, _ in self._groups for variable in variables):
            zeros = ops.convert_to_numpy(variable) == 0
            # A weight that starts at zero everywhere is not pruned but new.
            self._masks[id(variable)].assign(np.ones_like(zeros) if zeros.all() else ~zeros)

    def _advance(self, step: int) -> None:
        turns = [bool(self.schedule(passed)[0]) for passed in range(self._next, step + 1)]
        self._next = max(self._next, step + 1)
        sparsity = float(self.schedule(step)[1])
        if not any(turns) or not sparsity:
            return
        for variables, choose in self._groups:
            kept = choose([ops.convert_to_numpy(variable) for variable in variables], sparsity)
            for variable, mask in zip(variables, kept, strict=True):
                held = self._masks[id(variable)]
                held.assign(ops.convert_to_numpy(held) & mask)
        self.project()


def _masked(weights: Any, mask: Any) -> Any:
    weights = ops.convert_to_tensor(weights)
    return ops.where(mask, weights, ops.zeros_like(weights))

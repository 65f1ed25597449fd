"""The recurrent network that proposes the next cell of a generator."""

from collections.abc import Sequence
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf
from keras import layers, ops

from kerascnn.models.searched_cells import CONVOLUTIONS, NORMALIZATIONS, UPSAMPLINGS, Cell


class Sample(NamedTuple):
    """Generators that were proposed.

    Args:
        cells: The cells of each, those of the stages before first.
        log_probabilities: Of all choices of the last cell together, `(count,)`.
        entropies: In nats, of these choices, `(count,)`.
        states: The state of the recurrent network behind each, two of `(count, units)`.
    """

    cells: list[tuple[Cell, ...]]
    log_probabilities: Any
    entropies: Any
    states: list[Any]


class Controller(keras.Model):
    """Proposes cells choice by choice: each is drawn from what the ones before made likely.

    There is a controller for each stage of the search; one of a later stage goes on from the
    generators, and from the states, that the stage before found best.

    Args:
        before: Number of cells before the one that is proposed, each of which it may take from.
        units: Size of the recurrent state.
        seed: Seed of the choices; None for a different one each time.

    Reference:
        https://arxiv.org/abs/1908.03835
    """

    def __init__(self, before: int, *, units: int = 100, seed: int | None = None) -> None:
        super().__init__(name="controller")
        self.before = before
        self.units = units
        skips = [2**before] if before else []
        self.choices = [len(CONVOLUTIONS), len(NORMALIZATIONS), len(UPSAMPLINGS), 2, *skips]
        self.cell = layers.LSTMCell(units)
        self.embedding = layers.Embedding(sum(self.choices), units)
        self.heads = [layers.Dense(count) for count in self.choices]
        self.seed_generator = keras.random.SeedGenerator(seed)
        self.random = np.random.default_rng(seed)
        self.sample(1, self.nothing())

    def nothing(self) -> Sample:
        """Give what the first stage goes on from: a generator without cells."""
        state = np.zeros((1, self.units), "float32")
        return Sample([()], np.zeros(1), np.zeros(1), [state, state])

    def sample(self, count: int, previous: Sample) -> Sample:
        """Propose generators, each one cell longer than one of those before.

        Args:
            count: Number of generators.
            previous: What to go on from, each alike likely.
        """
        chosen = self.random.integers(0, len(previous.cells), count)
        states = [ops.take(ops.convert_to_tensor(one), chosen, axis=0) for one in previous.states]
        x, actions = ops.zeros((count, self.units)), []
        log_probabilities, entropies = 0.0, 0.0
        for number, head in enumerate(self.heads):
            output, states = self.cell(x, states)
            logs = ops.log_softmax(head(output))
            action = keras.random.categorical(logs, 1, seed=self.seed_generator)[:, 0]
            actions.append(np.asarray(action))
            log_probabilities += tf.gather(logs, action, batch_dims=1)
            entropies -= ops.sum(logs * ops.exp(logs), axis=-1)
            x = self.embedding(action + sum(self.choices[:number]))
        cells = [
            (*previous.cells[index], self._cell(choice))
            for index, choice in zip(chosen, np.stack(actions, axis=1), strict=True)
        ]
        return Sample(cells, log_probabilities, entropies, list(states))

    def _cell(self, choice: Sequence[int]) -> Cell:
        convolution, normalization, upsampling, shortcut, *skips = map(int, choice)
        return Cell(
            CONVOLUTIONS[convolution],
            NORMALIZATIONS[normalization],
            UPSAMPLINGS[upsampling],
            bool(shortcut),
            tuple(bool(skips[0] >> place & 1) for place in range(self.before)),
        )

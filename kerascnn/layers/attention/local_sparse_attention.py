"""Attention between the places of an image in two sparse steps that keep to neighbourhoods."""

import functools
import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from kerascnn.layers.attention.block_attention import floor_attention, repetitive_attention
from kerascnn.layers.attention.self_attention import SelfAttention2D
from kerascnn.layers.attention.sparse_patterns import ENDS, PATTERNS, manhattan_order


@keras.saving.register_keras_serializable(package="kerascnn")
class LocalSparseAttention2D(SelfAttention2D):
    """Attends like `SelfAttention2D`, but each head of a pixel sees only some of the keys.

    Pixels are counted by their distance from the top left one and cut into blocks of `stride`.
    A head of a floor pattern sees its block up to (left) or from (right) the pixel on, one of a
    repetitive pattern the last (left) or first (right) key of every block and its own. With
    pooled keys a pixel counts as the cell that it is pooled in. Only products that the patterns
    allow are computed, within blocks and with shared ends: of `n` keys some `sqrt(n)` a query.

    Differs from the authors' code: that repeats the pattern of the keys along the flattened
    queries, where pixel and cell are not neighbours.

    Args:
        heads: Number of heads, a multiple of the patterns; each has its share of the channels.
        patterns: Names of the patterns, of `"right_floor"`, `"right_repetitive"`,
            `"left_floor"` and `"left_repetitive"`; neighbouring heads share one.
        stride: Keys in a block; None for the root of their number, rounded down.
        **kwargs: Those of `SelfAttention2D`, and `name`, `dtype` and the like.

    Call arguments:
        inputs: `(batch, height, width, channels)`, with known sides that the pool divides.

    Output shape:
        The shape of the input.

    Raises:
        ValueError: If an argument is out of range, or does not divide what it is to divide.

    Example:
        >>> LocalSparseAttention2D()(keras.Input((32, 32, 64))).shape
        (None, 32, 32, 64)

    Reference:
        https://arxiv.org/abs/1911.12287
    """

    def __init__(
        self,
        *,
        heads: int = 8,
        patterns: Sequence[str] = tuple(PATTERNS),
        stride: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if not patterns or set(patterns) - set(PATTERNS):
            raise ValueError(f"There are the patterns {tuple(PATTERNS)}. Received: {patterns=}")
        if heads < 1 or heads % len(patterns):
            raise ValueError(
                f"heads must be a multiple of the {len(patterns)} patterns. Received: heads={heads}"
            )
        if stride is not None and stride < 1:
            raise ValueError(f"A block needs a key. Received: stride={stride}")
        self.heads = heads
        self.patterns = tuple(patterns)
        self.stride = stride

    def build(self, input_shape):
        """Create the projections, and the tables of who is where in the sequence."""
        super().build(input_shape)
        height, width = input_shape[1:3]
        widths = (
            self.query.compute_output_shape(input_shape)[-1],
            self.value.compute_output_shape(input_shape)[-1],
        )
        if height % self.pool_size or width % self.pool_size or any(w % self.heads for w in widths):
            raise ValueError(
                f"pool_size={self.pool_size} must divide the sides, and heads={self.heads} the "
                f"channels of keys and values. Received: input_shape={tuple(input_shape)}, "
                f"channels={widths}"
            )
        size = self.pool_size
        rows, columns = height // size, width // size
        count = rows * columns
        stride = min(self.stride or math.isqrt(count), count)
        order = manhattan_order(rows, columns)
        # The last block is filled up with the first cell, which nobody looks at there.
        self.cells = np.append(order, np.full(-count % stride, order[0]))
        pixels = np.arange(height * width).reshape(rows, size, columns, size).swapaxes(1, 2)
        self.pixels = pixels.reshape(count, -1)[self.cells].ravel()
        self.places = np.argsort(self.pixels[: height * width])
        self.steps = [self._step(name, count, stride) for name in self.patterns]

    def attend(self, query, key, value):
        """Average the values that the patterns allow by the softmax of their products."""
        sides, channels = query.shape[1:3], value.shape[-1]
        query = self._sequence(query, self.pixels)
        key, value = self._sequence(key, self.cells), self._sequence(value, self.cells)
        share = self.heads // len(self.patterns)
        outputs = []
        for place, step in enumerate(self.steps):
            mine = slice(place * share, (place + 1) * share)
            outputs.append(step(query[:, mine], key[:, mine], value[:, mine]))
        x = ops.transpose(ops.concatenate(outputs, 1), (0, 2, 1, 3))
        x = ops.reshape(x, (-1, len(self.pixels), channels))
        return ops.reshape(ops.take(x, self.places, axis=1), (-1, *sides, channels))

    def get_config(self):
        """Describe the arguments."""
        own = {"heads": self.heads, "patterns": self.patterns, "stride": self.stride}
        return {**super().get_config(), **own}

    def _sequence(self, x, indices):
        """Bring pixels into their order, and heads to the front."""
        x = ops.reshape(x, (-1, x.shape[1] * x.shape[2], x.shape[3]))
        x = ops.take(x, indices, axis=1)
        x = ops.reshape(x, (-1, len(indices), self.heads, x.shape[2] // self.heads))
        return ops.transpose(x, (0, 2, 1, 3))

    def _step(self, name, count, stride):
        """Give the function that attends by one pattern."""
        area = self.pool_size**2
        if name in ENDS:
            ends = ENDS[name](count, stride)
            is_end = np.isin(np.arange(len(self.cells)), ends).repeat(area)[:, None]
            return functools.partial(repetitive_attention, ends=ends, is_end=is_end)
        allowed = PATTERNS[name](stride, stride).repeat(area, 0)[None]
        if count % stride:
            real = np.arange(len(self.cells)).reshape(-1, 1, stride) < count
            allowed = allowed & real
        return functools.partial(floor_attention, allowed=allowed)

"""Part capsules that draw: each owns a small picture and says where it belongs."""

from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import layers, ops

_OPTIONS = ("parts", "template_size", "channels")


@keras.saving.register_keras_serializable(package="kerascnn")
class TemplateDecoder(layers.Layer):
    """Draws every part's template on a canvas, moved by the part's affine pose.

    A part owns a template of colours, sigmoids of learned numbers, and one of opacities. Both
    are moved by the pose, a map from the template's plane to the canvas's, each with coordinates
    (right, down) in [-1, 1] from the centre of the first pixel to that of the last, and sampled
    bilinearly, 0 outside. At every pixel of the canvas, the parts and an even background are
    mixed by the softmax of opacity plus logarithm of presence.

    It is for training: in int8, the inverse of a pose has too wide a range.

    Args:
        parts: Number of parts, at least 1.
        image_size: Height and width of the canvas, in pixels, at least 2.
        template_size: Sides of the templates, in pixels, at least 2.
        channels: Colours of a pixel.
        template_initializer: Initializer of the colours before the sigmoid, `(parts, numbers)`.
        **kwargs: `name`, `dtype` and the like.

    Call arguments:
        inputs: `[poses, presences]`: `(batch, parts, 6)`, the rows `(a, b, t)` and `(c, d, u)` of
            an invertible affine matrix, see `geometric_pose`; and `(batch, parts)` in [0, 1].

    Output shape:
        Colours, `(batch, parts + 1, height, width, channels)`, in [0, 1], the background last,
        and logarithms of the mixing weights, `(batch, parts + 1, height, width)`, in nats.

    Raises:
        ValueError: If a size is too small.

    Example:
        >>> decoder = TemplateDecoder(40)
        >>> colors, weights = decoder([keras.Input((40, 6)), keras.Input((40,))])
        >>> colors.shape, weights.shape
        ((None, 41, 40, 40, 1), (None, 41, 40, 40))

    Reference:
        https://arxiv.org/abs/1906.06818
    """

    def __init__(
        self,
        parts: int,
        *,
        image_size: Sequence[int] = (40, 40),
        template_size: int = 11,
        channels: int = 1,
        template_initializer: Any = "orthogonal",
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        if min(parts, channels) < 1 or min(template_size, *image_size) < 2:
            raise ValueError(
                "Counts must be positive and sides at least 2. Received: "
                f"{parts=}, {channels=}, {template_size=}, {image_size=}"
            )
        self.parts = parts
        self.image_size = tuple(image_size)
        self.template_size = template_size
        self.channels = channels
        self.template_initializer = keras.initializers.get(template_initializer)

    def build(self, input_shape):
        """Create the templates and the background."""
        pixels = self.template_size**2
        self.colors = self.add_weight(
            name="colors",
            shape=(self.parts, pixels * self.channels),
            initializer=self.template_initializer,
        )
        self.opacities = self.add_weight(
            name="opacities", shape=(self.parts, pixels), initializer="zeros"
        )
        self.background = [
            self.add_weight(name=name, shape=(), initializer="zeros")
            for name in ("background_color", "background_opacity")
        ]
        down, right = (np.linspace(-1, 1, side, dtype="float32") for side in self.image_size)
        self.canvas = [grid.ravel() for grid in np.meshgrid(right, down)]
        self.built = True

    def call(self, inputs):
        """Draw and mix."""
        poses, presences = inputs
        kind, side = poses.dtype, self.template_size
        wide = keras.backend.result_type(kind, "float32")
        values = (poses, presences, self.colors, self.opacities, *self.background)
        poses, presences, colors, opacities, paint, cover = (ops.cast(v, wide) for v in values)
        shape = (self.parts, side, side, self.channels)
        colors = ops.reshape(ops.sigmoid(colors), shape)
        templates = ops.concatenate([colors, ops.reshape(opacities, (*shape[:3], 1))], axis=-1)
        drawn = self._draw(templates, poses)  # (batch, parts, pixels, channels + 1)
        colors = ops.pad(drawn[..., :-1], ((0, 0), (0, 1), (0, 0), (0, 0)))
        last = np.arange(self.parts + 1)[:, None, None] == self.parts
        colors = colors + ops.sigmoid(paint) * ops.cast(last, wide)
        logits = drawn[..., -1] + ops.log(ops.maximum(presences, 1e-6))[..., None]
        empty = ops.zeros_like(logits[:, :1]) + ops.softplus(cover)
        weights = ops.log_softmax(ops.concatenate([logits, empty], axis=1), axis=1)
        shape = (-1, self.parts + 1, *self.image_size)
        colors = ops.reshape(colors, (*shape, self.channels))
        return ops.cast(colors, kind), ops.cast(ops.reshape(weights, shape), kind)

    def _draw(self, templates, poses):
        """Sample the templates where the poses take the canvas back to."""
        a, b, t, c, d, u = (poses[..., i : i + 1] for i in range(6))
        right, down = self.canvas[0] - t, self.canvas[1] - u  # (batch, parts, pixels)
        scale, side = 1.0 / (a * d - b * c), self.template_size + 1
        column, x = self._between(scale * (d * right - b * down))
        row, y = self._between(scale * (a * down - c * right))
        # A row for each four neighbours, those of zeros around the template included.
        padded = ops.pad(templates, ((0, 0), (1, 1), (1, 1), (0, 0)))
        starts = [(i, j) for i in (0, 1) for j in (0, 1)]
        corners = ops.stack([padded[:, i : i + side, j : j + side] for i, j in starts], axis=3)
        corners = ops.reshape(corners, (self.parts * side**2, 4, -1))
        first = np.arange(self.parts, dtype="int32")[:, None] * side**2
        corners = ops.take(corners, first + row * side + column, axis=0)
        shares = ops.stack([(1 - y) * (1 - x), (1 - y) * x, y * (1 - x), y * x], axis=-1)
        return ops.sum(corners * shares[..., None], axis=-2)

    def _between(self, x):
        """Give the pixel before a place in [-1, 1], from 0 for the border, and how far behind."""
        last = self.template_size
        x = ops.clip((x + 1.0) * (0.5 * (last - 1)) + 1.0, 0.0, last + 1.0)
        before = ops.minimum(ops.floor(x), last)
        return ops.cast(before, "int32"), x - before

    def compute_output_shape(self, input_shape):
        """Give the shapes of colours and mixing weights."""
        shape = (input_shape[0][0], self.parts + 1, *self.image_size)
        return (*shape, self.channels), shape

    def get_config(self):
        """Describe the arguments."""
        own = {name: getattr(self, name) for name in _OPTIONS}
        own["image_size"] = list(self.image_size)
        own["template_initializer"] = keras.initializers.serialize(self.template_initializer)
        return {**super().get_config(), **own}

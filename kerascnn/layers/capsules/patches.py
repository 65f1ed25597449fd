"""The patches that a kernel sees, and what the places in them share."""

import numpy as np
from keras import ops


class Patches:
    """Where the windows of a convolution without padding lie.

    Args:
        height: Height of the input, in pixels.
        width: Width of the input, in pixels.
        size: Side of the window, in pixels, at most the height and the width.
        strides: Step of the window, in pixels.
    """

    def __init__(self, height: int, width: int, size: int, strides: int) -> None:
        self.pixels = height * width
        self.area = size * size
        self.height = (height - size) // strides + 1
        self.width = (width - size) // strides + 1
        rows = strides * np.arange(self.height)[:, None] + np.arange(size)
        columns = strides * np.arange(self.width)[:, None] + np.arange(size)
        # Pixel of every place: (height, width, size, size) flattened.
        self.seen = (rows[:, None, :, None] * width + columns[None, :, None, :]).ravel()
        places = [np.flatnonzero(self.seen == pixel) for pixel in range(self.pixels)]
        self.most = max(len(found) for found in places)
        # What each of the patches that show a pixel has of it.
        self.shares = 1.0 / np.array([max(1, len(found)) for found in places])
        # Places that show a pixel, filled up by repetition, and which of them are not repeated.
        filled = [np.resize(found if found.size else [0], self.most) for found in places]
        self.shown = np.concatenate(filled)
        self.once = np.array([np.arange(self.most) < len(found) for found in places])

    def gather(self, x):
        """Cut out the patches.

        Args:
            x: `(batch, height * width, channels)`.

        Returns:
            `(batch * patches, size * size * channels)`.
        """
        return ops.reshape(ops.take(x, self.seen, axis=1), (-1, self.area * x.shape[-1]))

    def softmax(self, logits):
        """Divide every child among all parents in all patches that show it.

        Args:
            logits: `(batch * patches, parents, children)`, the children of a patch those of its
                first pixel, of its second one, and so on.

        Returns:
            Shares of the shape of the logits; those of one child sum to 1.
        """
        kinds = logits.shape[-1] // self.area
        best = self._by_pixel(ops.max(logits, axis=1), kinds)
        best = ops.stop_gradient(self.gather(ops.max(best, axis=2)))
        shares = ops.exp(logits - ops.expand_dims(best, axis=1))
        sums = self._by_pixel(ops.sum(shares, axis=1), kinds)
        sums = ops.sum(sums * ops.cast(self.once[..., None], sums.dtype), axis=2)
        # The sums are at least 1; a reciprocal in two factors is good enough in eight bits.
        scale = ops.expand_dims(ops.rsqrt(self.gather(sums)), axis=1)
        return shares * scale * scale

    def _by_pixel(self, x, kinds: int):
        """Give `(batch, height * width, most, kinds)` from `(batch * patches, children)`."""
        x = ops.reshape(x, (-1, len(self.seen), kinds))
        x = ops.take(x, self.shown, axis=1)
        return ops.reshape(x, (-1, self.pixels, self.most, kinds))

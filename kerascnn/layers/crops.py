"""Windows of an image that are found on the way."""

from keras import ops


def crop_around(images, places, side, size):
    """Cut windows around places and resize them bilinearly to squares.

    Windows that reach beyond the image are 0 there. All is done by products of matrices, which
    every runtime has, and nothing by indices.

    Args:
        images: `(batch, height, width, channels)`.
        places: y and x of the middle of each window in [0, 1], `(batch, windows, 2)`.
        side: Height and width of each window as shares of the image's, `(batch, windows, 2)`; what
            is the same for all may be 1 instead of `windows` and 2.
        size: Side of the result, in pixels.

    Returns:
        `(batch, windows, size, size, channels)`.

    Example:
        >>> images, middle = keras.ops.ones((1, 4, 4, 3)), keras.ops.full((1, 1, 2), 0.5)
        >>> crop_around(images, middle, keras.ops.ones((1, 1, 1)), 2).shape
        TensorShape([1, 1, 2, 2, 3])
    """
    height, width, channels = images.shape[1:]
    count = places.shape[1]
    rows = _weights(places[..., :1], side[..., :1], size, height)  # (batch, windows, size, height)
    columns = _weights(places[..., 1:], side[..., -1:], size, width)
    x = ops.reshape(images, (-1, height, width * channels))
    x = ops.matmul(ops.reshape(rows, (-1, count * size, height)), x)
    x = ops.reshape(x, (-1, count, size, width, channels))
    x = ops.reshape(ops.transpose(x, (0, 1, 3, 2, 4)), (-1, count, width, size * channels))
    x = ops.reshape(ops.matmul(columns, x), (-1, count, size, size, channels))
    return ops.transpose(x, (0, 1, 3, 2, 4))


def _weights(middle, side, size, length):
    """Give how much each pixel of an axis counts for each of a window, `(..., size, length)`."""
    steps = (ops.arange(size, dtype=middle.dtype) + 0.5) / size - 0.5
    places = ops.clip((middle + side * steps) * length - 0.5, -1.0, length)
    pixels = ops.arange(length, dtype=middle.dtype)
    # 1 - |distance|, written so that in integers near pixels count exactly and far ones are 0.
    near = ops.relu6(ops.expand_dims(places, -1) - (pixels - 1.0))
    return ops.relu(ops.minimum(near, 2.0 - near))

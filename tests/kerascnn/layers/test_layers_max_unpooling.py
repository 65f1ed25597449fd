import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import MaxUnpooling2D

RNG = np.random.default_rng(0)


def slow(values, pooled, size):
    output = np.zeros_like(pooled)
    for sample, row, column, channel in np.ndindex(values.shape):
        top, left = row * size, column * size
        window = pooled[sample, top : top + size, left : left + size, channel]
        i, j = np.unravel_index(window.argmax(), window.shape)
        output[sample, top + i, left + j, channel] = values[sample, row, column, channel]
    return output


@pytest.mark.parametrize("size", [2, 3])
def test_values_go_to_the_first_maximum_of_their_window(size):
    pooled = RNG.integers(0, 3, (2, 2 * size, 3 * size, 4)).astype("float32")  # many ties
    values = RNG.normal(size=(2, 2, 3, 4)).astype("float32")
    output = MaxUnpooling2D(size)([values, pooled])
    np.testing.assert_array_equal(output, slow(values, pooled, size))


def test_pooling_what_was_unpooled_gives_it_back():
    pooled = RNG.uniform(size=(2, 8, 6, 3)).astype("float32")
    maxima = keras.ops.max_pool(pooled, 2)
    output = np.array(MaxUnpooling2D()([maxima, pooled]))
    np.testing.assert_array_equal(output[output != 0], pooled[output != 0])
    np.testing.assert_array_equal(keras.ops.max_pool(output, 2), maxima)


def test_the_values_get_a_gradient_and_the_map_none():
    values, pooled = (tf.constant(RNG.normal(size=(1, side, side, 2))) for side in (2, 4))
    scale = RNG.normal(size=(1, 4, 4, 2))
    with tf.GradientTape() as tape:
        tape.watch([values, pooled])
        total = tf.reduce_sum(MaxUnpooling2D(dtype="float64")([values, pooled]) * scale)
    to_values, to_map = tape.gradient(total, [values, pooled])
    assert to_map is None
    chosen = slow(np.ones((1, 2, 2, 2)), np.array(pooled), 2) * scale
    np.testing.assert_allclose(to_values, chosen.reshape(1, 2, 2, 2, 2, 2).sum(axis=(2, 4)))


def test_maps_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"2 times.*Received: values=\(None, 2, 2, 3\), map="):
        MaxUnpooling2D()([keras.Input((2, 2, 3)), keras.Input((5, 4, 3))])

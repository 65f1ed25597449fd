import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import BicubicResampling

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(2, 12, 6, 3)).astype("float32")


def slow_keys(x):
    x = abs(x)
    if x < 1:
        return 1.5 * x**3 - 2.5 * x**2 + 1
    return -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2 if x < 2 else 0.0


def slow_row(row, up, down):
    """One new pixel after the other, as the weighted mean of the old ones."""
    wide = max(1.0, down / up)
    new = []
    for place in range(len(row) * up // down):
        middle = (place + 0.5) * down / up - 0.5
        weights = [slow_keys((middle - old) / wide) for old in range(len(row))]
        new.append(np.dot(weights, row) / np.sum(weights))
    return np.array(new)


FACTORS = [(1, 1), (2, 1), (3, 1), (1, 2), (1, 3), (3, 2), (2, 3)]


@pytest.mark.parametrize(("up", "down"), FACTORS)
def test_rows_and_columns_are_means_weighted_by_keys_kernel(up, down):
    expected = np.apply_along_axis(slow_row, 1, IMAGES, up, down)
    expected = np.apply_along_axis(slow_row, 2, expected, up, down)
    resampled = BicubicResampling(up=up, down=down)(IMAGES)
    np.testing.assert_allclose(resampled, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize(("up", "down"), FACTORS)
def test_it_is_what_keras_resizes(up, down):
    size = (12 * up // down, 6 * up // down)
    expected = keras.ops.image.resize(IMAGES, size, interpolation="bicubic", antialias=True)
    resampled = BicubicResampling(up=up, down=down)(IMAGES)
    np.testing.assert_allclose(resampled, expected, atol=2e-4)


@pytest.mark.parametrize(("up", "down"), FACTORS)
def test_what_is_flat_stays_flat(up, down):
    flat = BicubicResampling(up=up, down=down)(np.full((1, 6, 6, 1), 0.7, "float32"))
    np.testing.assert_allclose(flat, np.full(flat.shape, 0.7), rtol=1e-5)


def test_sides_may_be_unknown():
    image = keras.Input((None, None, 3))
    model = keras.Model(image, BicubicResampling(up=2)(image))
    assert model.output_shape == (None, None, None, 3)
    for size in ((5, 4), (3, 8)):
        x = IMAGES[:, : size[0], : size[1]]
        np.testing.assert_allclose(model.predict(x, verbose=0), BicubicResampling(up=2)(x), 1e-5)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_compiles(jit_compile):
    layer = BicubicResampling(up=2)
    compiled = tf.function(layer, jit_compile=jit_compile)
    np.testing.assert_allclose(compiled(IMAGES), layer(IMAGES), rtol=1e-5)


def test_sides_that_would_not_be_whole_are_refused():
    with pytest.raises(ValueError, match="divisible by 4"):
        BicubicResampling(down=4)(IMAGES)

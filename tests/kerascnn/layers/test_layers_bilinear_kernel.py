import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import BilinearKernel

RNG = np.random.default_rng(0)


def enlarge(image, times):
    start = {"kernel_initializer": BilinearKernel(), "use_bias": False}
    layer = keras.layers.Conv2DTranspose(image.shape[-1], 2 * times, times, **start)
    return np.array(layer(image))


@pytest.mark.parametrize(
    ("side", "tent"),
    [
        (1, [1]),
        (2, [0.5, 0.5]),
        (3, [0.5, 1, 0.5]),
        (4, [0.25, 0.75, 0.75, 0.25]),
        (5, [1 / 3, 2 / 3, 1, 2 / 3, 1 / 3]),
    ],
)
def test_a_kernel_is_a_tent_along_each_axis_for_each_channel(side, tent):
    kernel = np.array(BilinearKernel()((side, 4, 3, 3)))
    other = [0.25, 0.75, 0.75, 0.25]
    expected = np.zeros((side, 4, 3, 3))
    for y, x, channel in np.ndindex(side, 4, 3):
        expected[y, x, channel, channel] = tent[y] * other[x]
    np.testing.assert_allclose(kernel, expected, rtol=1e-6)


@pytest.mark.parametrize("times", [2, 3, 8])
def test_a_constant_map_stays_constant_in_the_interior(times):
    large = enlarge(np.full((1, 5, 4, 2), 3.0, "float32"), times)
    np.testing.assert_allclose(large[:, times:-times, times:-times], 3.0, atol=1e-6)


@pytest.mark.parametrize("times", [2, 4])
def test_an_image_is_enlarged_as_by_bilinear_interpolation(times):
    image = RNG.normal(size=(2, 6, 5, 3)).astype("float32")
    wanted = tf.image.resize(image, (6 * times, 5 * times), method="bilinear")
    # Half of what a pixel spreads over lies outside of the image.
    large = enlarge(image, times)[:, times // 2 : -(times // 2), times // 2 : -(times // 2)]
    inner = (slice(None), slice(times, -times), slice(times, -times))
    np.testing.assert_allclose(large[inner], wanted[inner], atol=1e-5)


def test_it_survives_its_configuration():
    again = keras.initializers.deserialize(keras.initializers.serialize(BilinearKernel()))
    np.testing.assert_array_equal(again((4, 4, 2, 2)), BilinearKernel()((4, 4, 2, 2)))


def test_it_needs_as_many_outputs_as_inputs():
    with pytest.raises(ValueError, match=r"Received: shape=\(4, 4, 2, 3\)"):
        BilinearKernel()((4, 4, 2, 3))

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import LocalResponseNormalization

RNG = np.random.default_rng(0)


def normalize(image, size=5, bias=2.0, alpha=1e-4, beta=0.75):
    """The definition, one channel at a time."""
    output, channels = np.empty_like(image), image.shape[-1]
    for c in range(channels):
        first, last = max(0, c - size // 2), min(channels - 1, c + size // 2)
        energy = sum(image[..., j] ** 2 for j in range(first, last + 1))
        output[..., c] = image[..., c] / (bias + alpha * energy) ** beta
    return output


OPTIONS = [
    {},
    {"size": 1, "alpha": 0.5, "beta": 0.5},
    {"size": 3, "bias": 1.0, "alpha": 0.3, "beta": 0.25},
    {"size": 7, "bias": 0.5, "alpha": 0.2, "beta": 1.25},
    {"size": 31, "alpha": 0.2, "beta": 0.6},
]


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_it_equals_the_definition(options):
    image = 20 * RNG.normal(size=(2, 3, 4, 9))
    output = LocalResponseNormalization(**options)(image.astype("float32"))
    np.testing.assert_allclose(output, normalize(image, **options), rtol=2e-5, atol=1e-6)


def test_it_equals_the_operation_of_tensorflow():
    image = 30 * RNG.normal(size=(2, 5, 5, 16)).astype("float32")
    expected = tf.nn.local_response_normalization(image, 2, 2.0, 1e-4, 0.75)
    np.testing.assert_allclose(LocalResponseNormalization()(image), expected, rtol=1e-5)


@pytest.mark.parametrize("options", OPTIONS, ids=str)
def test_the_gradient_is_the_slope(options):
    image = RNG.normal(size=(1, 2, 1, 5))
    weights = RNG.normal(size=image.shape)
    layer = LocalResponseNormalization(**options, dtype="float64")
    with tf.GradientTape() as tape:
        tape.watch(variable := tf.constant(image))
        total = tf.reduce_sum(layer(variable) * weights)
    slope = np.empty_like(image)
    for index in np.ndindex(image.shape):
        step = np.zeros_like(image)
        step[index] = 1e-6
        above, below = (np.sum(weights * normalize(image + d, **options)) for d in (step, -step))
        slope[index] = (above - below) / 2e-6
    np.testing.assert_allclose(tape.gradient(total, variable), slope, rtol=1e-6, atol=1e-8)


def test_zeros_stay_zero_with_a_finite_gradient():
    layer = LocalResponseNormalization()
    with tf.GradientTape() as tape:
        tape.watch(image := tf.zeros((1, 2, 2, 6)))
        output = layer(image)
    np.testing.assert_array_equal(output, np.zeros((1, 2, 2, 6)))
    np.testing.assert_allclose(tape.gradient(output, image), 2.0**-0.75, rtol=1e-6)


def test_numbers_whose_squares_leave_half_precision_are_normalized():
    image = 1000 * RNG.normal(size=(1, 2, 2, 6)).astype("float16")
    output = LocalResponseNormalization(dtype="float16")(image)
    assert output.dtype == "float16"
    np.testing.assert_allclose(output, normalize(image.astype("float64")), rtol=2e-3)


def test_an_input_that_is_no_image_is_refused():
    with pytest.raises(ValueError, match=r"Received: input_shape=\(None, 8\)"):
        LocalResponseNormalization().build((None, 8))

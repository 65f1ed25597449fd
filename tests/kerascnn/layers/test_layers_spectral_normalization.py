import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import export
from kerascnn.layers import ConditionalBatchNormalization, SpectralNormalization

RNG = np.random.default_rng(0)


def convolution(**options):
    wrapped = keras.layers.Conv2D(6, 3, kernel_initializer=keras.initializers.RandomNormal(seed=0))
    return SpectralNormalization(wrapped, **options)


def largest(kernel):
    return np.linalg.svd(np.reshape(kernel, (-1, kernel.shape[-1])), compute_uv=False)[0]


@pytest.mark.parametrize("wrapped", [keras.layers.Conv2D(6, 3), keras.layers.Dense(7)], ids=str)
def test_the_largest_singular_value_becomes_1(wrapped):
    layer = SpectralNormalization(wrapped)
    x = RNG.normal(size=(2, 5, 5, 4)).astype("float32")
    for _ in range(50):
        layer(x, training=True)
    np.testing.assert_allclose(largest(layer.normalized_kernel().numpy()), 1.0, atol=1e-3)


def test_the_kernel_stays_and_the_result_is_that_of_the_normalised_one():
    layer, x = convolution(power_iterations=60), RNG.normal(size=(2, 5, 5, 4)).astype("float32")
    layer.build(x.shape)
    before = layer.layer.kernel.numpy()
    output = layer(x, training=True)
    np.testing.assert_array_equal(layer.layer.kernel.numpy(), before)
    layer.layer.kernel.assign(before / largest(before))
    np.testing.assert_allclose(output, layer.layer(x), rtol=1e-4, atol=1e-5)


def test_gradients_pass_through_the_singular_value():
    layer = convolution(power_iterations=100)
    x = RNG.normal(size=(2, 5, 5, 4)).astype("float32")
    layer.build(x.shape)
    kernel = layer.layer.kernel.numpy()
    with tf.GradientTape() as tape:
        total = tf.reduce_sum(layer(x, training=True) ** 2)
    gradient = tape.gradient(total, layer.layer.kernel.value).numpy()

    def definition(given):
        plain = tf.nn.conv2d(x.astype("float64"), given / largest(given), 1, "VALID").numpy()
        return np.sum(plain**2)

    direction = RNG.normal(size=kernel.shape)
    ends = [definition(kernel + step * direction) for step in (1e-4, -1e-4)]
    np.testing.assert_allclose(np.sum(gradient * direction), (ends[0] - ends[1]) / 2e-4, rtol=1e-3)
    # The length of the kernel does not matter, so that no gradient points along it.
    assert abs(np.sum(gradient * kernel)) < 1e-3 * np.linalg.norm(gradient)


def test_mixed_precision_leaves_the_kernel_as_precise_as_it_was():
    layer = SpectralNormalization(
        keras.layers.Dense(6, dtype="mixed_float16"), dtype="mixed_float16"
    )
    x = RNG.normal(size=(3, 5)).astype("float32")
    assert layer(x, training=True).dtype == "float16"
    kernel = layer.layer.kernel.numpy()
    assert kernel.dtype == np.float32
    assert not np.array_equal(kernel, kernel.astype("float16"))


def test_only_training_improves_the_estimate():
    layer, x = convolution(), RNG.normal(size=(2, 5, 5, 4)).astype("float32")
    layer(x)
    before = layer.vector.numpy()
    layer(x, training=False)
    np.testing.assert_array_equal(layer.vector.numpy(), before)
    layer(x, training=True)
    assert not np.array_equal(layer.vector.numpy(), before)


@pytest.mark.parametrize("jit_compile", [False, True])
def test_it_trains_under_fit(jit_compile):
    model = keras.Sequential([keras.Input((5, 5, 4)), convolution(), keras.layers.Flatten()])
    model.compile("sgd", "mse", jit_compile=jit_compile)
    before = model.get_weights()
    x = RNG.normal(size=(4, 5, 5, 4)).astype("float32")
    model.fit(x, RNG.normal(size=(4, 54)), verbose=0)
    assert not any(np.array_equal(*pair) for pair in zip(before, model.get_weights(), strict=True))


@pytest.mark.parametrize("quantize", ["float32", "int8"])
def test_the_file_holds_a_plain_convolution(quantize, tmp_path):
    model = keras.Sequential([keras.Input((5, 5, 4)), convolution(), keras.layers.ReLU()])
    x = RNG.normal(size=(4, 5, 5, 4)).astype("float32")
    calibration = x if quantize == "int8" else None
    report = export.to_tflite(
        model, tmp_path / "model.tflite", quantize=quantize, calibration=calibration
    )
    assert {one.name for one in report.operators} - {"QUANTIZE", "DEQUANTIZE"} == {"CONV_2D"}


def test_layers_of_one_name_inside_others_are_told_apart():
    image, condition = keras.Input((4, 4, 3)), keras.Input((5,))
    x = image
    for _ in range(2):
        x = ConditionalBatchNormalization(spectral_normalization=True)([x, condition])
    aware = export.quantize_aware(keras.Model([image, condition], x))
    assert sum(layer.name.endswith("gains.rounded") for layer in aware.layers) == 2


def test_a_layer_without_a_kernel_is_refused():
    with pytest.raises(ValueError, match="kernel"):
        SpectralNormalization(keras.layers.ReLU())(np.ones((1, 3)))

"""The deconvnet against loops over pixels."""

import keras
import numpy as np
import pytest
from keras import layers

import kerascnn
from kerascnn.models import deconvnet

RNG = np.random.default_rng(0)


def convolve(image, kernel, bias):
    size = kernel.shape[0] // 2
    padded = np.pad(image, ((size, size), (size, size), (0, 0)))
    output = np.zeros((*image.shape[:2], kernel.shape[-1])) + bias
    for y, x, a in np.ndindex(kernel.shape[:3]):
        rows = padded[y : y + image.shape[0], x : x + image.shape[1], a]
        output += rows[..., None] * kernel[y, x, a]
    return output


def transposed(maps, kernel):
    size = kernel.shape[0] // 2
    padded = np.zeros((maps.shape[0] + 2 * size, maps.shape[1] + 2 * size, kernel.shape[2]))
    for y in range(maps.shape[0]):
        for x in range(maps.shape[1]):
            padded[y : y + 2 * size + 1, x : x + 2 * size + 1] += kernel @ maps[y, x]
    return padded[size:-size, size:-size]


def pool(maps):
    """Maxima of squares of 2 pixels, and the switches: where each was."""
    height, width, channels = maps.shape
    squares = maps.reshape(height // 2, 2, width // 2, 2, channels).transpose(0, 2, 4, 1, 3)
    flat = squares.reshape(*squares.shape[:3], 4)
    first = np.eye(4)[flat.argmax(-1)]  # of equals, one has a switch
    return flat.max(-1), first.reshape(squares.shape)


def unpool(maps, switches):
    height, width, channels = maps.shape
    squares = maps[..., None, None] * switches
    return squares.transpose(0, 3, 1, 4, 2).reshape(2 * height, 2 * width, channels)


def expected(image, weights, channel):
    (first, bias), (second, offset) = weights
    maps = np.maximum(convolve(image, first, bias), 0)
    pooled, switches = pool(maps)
    top = np.maximum(convolve(pooled, second, offset), 0)
    only = np.zeros_like(top)
    place = np.unravel_index(top[..., channel].argmax(), top.shape[:2])
    only[(*place, channel)] = top[(*place, channel)]
    back = transposed(np.maximum(only, 0), second)
    return transposed(np.maximum(unpool(back, switches), 0), first), only.max()


@pytest.fixture
def encoder():
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 10, 2))
    x = layers.Conv2D(5, 3, padding="same", activation="relu", bias_initializer="normal")(image)
    x = layers.MaxPooling2D()(x)
    x = layers.Conv2D(4, 3, padding="same", bias_initializer="normal")(x)
    return keras.Model(image, layers.ReLU(name="top")(x))


@pytest.mark.parametrize("channel", [0, 3])
def test_it_equals_the_definition(encoder, channel):
    images = RNG.normal(size=(3, 8, 10, 2)).astype("float32")
    found = deconvnet(encoder, images, "top", channel)
    weights = [layer.get_weights() for layer in encoder.layers if layer.weights]
    for image, pixels, response in zip(images, found.pixels, found.responses, strict=True):
        wanted, strongest = expected(image.astype("float64"), weights, channel)
        np.testing.assert_allclose(pixels, wanted, atol=1e-5)
        np.testing.assert_allclose(response, strongest, rtol=1e-5)


def test_what_comes_back_is_rectified_whatever_the_input_was(encoder):
    """The gradient is another thing: it looks at the sign of what went forth."""
    images = RNG.normal(size=(3, 8, 10, 2)).astype("float32")
    found = deconvnet(encoder, images, "top", 0).pixels
    tensor = keras.ops.convert_to_tensor(images)
    import tensorflow as tf

    with tf.GradientTape() as tape:
        tape.watch(tensor)
        strongest = tf.reduce_max(encoder(tensor)[..., 0], axis=(1, 2)) ** 2 / 2
    assert np.abs(found - tape.gradient(strongest, tensor)).max() > 1e-2


def test_a_box_holds_what_can_reach_the_unit(encoder):
    found = deconvnet(encoder, RNG.normal(size=(3, 8, 10, 2)), "top", 0)
    for pixels, (top, left, bottom, right) in zip(found.pixels, found.boxes, strict=True):
        inside = pixels[top:bottom, left:right]
        assert np.sum(inside**2) == pytest.approx(np.sum(pixels**2))
        assert bottom - top <= 8  # 3 + 2 * 2 + 1: the receptive field


@pytest.mark.parametrize("name", ["resnet", "resnet_v2", "googlenet", "inception_v3", "alexnet"])
def test_composite_layers_are_rectified_inside(name):
    keras.utils.set_random_seed(0)
    model = kerascnn.create_model(name, **kerascnn.get_system(name).tiny)
    shape = getattr(model, "deployable", model).input_shape[1:]
    found = deconvnet(model, RNG.uniform(size=(2, *shape)), "stage2", 0)
    assert found.pixels.shape == (2, *shape)
    assert np.isfinite(found.pixels).all()


@pytest.mark.parametrize(
    ("layer", "channel", "message"),
    [
        ("top", 4, "maps of top are 0 to 3"),
        ("dense", 0, "must give maps"),
        ("stage7", 0, "stages:"),
    ],
)
def test_what_is_not_there_is_refused(encoder, layer, channel, message):
    flat = layers.Dense(2, name="dense")(layers.Flatten()(encoder.output))
    model = keras.Model(encoder.inputs, flat)
    with pytest.raises(ValueError, match=message):
        deconvnet(model, np.zeros((1, 8, 10, 2)), layer, channel)

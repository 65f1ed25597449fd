import keras
import numpy as np
import pytest

from kerascnn.models.segmentation.unet import unet

SMALL = {"filters": 2, "num_classes": 3}


def test_valid_convolutions_give_the_sizes_of_the_paper():
    with keras.StatelessScope(initialize_variables=False):
        model = unet((572, 572, 1), padding="valid")
    assert model.get_layer("bottom_conv2").output.shape == (None, 28, 28, 1024)
    assert model.output_shape == (None, 388, 388, 2)


def test_padded_convolutions_keep_the_size():
    assert unet((32, 48, 1), **SMALL).output_shape == (None, 32, 48, 3)


def test_an_image_of_any_size_is_taken():
    model = unet((None, None, 1), depth=2, **SMALL)
    assert model(np.zeros((1, 16, 24, 1))).shape == (1, 16, 24, 3)


@pytest.mark.parametrize("level", [1, 2])
def test_every_shortcut_reaches_the_output(level):
    model = unet((16, 16, 1), depth=2, **SMALL)
    shortcut = model.get_layer(f"decoder{level}_shortcut")
    channels = 2 * 2 ** (level - 1)
    assert shortcut.output.shape[-1] == 2 * channels
    head = model.get_layer(f"decoder{level}_conv1")
    image = np.random.default_rng(0).uniform(size=(1, 16, 16, 1)).astype("float32")
    before = np.array(model(image))
    kernel, bias = head.get_weights()
    kernel[:, :, :channels] = 0.0  # the skip comes first
    head.set_weights([kernel, bias])
    assert np.abs(np.array(model(image)) - before).max() > 1e-3


def test_dropout_acts_in_training_only():
    model = unet((16, 16, 1), depth=2, **SMALL)
    image = np.ones((1, 16, 16, 1), "float32")
    np.testing.assert_array_equal(model(image), model(image))
    assert np.abs(np.array(model(image, training=True)) - model(image, training=True)).max() > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (30, 32, 1)}, r"divisible by 16.*input_shape=\(30, 32, 1\)"),
        ({"input_shape": (256, 256, 1), "padding": "valid"}, r"even.*input_shape=\(256, 256, 1\)"),
        ({"input_shape": (None, None, 1), "padding": "valid"}, "known"),
        ({"padding": "causal"}, "padding='causal'"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        unet(**options)

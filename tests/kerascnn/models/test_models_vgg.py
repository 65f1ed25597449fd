import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.models.classification import vgg as module
from kerascnn.models.classification.vgg import vgg
from kerascnn.training.transfer import copy_by_name

RNG = np.random.default_rng(0)
SIXTEEN = (2, 2, 3, 3, 3)


@pytest.mark.parametrize("depth", [11, 13, 16, 19])
def test_a_variant_has_as_many_weighted_layers_as_its_name_says(depth):
    with keras.StatelessScope(initialize_variables=False):
        model = kerascnn.create_model(f"vgg{depth}")
    weighted = (keras.layers.Conv2D, keras.layers.Dense)
    assert sum(isinstance(layer, weighted) for layer in model.layers) == depth


def test_blocks_double_the_channels_up_to_512_and_halve_the_sides():
    with keras.StatelessScope(initialize_variables=False):
        model = vgg()
    shapes = [model.get_layer(f"block{number}_pool").output.shape[1:] for number in range(1, 6)]
    sides, channels = (112, 56, 28, 14, 7), (64, 128, 256, 512, 512)
    assert shapes == [(s, s, c) for s, c in zip(sides, channels, strict=True)]


def test_two_convolutions_see_as_far_as_one_of_5x5():
    model = vgg((12, 12, 1), blocks=(2,), filters=2, activation="softplus")
    maps = keras.Model(model.input, model.get_layer("block1_conv2").output)
    image = RNG.uniform(size=(1, 12, 12, 1)).astype("float32")
    changed = image.copy()
    changed[0, 6, 6] += 1.0
    seen = np.abs(maps(changed) - maps(image))[0].max(axis=-1) > 0
    expected = np.zeros((12, 12), bool)
    expected[4:9, 4:9] = True
    np.testing.assert_array_equal(seen, expected)


def test_all_layers_but_the_last_take_the_activation_and_start_at_the_scale_of_he():
    model = vgg((16, 16, 3), blocks=(1, 1), filters=32, units=256, activation="tanh")
    layers = [layer for layer in model.layers if layer.weights]
    assert [layer.activation.__name__ for layer in layers] == ["tanh"] * 4 + ["softmax"]
    for layer in layers[1:-1]:
        kernel = keras.ops.convert_to_numpy(layer.kernel)
        assert kernel.std() == pytest.approx(np.sqrt(2 / np.prod(kernel.shape[:-1])), rel=0.05)


@pytest.mark.parametrize("top", [True, False])
def test_keras_weights_give_the_outputs_of_keras(top):
    shape = (32, 32, 3)
    source = keras.applications.VGG16(weights=None, include_top=False, input_shape=shape)
    if top:  # Keras's own dense layers, at a width that a test can afford
        x = keras.layers.Flatten()(source.output)
        for name in ("fc1", "fc2", "predictions"):
            x = keras.layers.Dense(10, activation="relu", name=name)(x)
        source = keras.Model(source.input, keras.layers.Softmax()(x))
    model = vgg(shape, num_classes=10, units=10, classifier_activation="relu")
    classifier = model.get_layer("predictions").get_weights()
    for layer in (layer for layer in source.layers if layer.weights):
        layer.bias.assign(RNG.normal(0.0, 0.05, layer.bias.shape))
    copy_by_name(source, model)
    image = RNG.normal(size=(2, *shape)).astype("float32")
    expected = source.predict(image, verbose=0)
    if top:
        outputs = keras.layers.Softmax()(model.output)
    else:
        outputs = model.get_layer("block5_pool").output
        for old, new in zip(classifier, model.get_layer("predictions").get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
    given = keras.Model(model.input, outputs).predict(image, verbose=0)
    assert expected.std() > 1e-4
    np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-5)


def test_networks_of_different_depth_are_not_copied():
    options = {"filters": 2, "units": 4, "num_classes": 3}
    source = vgg((16, 16, 3), blocks=(1, 1), **options)
    with pytest.raises(ValueError, match="same layers"):
        copy_by_name(source, vgg((16, 16, 3), blocks=(1, 2), **options))


@pytest.mark.parametrize(
    ("shape", "num_classes", "whole"),
    [((224, 224, 3), 1000, True), ((224, 224, 3), 7, False), ((32, 32, 3), 1000, False)],
)
def test_imagenet_weights_come_with_dense_layers_where_these_fit(
    monkeypatch, shape, num_classes, whole
):
    asked = []
    monkeypatch.setitem(
        module._KERAS, (SIXTEEN, 64, 3), lambda include_top: asked.append(include_top)
    )
    monkeypatch.setattr(module, "copy_by_name", lambda source, model: None)
    with keras.StatelessScope(initialize_variables=False):
        model = vgg(shape, num_classes=num_classes, weights="imagenet")
    assert asked == [whole]
    assert model.output_shape == (None, num_classes)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "imagenet", "blocks": (1, 1, 2, 2, 2)},
        {"weights": "imagenet", "input_shape": (224, 224, 1)},
        {"weights": "imagenet", "filters": 32},
        {"weights": "instagram"},
    ],
    ids=str,
)
def test_weights_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=rf"Received: weights='{options['weights']}'"):
        vgg(**options)


def test_an_image_that_is_too_small_is_refused():
    with pytest.raises(ValueError, match=r"at least 32 .*Received: input_shape=\(31, 32, 3\)"):
        vgg((31, 32, 3))

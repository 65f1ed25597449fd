import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.layers import Residual
from kerascnn.models.classification import resnet as module
from kerascnn.models.classification.resnet import resnet
from kerascnn.training.transfer import copy_residual_network

RNG = np.random.default_rng(0)
SMALL = {"stem": "cifar", "bottleneck": False, "filters": 4, "num_classes": 3}


def units(model):
    return [layer for layer in model.layers if isinstance(layer, Residual)]


def randomized(network):
    """A network of Keras's whose statistics and biases are not at their start."""
    for weight in network.weights:
        scale = 1.0 if weight.path.endswith(("gamma", "moving_variance")) else 0.0
        value = RNG.normal(scale, 0.05, weight.shape)
        weight.assign(np.abs(value) if scale else value)
    return network


@pytest.mark.parametrize("depth", [18, 34, 50, 101, 152, 20, 32, 44, 56, 110])
def test_a_variant_has_as_many_weighted_layers_as_its_name_says(depth):
    with keras.StatelessScope(initialize_variables=False):
        model = kerascnn.create_model(f"resnet{depth}")
    assert sum(len(unit.convolutions) for unit in units(model)) + 2 == depth


def test_stages_halve_the_sides_and_double_the_channels():
    with keras.StatelessScope(initialize_variables=False):
        model = resnet()
    shapes = [unit.output.shape[1:] for unit in units(model) if unit.name.endswith("block3")]
    assert shapes == [(56, 56, 256), (28, 28, 512), (14, 14, 1024), (7, 7, 2048)]


def test_only_the_units_that_change_the_shape_have_another_shortcut():
    model = resnet((16, 16, 3), blocks=(2, 2), **SMALL)
    assert [unit.shortcut for unit in units(model)] == ["identity"] * 2 + [
        "zero_padding",
        "identity",
    ]
    model = resnet((64, 64, 3), blocks=(1, 2), filters=4)
    assert [unit.shortcut for unit in units(model)] == ["projection", "projection", "identity"]


@pytest.mark.parametrize("top", [True, False])
def test_keras_weights_give_the_outputs_of_keras(top):
    shape = (64, 64, 3)
    source = randomized(
        keras.applications.ResNet50(weights=None, include_top=top, input_shape=shape)
    )
    model = resnet(shape)
    classifier = model.get_layer("predictions").get_weights()
    copy_residual_network(source, model)
    image = RNG.normal(size=(2, *shape)).astype("float32")
    if not top:
        for old, new in zip(classifier, model.get_layer("predictions").get_weights(), strict=True):
            np.testing.assert_array_equal(old, new)
        model = keras.Model(model.inputs, units(model)[-1].output)
    expected = source.predict(image, verbose=0)
    assert expected.std() > 1e-4
    np.testing.assert_allclose(model.predict(image, verbose=0), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("num_classes", [1000, 7])
def test_imagenet_weights_come_with_a_classifier_of_1000_classes_only(monkeypatch, num_classes):
    asked = []

    def pretrained(include_top):
        asked.append(include_top)
        shape = (224, 224, 3) if include_top else (32, 32, 3)
        return keras.applications.ResNet50(weights=None, include_top=include_top, input_shape=shape)

    key = ("imagenet", (3, 4, 6, 3), True, 64, 3)
    monkeypatch.setitem(module._KERAS, key, pretrained)
    model = resnet((32, 32, 3), num_classes=num_classes, weights="imagenet")
    assert asked == [num_classes == 1000]
    assert model.output_shape == (None, num_classes)


@pytest.mark.parametrize(
    "options",
    [
        {"weights": "imagenet", "blocks": (2, 2, 2, 2), "bottleneck": False},
        {"weights": "imagenet", "input_shape": (224, 224, 1)},
        {"weights": "imagenet", "filters": 32},
        {"weights": "instagram"},
    ],
    ids=str,
)
def test_weights_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=rf"Received: weights='{options['weights']}'"):
        resnet(**options)


def test_networks_of_different_depth_are_not_copied():
    source = resnet((16, 16, 3), blocks=(1, 1), **SMALL)
    with pytest.raises(ValueError, match="same layers"):
        copy_residual_network(source, resnet((16, 16, 3), blocks=(1, 2), **SMALL))


def test_an_unknown_stem_is_refused():
    with pytest.raises(ValueError, match="Received: stem='mnist'"):
        resnet(stem="mnist")

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.layers import PreActivationResidual
from kerascnn.models.classification import resnet_v2 as module
from kerascnn.models.classification.resnet_v2 import resnet_v2
from kerascnn.training.transfer import copy_residual_network

RNG = np.random.default_rng(0)
SMALL = {"stem": "cifar", "bottleneck": False, "filters": 4, "num_classes": 3}


def units(model):
    return [layer for layer in model.layers if isinstance(layer, PreActivationResidual)]


def randomized(network):
    """A network of Keras's whose statistics and biases are not at their start."""
    for weight in network.weights:
        scale = 1.0 if weight.path.endswith(("gamma", "moving_variance")) else 0.0
        value = RNG.normal(scale, 0.05, weight.shape)
        weight.assign(np.abs(value) if scale else value)
    return network


@pytest.mark.parametrize("depth", [50, 101, 152, 164])
def test_a_variant_has_as_many_weighted_layers_as_its_name_says(depth):
    with keras.StatelessScope(initialize_variables=False):
        model = kerascnn.create_model(f"resnet{depth}_v2")
    assert sum(len(unit.convolutions) for unit in units(model)) + 2 == depth


def test_the_last_unit_of_a_stage_halves_the_sides_for_imagenet():
    with keras.StatelessScope(initialize_variables=False):
        model = resnet_v2(blocks=(2, 2, 1))
    assert [unit.output.shape[1:] for unit in units(model)] == [
        (56, 56, 256),
        (28, 28, 256),
        (28, 28, 512),
        (14, 14, 512),
        (14, 14, 1024),
    ]
    assert [unit.shortcut for unit in units(model)] == [
        "projection",
        "zero_padding",
        "projection",
        "zero_padding",
        "projection",
    ]


def test_the_first_unit_of_a_stage_halves_the_sides_of_small_images():
    model = resnet_v2((16, 16, 3), blocks=(2, 2), **SMALL)
    assert [unit.output.shape[1:] for unit in units(model)] == [(16, 16, 4)] * 2 + [(8, 8, 8)] * 2


@pytest.mark.parametrize("top", [True, False])
def test_keras_weights_give_the_outputs_of_keras(top):
    shape = (64, 64, 3)
    source = randomized(
        keras.applications.ResNet50V2(weights=None, include_top=top, input_shape=shape)
    )
    model = resnet_v2(shape)
    copy_residual_network(source, model)
    image = RNG.normal(size=(2, *shape)).astype("float32")
    if not top:
        model = keras.Model(model.inputs, model.get_layer("post_relu").output)
    expected = source.predict(image, verbose=0)
    assert expected.std() > 1e-4
    np.testing.assert_allclose(model.predict(image, verbose=0), expected, rtol=1e-4, atol=1e-5)


def test_imagenet_weights_are_those_of_the_same_network(monkeypatch):
    asked = []

    def pretrained(include_top):
        asked.append(include_top)
        return keras.applications.ResNet50V2(weights=None, include_top=False)

    monkeypatch.setitem(module._KERAS, ("imagenet", (3, 4, 6, 3), True, 64, 3), pretrained)
    model = resnet_v2((32, 32, 3), num_classes=7, weights="imagenet")
    assert (asked, model.output_shape) == ([False], (None, 7))


@pytest.mark.parametrize(
    "options", [{"weights": "imagenet", "blocks": (2, 2)}, {"weights": "instagram"}], ids=str
)
def test_weights_that_do_not_exist_are_refused(options):
    with pytest.raises(ValueError, match=rf"Received: weights='{options['weights']}'"):
        resnet_v2(**options)


def test_an_unknown_stem_is_refused():
    with pytest.raises(ValueError, match="Received: stem='mnist'"):
        resnet_v2(stem="mnist")

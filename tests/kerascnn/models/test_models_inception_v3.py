import keras
import numpy as np
import pytest

from kerascnn.layers import FactorizedInception
from kerascnn.losses import SmoothedCrossentropy
from kerascnn.models.classification import inception_v3 as module
from kerascnn.models.classification.inception_v3 import inception_v3
from kerascnn.training.transfer import copy_inception_network

RNG = np.random.default_rng(0)
SMALL = {"input_shape": (21, 21, 1), "stem": "small", "width": 1 / 32, "num_classes": 3}


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return inception_v3()


def test_the_maps_have_the_sizes_of_the_paper(paper):
    shapes = [
        layer.output.shape[1:]
        for layer in paper.network.layers
        if isinstance(layer, FactorizedInception)
    ]
    assert shapes == [
        *((35, 35, channels) for channels in (256, 288, 288)),
        *[(17, 17, 768)] * 5,
        (8, 8, 1280),
        *[(8, 8, 2048)] * 2,
    ]


def test_the_auxiliary_classifier_trains_and_is_not_deployed(paper):
    own = paper.network.count_params() - paper.deployable.count_params()
    convolutions = 768 * 128 + 5 * 5 * 128 * 768
    assert own == convolutions + 3 * (128 + 768) + 768 * 1000 + 1000
    assert paper.network.get_layer("aux_pool").input.shape[1:] == (17, 17, 768)
    assert paper.network.get_layer("aux2_conv").kernel.shape[:2] == (5, 5)
    assert [output.shape for output in paper.network.outputs] == [(None, 1000)] * 2
    assert not [one.name for one in paper.deployable.layers if one.name.startswith("aux")]


@pytest.mark.parametrize("share", [0.1, 0.3])
def test_labels_are_smoothed(share):
    model = inception_v3(**SMALL, blocks=(0, 0, 0), label_smoothing=share)
    assert isinstance(model.default_loss, SmoothedCrossentropy)
    assert model.default_loss.label_smoothing == share


def test_keras_weights_give_the_outputs_of_keras():
    shape = (75, 75, 3)
    source = keras.applications.InceptionV3(weights=None, input_shape=shape)
    for weight in source.weights:
        if weight.path.endswith(("beta", "moving_mean")):
            weight.assign(RNG.normal(0.0, 0.05, weight.shape))
        elif weight.path.endswith("moving_variance"):
            weight.assign(RNG.uniform(0.5, 1.5, weight.shape))
    model = inception_v3(shape)
    copy_inception_network(source, model.deployable)
    image = RNG.normal(size=(2, *shape)).astype("float32")
    inner = [
        keras.Model(one.input, one.get_layer("pooling" if one is not source else "avg_pool").output)
        for one in (source, model.deployable)
    ]
    expected = inner[0](image, training=False)
    assert np.std(expected) > 1e-4
    np.testing.assert_allclose(inner[1](image, training=False), expected, rtol=1e-4, atol=1e-5)
    theirs, ours = (one.get_layer("predictions") for one in (source, model.deployable))
    np.testing.assert_array_equal(ours.kernel, theirs.kernel)


def test_networks_of_different_depth_are_not_copied():
    source = inception_v3(**SMALL, blocks=(0, 0, 0)).deployable
    with pytest.raises(ValueError, match="same layers"):
        copy_inception_network(source, inception_v3(**SMALL, blocks=(0, 0, 1)).deployable)


@pytest.mark.parametrize("num_classes", [1000, 7])
def test_imagenet_weights_come_with_a_classifier_of_1000_classes_only(monkeypatch, num_classes):
    asked = []
    monkeypatch.setattr(
        keras.applications, "InceptionV3", lambda include_top: asked.append(include_top)
    )
    monkeypatch.setattr(module, "copy_inception_network", lambda source, model: None)
    with keras.StatelessScope(initialize_variables=False):
        inception_v3(num_classes=num_classes, weights="imagenet")
    assert asked == [num_classes == 1000]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"weights": "imagenet", "width": 0.5}, "weights='imagenet'"),
        ({"weights": "instagram"}, "weights='instagram'"),
        ({"stem": "large"}, "stem='large'"),
        ({"input_shape": (75, 74, 3)}, r"input_shape=\(75, 74, 3\)"),
        ({"input_shape": (20, 21, 3), "stem": "small"}, r"input_shape=\(20, 21, 3\)"),
        ({"blocks": (3, 4)}, "blocks="),
        ({"blocks": (3, 5, 2)}, "blocks="),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=f"Received: {message}"):
        inception_v3(**options)

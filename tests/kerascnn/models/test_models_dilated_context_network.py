import itertools

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.models import vgg_blocks
from kerascnn.models.segmentation.dilated_context_network import dilated_context_network

TINY = kerascnn.get_system("dilated_context_network").tiny
RNG = np.random.default_rng(0)

CLASSES = 21
SIXTEEN = ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2)
SIXTEEN += ((256, 512), *[(512, 512)] * 5)
DENSE = (7 * 7 * 512 + 1) * 4096 + (4096 + 1) * 4096
FRONT_END = sum((9 * a + 1) * b for a, b in SIXTEEN) + DENSE + (4096 + 1) * CLASSES
BASIC = 7 * (9 * CLASSES + 1) * CLASSES + (CLASSES + 1) * CLASSES
WIDTHS = [CLASSES * times for times in (1, 2, 2, 4, 8, 16, 32, 32)]
LARGE = sum((9 * a + 1) * b for a, b in itertools.pairwise(WIDTHS))
LARGE += (WIDTHS[-1] + 1) * CLASSES


@pytest.mark.parametrize(
    ("name", "context"),
    [
        ("dilated_front_end", 0),
        ("dilated_context_network", BASIC),
        ("dilated_context_network_large", LARGE),
    ],
)
def test_parameters_are_those_of_vgg_of_the_scores_and_of_the_context(name, context):
    assert kerascnn.get_system(name).params[name] == FRONT_END + context


def test_what_followed_a_pool_is_dilated_in_its_place():
    with keras.StatelessScope(initialize_variables=False):
        model = kerascnn.create_model("dilated_front_end")
    rates = {
        layer.name: layer.dilation_rate[0]
        for layer in model.layers
        if isinstance(layer, keras.layers.Conv2D) and layer.dilation_rate != (1, 1)
    }
    assert rates == {**{f"block5_conv{number}": 2 for number in (1, 2, 3)}, "fc6": 4}
    pools = [layer for layer in model.layers if isinstance(layer, keras.layers.MaxPooling2D)]
    assert len(pools) == 3
    assert model.get_layer("score").output.shape == (None, 64, 64, 21)
    assert model.output_shape == (None, 512, 512, 21)


def test_at_the_start_the_context_module_passes_on_what_is_above_0():
    model = dilated_context_network(**TINY)
    parts = [model.get_layer(name).output for name in ("score", "context")]
    image = RNG.uniform(size=(2, 16, 20, 3)).astype("float32")
    score, context = keras.Model(model.input, parts)(image)
    np.testing.assert_array_equal(context, np.maximum(score, 0))


@pytest.mark.parametrize("blocks", [(1, 1), (1, 1, 1), (1, 1, 1, 1)])
def test_a_mask_has_the_size_of_its_image(blocks):
    model = dilated_context_network(**{**TINY, "blocks": blocks})
    assert model(np.ones((1, 16, 20, 3))).shape == (1, 16, 20, 21)


def test_sides_may_be_unknown():
    model = dilated_context_network(**{**TINY, "input_shape": (None, None, 3)})
    assert model(np.ones((1, 16, 20, 3))).shape == (1, 16, 20, 21)


@pytest.mark.parametrize("context", [None, "basic", "large"])
def test_further_features_become_scores_at_the_end(context):
    model = dilated_context_network(**TINY, context=context, features=2, num_classes=5)
    assert model.get_layer("score").output.shape[-1] == 2
    assert model.output_shape[-1] == 5


def test_imagenet_weights_go_into_the_convolutions(monkeypatch):
    asked = []
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top: asked.append(include_top))
    monkeypatch.setattr(vgg_blocks, "copy_by_name", lambda source, model: asked.append(model))
    with keras.StatelessScope(initialize_variables=False):
        dilated_context_network(weights="imagenet")
    top, encoder = asked
    assert top is False
    weighted = [layer.name for layer in encoder.layers if layer.weights]
    assert len(weighted) == 13
    assert weighted[-1] == "block5_conv3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"blocks": (1,)}, r"Received: blocks=\(1,\)"),
        ({"input_shape": (15, 20, 3)}, r"divisible by 2. Received: input_shape=\(15, 20, 3\)"),
        ({"context": "huge"}, "Received: variant='huge'"),
        ({"weights": "imagenet"}, "Received: weights='imagenet'"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        dilated_context_network(**{**TINY, **options})

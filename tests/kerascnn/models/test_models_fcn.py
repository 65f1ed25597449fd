import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.layers import CropLike
from kerascnn.models import vgg_blocks
from kerascnn.models.segmentation.fcn import fcn

TINY = kerascnn.get_system("fcn").tiny
RNG = np.random.default_rng(0)

CLASSES = 21
SIXTEEN = ((3, 64), (64, 64), (64, 128), (128, 128), (128, 256), *[(256, 256)] * 2)
SIXTEEN += ((256, 512), *[(512, 512)] * 5)
DENSE = (7 * 7 * 512 + 1) * 4096 + (4096 + 1) * 4096
BASE = sum((9 * a + 1) * b for a, b in SIXTEEN) + DENSE + (4096 + 1) * CLASSES


@pytest.mark.parametrize(
    ("name", "scores", "kernels"),
    [("fcn32s", (), (64,)), ("fcn16s", (512,), (4, 32)), ("fcn8s", (512, 256), (4, 4, 16))],
)
def test_parameters_are_those_of_vgg_of_the_scores_and_of_what_enlarges(name, scores, kernels):
    count = BASE + sum((channels + 1) * CLASSES for channels in scores)
    count += sum(side**2 * CLASSES**2 for side in kernels)
    assert kerascnn.get_system("fcn").params[name] == count


@pytest.mark.parametrize(
    ("name", "offsets"), [("fcn32s", [19]), ("fcn16s", [5, 27]), ("fcn8s", [5, 9, 31])]
)
def test_crops_start_where_those_of_the_released_networks_do(name, offsets):
    with keras.StatelessScope(initialize_variables=False):
        model = kerascnn.create_model(name)
    crops = [layer.offset for layer in model.layers if isinstance(layer, CropLike)]
    assert crops == offsets


@pytest.mark.parametrize("fused", [0, 1, 2])
@pytest.mark.parametrize("sides", [(17, 17), (19, 30), (32, 21), (5, 1)])
def test_a_mask_has_the_size_of_its_image(fused, sides):
    model = fcn(**{**TINY, "input_shape": (*sides, 3), "fused": fused})
    assert model.output_shape == (None, *sides, 21)
    assert model(np.ones((1, *sides, 3))).shape == (1, *sides, 21)


@pytest.mark.parametrize("fused", [0, 2])
def test_sides_may_be_unknown(fused):
    known = fcn(**{**TINY, "fused": fused})
    model = fcn(**{**TINY, "input_shape": (None, None, 3), "fused": fused})
    model.set_weights(known.get_weights())
    images = RNG.normal(size=(2, *TINY["input_shape"])).astype("float32")
    np.testing.assert_allclose(model.predict(images, verbose=0), known.predict(images, verbose=0))
    assert model(np.ones((1, 30, 9, 3))).shape == (1, 30, 9, 21)


def passing_on(**options):
    """A network of which every layer gives the mean of what it sees, in every channel."""
    model = fcn(**{**TINY, "num_classes": 1, "input_shape": (40, 56, 1), **options})
    for layer in model.layers:
        if isinstance(layer, keras.layers.Conv2D) and "upscore" not in layer.name:
            kernel = np.zeros(layer.kernel.shape)
            kernel[tuple(side // 2 for side in kernel.shape[:2])] = 1 / kernel.shape[2]
            layer.set_weights([kernel, np.zeros(layer.bias.shape)])
    return model


@pytest.mark.parametrize("fused", [0, 1, 2])
def test_scores_stand_over_the_pixels_that_they_come_from(fused):
    image = np.zeros((1, 40, 56, 1), "float32")
    image[:, 16:24, 24:32] = 1  # one pixel of the last pool, with the padding of 16
    mask = np.array(passing_on(fused=fused)(image))[0, ..., 0]
    middle = [np.average(places, weights=mask) for places in np.indices(mask.shape)]
    assert middle == pytest.approx([19.5, 27.5], abs=1e-3)


@pytest.mark.parametrize(("fused", "sharp"), [(0, False), (2, True)])
def test_earlier_pools_sharpen_the_scores(fused, sharp):
    image = np.zeros((1, 40, 56, 1), "float32")
    image[:, 16:24, 24:32] = 1
    mask = np.array(passing_on(fused=fused)(image))[0, ..., 0]
    step = np.abs(np.diff(mask, axis=0)).max() / mask.max()
    assert (step > 0.2) == sharp


def test_before_training_no_class_has_a_score_and_the_last_enlargement_is_not_trained():
    model = fcn(**TINY)
    image = RNG.uniform(size=(1, 21, 18, 3)).astype("float32")
    np.testing.assert_array_equal(model(image), np.zeros((1, 21, 18, 21)))
    fixed = [layer.name for layer in model.layers if not layer.trainable]
    assert fixed == ["upscore"]


def test_imagenet_weights_go_into_the_convolutions(monkeypatch):
    asked = []
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top: asked.append(include_top))
    monkeypatch.setattr(vgg_blocks, "copy_by_name", lambda source, model: asked.append(model))
    with keras.StatelessScope(initialize_variables=False):
        kerascnn.create_model("fcn", weights="imagenet")
    top, encoder = asked
    assert top is False
    weighted = [layer.name for layer in encoder.layers if layer.weights]
    assert len(weighted) == 13
    assert weighted[-1] == "block5_conv3"


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"fused": 3}, r"Received: fused=3, blocks=\(1, 1, 1\)"),
        ({"fused": -1}, "Received: fused=-1"),
        ({"kernel_size": 4}, "Received: kernel_size=4"),
        ({"kernel_size": 3}, "Received: kernel_size=3"),
        ({"padding": 16}, "at least 17 here. Received: padding=16"),
        ({"weights": "imagenet"}, "Received: weights='imagenet'"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        fcn(**{**TINY, **options})

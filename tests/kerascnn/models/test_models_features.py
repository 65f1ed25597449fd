import keras
import numpy as np
import pytest

import kerascnn
from kerascnn.models import features

TINY = {
    "vgg": 3,
    "resnet": 2,
    "resnet_v2": 2,
    "alexnet": 4,
    "zfnet": 4,
    "googlenet": 3,
    "lenet5": 2,
}


def sides(model, *names):
    return [features(model, name).output_shape[1] for name in names]


@pytest.mark.parametrize(
    ("build", "expected"),
    [
        (keras.applications.VGG16, [224, 112, 56, 28, 14, 7]),
        (keras.applications.ResNet50, [112, 56, 28, 14, 7]),
        (keras.applications.MobileNetV2, [112, 56, 28, 14, 7]),
        (keras.applications.InceptionV3, [147, 71, 35, 17, 8]),
    ],
)
def test_stages_of_published_networks(build, expected):
    with keras.StatelessScope(initialize_variables=False):
        model = build(weights=None)
    assert sides(model, *(f"stage{n}" for n in range(1, len(expected) + 1))) == expected
    with pytest.raises(ValueError, match=rf"stage{len(expected)} .*Received: 'stage"):
        features(model, f"stage{len(expected) + 1}")


@pytest.mark.parametrize("name", TINY)
def test_our_encoders_have_stages(name):
    model = kerascnn.create_model(name, **kerascnn.get_system(name).tiny)
    for stage in range(1, TINY[name] + 1):
        assert len(features(model, f"stage{stage}").output_shape) == 4


def test_weights_are_shared_and_layers_have_names():
    model = kerascnn.create_model("vgg", **kerascnn.get_system("vgg").tiny)
    image = np.random.default_rng(0).uniform(size=(2, *model.input_shape[1:])).astype("float32")
    cut = features(model, ["stage1", "fc1"])
    maps, code = cut(image)
    whole = keras.Model(model.input, model.get_layer("fc1").output)
    np.testing.assert_array_equal(code, whole(image))
    assert maps.shape[1:3] == model.input_shape[1:3]
    model.get_layer("fc1").set_weights([0 * w for w in model.get_layer("fc1").get_weights()])
    assert not np.any(cut(image)[1])


def test_a_subclassed_model_is_refused():
    class Own(keras.Model):
        def call(self, inputs):
            return inputs

    with pytest.raises(ValueError, match="functional or sequential"):
        features(Own(), "stage1")

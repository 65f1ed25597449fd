import keras
import numpy as np
import pytest

from kerascnn.models.classification.lenet5 import lenet5


def test_the_maps_have_the_sizes_of_the_paper():
    model = lenet5()
    shapes = [model.get_layer(name).output.shape[1:] for name in ("c1", "s2", "c3", "s4", "c5")]
    assert shapes == [(28, 28, 6), (14, 14, 6), (10, 10, 16), (5, 5, 16), (120,)]


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_all_layers_but_the_last_take_the_activation(activation):
    model = lenet5(activation=activation)
    taken = [model.get_layer(name).activation.__name__ for name in ("c1", "c3", "c5", "f6")]
    assert taken == [activation] * 4
    assert model.get_layer("predictions").activation.__name__ == "softmax"


@pytest.mark.parametrize(
    ("pooling", "layer"),
    [("average", keras.layers.AveragePooling2D), ("max", keras.layers.MaxPooling2D)],
)
def test_the_pooling_can_be_chosen(pooling, layer):
    model = lenet5(pooling=pooling)
    assert [type(model.get_layer(name)) for name in ("s2", "s4")] == [layer, layer]


def test_probabilities_are_the_softmax_of_the_logits():
    image = np.random.default_rng(0).uniform(size=(2, 32, 32, 1)).astype("float32")
    model, logits = lenet5(), lenet5(classifier_activation=None)
    logits.set_weights(model.get_weights())
    scores = np.exp(logits(image))
    np.testing.assert_allclose(model(image), scores / scores.sum(-1, keepdims=True), rtol=1e-5)


@pytest.mark.parametrize("side", [16, 28])
def test_smaller_images_are_taken(side):
    assert lenet5((side, side, 3), num_classes=4).output_shape == (None, 4)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"input_shape": (15, 32, 1)}, r"input_shape=\(15, 32, 1\)"),
        ({"pooling": "median"}, "pooling='median'"),
    ],
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=f"Received: {message}"):
        lenet5(**options)

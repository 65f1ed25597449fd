"""The loss of a classifier with a decoder, and that only the classifier is deployed."""

import keras
import numpy as np
import pytest

from kerascnn.training import ReconstructingClassifier

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(8, 2, 3, 1)).astype("float32")
LABELS = np.arange(8) % 3


def build(weights=(0.4, 0.2)):
    keras.utils.set_random_seed(0)
    image = keras.Input((2, 3, 1), name="image")
    hidden = keras.layers.Dense(4, "tanh", name="hidden")(keras.layers.Flatten()(image))
    predictions = keras.layers.Dense(3, "softmax", name="predictions")(hidden)
    network = keras.Model(image, [predictions, hidden])
    inputs = [keras.Input((4,)), keras.Input((3,))]
    x = keras.layers.Concatenate()(inputs)
    drawn = keras.layers.Reshape((2, 3, 1))(keras.layers.Dense(6, name="pixels")(x))
    decoder = keras.Model(inputs, [drawn, keras.layers.Dense(4, name="features")(x)])
    return ReconstructingClassifier(network, decoder, error_weights=weights)


def still(model):
    model.compile(keras.optimizers.SGD(0.0), model.default_loss, metrics=["accuracy"])
    return model


def costs(model):
    predictions, hidden = (np.array(x) for x in model.network(IMAGES))
    image, features = model.decoder([hidden, np.eye(3, dtype="float32")[LABELS]])
    entropy = -np.log(predictions[np.arange(8), LABELS])
    first = np.square(np.array(image) - IMAGES).sum(axis=(1, 2, 3))
    second = np.square(np.array(features) - hidden).sum(axis=1)
    return entropy, first, second


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None]])
def test_training_adds_the_weighted_squared_errors_of_each_sample(labels):
    model = still(build())
    entropy, first, second = costs(model)
    weights = RNG.uniform(size=8).astype("float32")
    each = entropy + 0.4 * first + 0.2 * second
    for given, expected in ((None, each.mean()), (weights, np.mean(weights * each))):
        history = model.fit(IMAGES, labels, sample_weight=given, batch_size=8, verbose=0).history
        assert history["loss"] == pytest.approx([expected], rel=1e-5)


def test_validation_knows_the_classifier_only():
    model = still(build())
    history = model.fit(IMAGES, LABELS, validation_data=(IMAGES, LABELS), verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["val_loss"] == pytest.approx([costs(model)[0].mean()], rel=1e-5)


def test_the_features_learn_from_the_decoder():
    model = build()
    model.network.get_layer("predictions").kernel.assign(np.zeros((4, 3)))
    before = np.array(model.network.get_layer("hidden").kernel)
    model.compile(keras.optimizers.SGD(0.1), model.default_loss)
    model.fit(IMAGES, LABELS, verbose=0)
    assert np.all(before != np.array(model.network.get_layer("hidden").kernel))


def test_what_is_deployed_is_the_functional_classifier():
    model = build()
    assert [layer.name for layer in model.deployable.layers][-2:] == ["hidden", "predictions"]
    np.testing.assert_allclose(model.deployable(IMAGES), model(IMAGES), rtol=1e-6)


def test_a_saved_model_goes_on_with_the_same_losses(tmp_path):
    model = still(build((0.7, 0.1)))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert again.error_weights == (0.7, 0.1)
    values = [one.fit(IMAGES, LABELS, verbose=0).history["loss"] for one in (model, again)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)


@pytest.mark.parametrize("weights", [(1.0,), (1.0, -1.0)])
def test_every_drawing_has_its_weight(weights):
    with pytest.raises(ValueError, match=r"Received: error_weights=.* for 2 outputs"):
        build(weights)

"""The loss of a network with several classifiers, and that only the last one is deployed."""

import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.tasks import get_task
from kerascnn.training import AuxiliaryClassifiers

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(8, 6)).astype("float32")
LABELS = np.arange(8) % 3


def network(regularizer=None):
    keras.utils.set_random_seed(0)
    image = keras.Input((6,), name="image")
    x = keras.layers.Dense(5, "tanh", kernel_regularizer=regularizer, name="early")(image)
    outputs = [
        keras.layers.Dense(3, "softmax", name=name)(x) for name in ("last", "second", "third")
    ]
    return keras.Model(image, outputs)


def entropies(outputs, labels=LABELS):
    return -np.log(np.array(outputs)[np.arange(len(labels)), labels])


def still(model, loss=None):
    model.compile(keras.optimizers.SGD(0.0), loss or model.default_loss, metrics=["accuracy"])
    return model


@pytest.mark.parametrize("loss", [None, keras.losses.SparseCategoricalCrossentropy()])
def test_training_adds_the_weighted_losses_of_the_auxiliary_classifiers(loss):
    model = still(AuxiliaryClassifiers(network(), weight=0.4), loss)
    last, *others = model.network(IMAGES)
    expected = np.mean(entropies(last)) + 0.4 * sum(np.mean(entropies(one)) for one in others)
    history = model.fit(IMAGES, LABELS, batch_size=8, verbose=0).history
    assert history["loss"] == pytest.approx([expected], rel=1e-5)


def test_weights_of_samples_count_for_every_classifier():
    weights = RNG.uniform(size=8).astype("float32")
    model = still(AuxiliaryClassifiers(network(), weight=0.4))
    last, *others = model.network(IMAGES)
    each = entropies(last) + 0.4 * sum(entropies(one) for one in others)
    history = model.fit(IMAGES, LABELS, sample_weight=weights, batch_size=8, verbose=0).history
    assert history["loss"] == pytest.approx([np.mean(weights * each)], rel=1e-5)


def test_metrics_and_validation_know_the_last_classifier_only():
    model = still(AuxiliaryClassifiers(network(), weight=0.4))
    last = np.array(model.network(IMAGES)[0])
    right = np.mean(last.argmax(axis=-1) == LABELS)
    history = model.fit(IMAGES, LABELS, validation_data=(IMAGES, LABELS), verbose=0).history
    assert set(history) == {"loss", "accuracy", "val_loss", "val_accuracy"}
    assert history["accuracy"] == history["val_accuracy"] == pytest.approx([right])
    assert history["val_loss"] == pytest.approx([np.mean(entropies(last))], rel=1e-5)


def test_early_layers_learn_from_the_auxiliary_classifiers():
    model = AuxiliaryClassifiers(network())
    model.network.get_layer("last").kernel.assign(np.zeros((5, 3)))
    before = model.network.get_layer("early").get_weights()
    model.compile(keras.optimizers.SGD(0.1), model.default_loss)
    model.fit(IMAGES, LABELS, verbose=0)
    after = model.network.get_layer("early").get_weights()
    assert all(np.all(old != new) for old, new in zip(before, after, strict=True))


def test_what_is_deployed_is_functional_and_shares_the_weights():
    model = AuxiliaryClassifiers(network())
    names = {layer.name for layer in model.deployable.layers}
    assert names == {"image", "early", "last"}
    model.network.get_layer("last").bias.assign([5.0, 0.0, 0.0])
    predicted = model.predict(IMAGES, verbose=0)
    np.testing.assert_allclose(model.deployable(IMAGES), predicted, rtol=1e-5)
    assert np.all(np.argmax(model(IMAGES), axis=-1) == 0)


def test_the_task_takes_such_a_model_with_the_loss_of_its_own():
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 1))
    x = keras.layers.Flatten()(image)
    outputs = [keras.layers.Dense(3, "softmax")(x) for _ in range(2)]
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=2)
    model = AuxiliaryClassifiers(keras.Model(image, outputs), loss=loss)
    task = get_task("classification")
    images = RNG.uniform(size=(30, 8, 8, 1)).astype("float32")
    task.check(model, data.from_arrays("mine", images, np.arange(30) % 3))
    task.compile(model)
    assert model.loss is loss
    with pytest.raises(ValueError, match=r"num_classes=5.*Received: 3 outputs"):
        task.check(model, data.from_arrays("mine", images, np.arange(30) % 5))


def test_a_saved_model_goes_on_with_the_same_losses(tmp_path):
    loss = keras.losses.SparseCategoricalCrossentropy(ignore_class=2)
    model = still(AuxiliaryClassifiers(network(), weight=0.7, loss=loss))
    model.save(tmp_path / "model.keras")
    again = keras.saving.load_model(tmp_path / "model.keras")
    assert (again.weight, again.default_loss.ignore_class) == (0.7, 2)
    values = [one.fit(IMAGES, LABELS, verbose=0).history["loss"] for one in (model, again)]
    assert values[0] == pytest.approx(values[1], rel=1e-6)
    np.testing.assert_allclose(again.deployable(IMAGES), model.deployable(IMAGES), rtol=1e-6)


@pytest.mark.parametrize(
    ("build", "options", "message"),
    [
        (network, {"weight": 0.0}, "weight=0.0"),
        (lambda: keras.Sequential([keras.Input((2,)), keras.layers.Dense(3)]), {}, ".*1 output"),
        (lambda: network("l2"), {}, ".*1 regularizers"),
    ],
)
def test_what_cannot_be_trained_so_is_refused(build, options, message):
    with pytest.raises(ValueError, match=f"Received: {message}"):
        AuxiliaryClassifiers(build(), **options)

"""The bound on the likelihood of images with and without a label, and what is deployed."""

import keras
import numpy as np
import pytest

from kerascnn.training import SemiSupervised

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(6, 4)).astype("float32")
LABELS = np.array([0, -1, 2, -1, -1, 1])


def build(alpha=3.0):
    keras.utils.set_random_seed(0)
    image = keras.Input((4,), name="image")
    classes = keras.layers.Dense(3, "softmax", name="classes")(image)
    own = keras.ops.sum(keras.layers.Dense(2, name="own")(image) ** 2, axis=-1)
    network = keras.Model(image, [classes, image, own])
    label = keras.Input((3,), name="label")
    x = keras.layers.Concatenate()([image, label])
    x = keras.layers.Dense(8, "tanh")(x)
    costs = [keras.ops.sum(keras.layers.Dense(2, name=name)(x) ** 2, axis=-1) for name in "ab"]
    generative = keras.Model([image, label], costs)
    return SemiSupervised(network, generative, alpha=alpha)


def still(model):
    model.compile(keras.optimizers.SGD(0.0), model.default_loss, weighted_metrics=["accuracy"])
    return model


def slow_bound(model):
    """Equations 6 and 7 of the paper, image by image and class by class."""
    probabilities = np.array(model(IMAGES), np.float64)
    nats = []
    for image, label, q in zip(IMAGES, LABELS, probabilities, strict=True):
        costs = []
        for value in range(3):
            one_hot = np.eye(3, dtype="float32")[value]
            a, b = model.generative([image[None], one_hot[None]])
            costs.append(float(a[0]) + float(b[0]) + np.log(3))
        entropy = -sum(p * np.log(p) for p in q)
        mean = sum(p * cost for p, cost in zip(q, costs, strict=True))
        nats.append(costs[label] if label >= 0 else mean - entropy)
    return np.array(nats) + np.array(model.network(IMAGES)[2])


def test_the_bound_is_that_of_the_paper():
    model = build()
    bound = model.bound(LABELS, *model.network(IMAGES))
    np.testing.assert_allclose(bound, slow_bound(model), rtol=1e-5)


@pytest.mark.parametrize("labels", [LABELS, LABELS[:, None]])
@pytest.mark.parametrize("weights", [None, RNG.uniform(size=6).astype("float32")])
def test_labelled_images_add_their_cross_entropy(labels, weights):
    model = still(build())
    entropy = np.zeros(6)
    known = LABELS >= 0
    entropy[known] = -np.log(np.array(model(IMAGES))[known, LABELS[known]])
    each = slow_bound(model) + 3.0 * entropy
    expected = np.mean(each if weights is None else weights * each)
    history = model.fit(IMAGES, labels, sample_weight=weights, batch_size=6, verbose=0).history
    assert history["loss"] == pytest.approx([expected], rel=1e-5)


def test_validation_knows_the_classifier_only():
    model = still(build())
    images, labels = IMAGES[LABELS >= 0], LABELS[LABELS >= 0]
    entropy = -np.log(np.array(model(images))[np.arange(len(labels)), labels])
    loss = model.evaluate(images, labels, verbose=0, return_dict=True)["loss"]
    assert loss == pytest.approx(3.0 * entropy.mean(), rel=1e-5)


def test_the_accuracy_is_that_of_labelled_images():
    model = still(build())
    known = LABELS >= 0
    right = np.array(model(IMAGES)).argmax(axis=-1) == LABELS
    history = model.fit(IMAGES, LABELS, verbose=0).history
    assert history["accuracy"] == pytest.approx([right[known].mean()])


def test_the_classifier_learns_from_images_without_a_label():
    model = build()
    before = np.array(model.network.get_layer("classes").kernel)
    model.compile(keras.optimizers.SGD(0.1), model.default_loss)
    model.fit(IMAGES, np.full(6, -1), verbose=0)
    assert np.abs(np.array(model.network.get_layer("classes").kernel) - before).max() > 1e-4


def test_the_classifier_alone_is_deployed():
    model = build()
    np.testing.assert_array_equal(model.deployable(IMAGES), model(IMAGES))
    assert model.deployable.count_params() == 4 * 3 + 3


def test_a_weight_of_nothing_is_refused():
    with pytest.raises(ValueError, match=r"alpha must be above 0. Received: alpha=0.0"):
        build(alpha=0.0)

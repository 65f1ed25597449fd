"""Clustering while a model trains: few values, moved by the mean of their members' gradients."""

import enum

import keras
import numpy as np
import pytest
import tensorflow as tf
from keras import layers

from kerascnn import export
from kerascnn.export.compression.centroids import density, k_means, linear, share

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
WEIGHTS = np.random.default_rng(0).normal(size=2000).astype("float32")


def net():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu", name="first"),
            layers.Conv2D(32, 3, activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(10, name="last"),
        ]
    )


def data(count=64):
    generator = np.random.default_rng(0)
    return generator.random((count, 8, 8, 1)).astype("float32"), generator.integers(0, 10, count)


def kernel(model, name="second"):
    return np.array(model.get_layer(name).kernel)


def fit(model, *callbacks, **kwargs):
    options = {"batch_size": 16, "verbose": 0} | kwargs
    model.fit(*data(), callbacks=list(callbacks), **options)


def test_linear_centroids_lie_evenly():
    np.testing.assert_allclose(linear(np.array([3.0, 0.0, 1.0]), 4), [0, 1, 2, 3])


def test_as_many_weights_lie_about_each_density_centroid():
    centroids, numbers = share(WEIGHTS, 8, density)
    assert np.all(np.abs(np.bincount(numbers) - 250) < 60)
    assert np.all(np.diff(centroids) > 0)


def test_k_means_is_nearer_to_the_weights_than_the_others():
    errors = []
    for initializer in (k_means, density, linear):
        centroids, numbers = share(WEIGHTS, 16, initializer)
        errors.append(np.square(centroids[numbers] - WEIGHTS).sum())
    assert errors[0] < min(errors[1:])


def test_each_weight_goes_to_the_nearest_centroid():
    centroids, numbers = share(WEIGHTS, 5, density)
    expected = np.abs(WEIGHTS[:, np.newaxis] - centroids).argmin(axis=1)
    np.testing.assert_array_equal(numbers, expected)


def test_zeros_have_a_centroid_of_their_own():
    weights = np.where(np.abs(WEIGHTS) < 0.5, 0, WEIGHTS)
    centroids, numbers = share(weights, 8, density)
    assert len(centroids) == 8
    np.testing.assert_array_equal(centroids[numbers] == 0, weights == 0)


def test_few_values_stay_as_they_are():
    centroids, numbers = share(np.array([2.0, 5.0, 2.0]), 4, density)
    np.testing.assert_array_equal(centroids[numbers], [2, 5, 2])


def test_a_centroid_moves_by_the_mean_gradient_of_its_members():
    model, (images, labels) = net(), data()
    model.compile(keras.optimizers.SGD(50.0), LOSS)
    weights = kernel(model)
    centroids, numbers = share(weights, 4, linear)
    variable = model.get_layer("second").kernel
    others = [np.array(v) for v in model.weights]
    fit(model, export.cluster(model, 4, initializer="linear", only=["second"]), batch_size=64)
    after = kernel(model)
    for v, value in zip(model.weights, others, strict=True):
        v.assign(value)
    variable.assign(centroids[numbers].reshape(weights.shape))
    with tf.GradientTape() as tape:
        loss = LOSS(labels, model(images))
    gradient = np.array(tape.gradient(loss, variable.value)).reshape(-1)
    means = np.array([gradient[numbers == number].mean() for number in range(4)])
    assert np.abs(means).max() > 1e-5
    expected = (centroids - 50.0 * means)[numbers].reshape(weights.shape)
    np.testing.assert_allclose(after, expected, rtol=1e-4, atol=1e-5)


def test_a_layer_has_as_many_values_as_asked_for_inside_the_compiled_step():
    model, seen = net(), []
    model.compile("adam", LOSS, jit_compile=True)

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(len(np.unique(kernel(model))))

    fit(model, export.cluster(model, 8, skip=["last"]), Watch())
    assert seen == [8] * len(seen)
    assert seen
    assert len(np.unique(kernel(model, "last"))) > 100


def test_a_second_run_keeps_the_groups(tmp_path):
    model = net()
    model.compile("adam", LOSS)
    fit(model, export.cluster(model, 4))
    model.save(tmp_path / "half.keras")
    again = keras.models.load_model(tmp_path / "half.keras")
    fit(again, export.cluster(again, 4, initializer="linear"))
    one, two = (np.unique(kernel(m), return_inverse=True)[1] for m in (model, again))
    np.testing.assert_array_equal(one, two)
    assert not np.array_equal(kernel(model), kernel(again))


def test_pruned_weights_stay_zero_whichever_callback_comes_first():
    for order in (1, -1):
        model = net()
        model.compile("adam", LOSS)
        fit(model, export.prune(model, 0.5))
        zeros = kernel(model) == 0
        both = [export.prune(model, 0.0), export.cluster(model, 8)][::order]
        fit(model, *both)
        np.testing.assert_array_equal(kernel(model) == 0, zeros)
        assert len(np.unique(kernel(model))) == 8
        assert model.get_layer("second").kernel.constraint is None


def test_clusters_live_through_quantization_aware_training():
    model = export.quantize_aware(net())
    model.compile("adam", LOSS)
    fit(model, export.cluster(model, 8))
    wrapper = next(layer for layer in model.layers if layer.name == "last.rounded")
    assert len(np.unique(wrapper.layer.kernel)) == 8
    assert len(np.unique(np.array(wrapper.rounded()).round(6))) == 8
    by_channel = next(layer for layer in model.layers if layer.name == "second.rounded")
    rounded = np.array(by_channel.rounded())
    for channel in range(4):
        assert len(np.unique(rounded[..., channel].round(6))) <= 8


class Named(enum.Enum):
    """Looks as the enumeration of tensorflow-model-optimization does."""

    DENSITY_BASED = "density"


class Own:
    """Looks as its initialisers do."""

    def __init__(self, weights, number):
        self.centroids = tf.constant([float(weights.min()), 0.05, float(weights.max())])

    def get_cluster_centroids(self):
        return self.centroids


def test_foreign_initialisers_are_taken():
    model = net()
    weights = kernel(model)
    model.compile(keras.optimizers.SGD(0.0), LOSS)
    fit(model, export.cluster(model, 3, initializer=Own, only=["second"]))
    expected = [weights.min(), 0.05, weights.max()]
    np.testing.assert_allclose(np.unique(kernel(model)), expected, rtol=1e-3)
    assert export.cluster(model, 3, initializer=Named.DENSITY_BASED).initializer is density


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"count": 1}, "count=1"),
        ({"count": 8, "initializer": "random"}, "initializer='random'"),
        ({"count": 8, "only": ["nothing"]}, "only='nothing'"),
    ],
)
def test_ill_formed_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        export.cluster(net(), **options)


def test_sixteen_values_are_enough_for_digits_and_two_are_not():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype("float32")
    train, test = np.split(np.random.default_rng(0).permutation(len(images)), [1437])
    dense = net()
    dense.compile(keras.optimizers.Adam(3e-3), LOSS, metrics=["accuracy"])
    dense.fit(images[train], labels[train], batch_size=64, epochs=8, verbose=0)
    accuracy = dense.evaluate(images[test], labels[test], verbose=0)[1]
    found = []
    for count, initializer in ((16, "k-means++"), (2, "linear")):
        model = net()
        model.set_weights(dense.get_weights())
        model.compile(keras.optimizers.Adam(1e-3), LOSS, metrics=["accuracy"])
        clustering = export.cluster(model, count, initializer=initializer)
        model.fit(images[train], labels[train], batch_size=64, verbose=0, callbacks=[clustering])
        found.append(model.evaluate(images[test], labels[test], verbose=0)[1])
    assert accuracy > 0.95
    assert found[0] > accuracy - 0.02
    assert found[1] < found[0] - 0.1

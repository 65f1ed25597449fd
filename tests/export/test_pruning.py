"""Pruning while a model trains: what becomes zero stays zero, whatever trains it."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export.compression import patterns as module

LOSS = keras.losses.SparseCategoricalCrossentropy(from_logits=True)


def small_net(filters=8, channels=4):
    keras.utils.set_random_seed(0)
    image = layers.Input((6, 6, channels))
    x = layers.Conv2D(filters, 3, padding="same", name="first")(image)
    x = layers.BatchNormalization(name="norm")(x)
    x = layers.ReLU()(x)
    y = layers.Conv2D(filters, 3, padding="same", name="second")(x)
    x = layers.Add()([x, y])
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, name="last")(x))


def data(count=64, channels=4):
    generator = np.random.default_rng(0)
    images = generator.normal(size=(count, 6, 6, channels)).astype("float32")
    return images, generator.integers(0, 10, count)


def compiled(model, optimizer="adam", **kwargs):
    model.compile(optimizer, LOSS, **kwargs)
    return model


def zeros(model):
    return {
        path: np.asarray(layer.kernel) == 0
        for path, layer in ((layer.path, layer) for layer in model.layers)
        if hasattr(layer, "kernel")
    }


def fit(model, *callbacks, **kwargs):
    options = {"batch_size": 16, "verbose": 0} | kwargs
    return model.fit(*data(), callbacks=list(callbacks), **options)


@pytest.fixture(scope="module")
def pruned():
    model = compiled(small_net())
    before = {name: np.asarray(model.get_layer(name).kernel) for name in ("first",)}
    fit(model, export.prune(model, 0.5, skip=["last"]), epochs=2)
    return model, before


def test_the_small_weights_of_each_layer_become_zero_and_the_others_train(pruned):
    model, before = pruned
    kernel = np.asarray(model.get_layer("first").kernel)
    start = before["first"]
    np.testing.assert_array_equal(kernel == 0, np.abs(start) < np.median(np.abs(start)))
    assert not np.any((kernel == start) & (kernel != 0))
    assert np.all(np.asarray(model.get_layer("last").kernel) != 0)


@pytest.mark.parametrize("options", [{"steps_per_execution": 4}, {"jit_compile": True}])
def test_weights_are_zero_inside_the_compiled_step(options):
    model = compiled(small_net(), keras.optimizers.SGD(0.1, momentum=0.9), **options)
    seen = []

    class Watch(keras.callbacks.Callback):
        def on_train_batch_end(self, batch, logs=None):
            seen.append(np.mean(np.asarray(model.get_layer("second").kernel) == 0))

    fit(model, export.prune(model, 0.5), Watch())
    assert seen == [0.5] * len(seen)
    assert seen


def test_a_second_run_keeps_the_zeros_and_an_ordinary_one_frees_them(pruned, tmp_path):
    model, _ = pruned
    model.save(tmp_path / "half.keras")
    again = keras.models.load_model(tmp_path / "half.keras")
    before = zeros(again)
    fit(again, export.prune(again, 0.0))
    for path, mask in zeros(again).items():
        np.testing.assert_array_equal(mask, before[path])
    fit(again)
    assert not zeros(again)["first"].any()


def test_an_interrupted_schedule_goes_on_where_it_was(tmp_path):
    schedule = export.PolynomialSparsity(0.8, end=12, every=1)
    whole = compiled(small_net(), keras.optimizers.SGD(0.01))
    fit(whole, export.prune(whole, schedule), epochs=4, shuffle=False)
    half = compiled(small_net(), keras.optimizers.SGD(0.01))
    fit(half, export.prune(half, schedule), epochs=2, shuffle=False)
    middle = zeros(half)["second"].mean()
    half.save(tmp_path / "half.keras")
    half = keras.models.load_model(tmp_path / "half.keras")
    fit(half, export.prune(half, schedule), epochs=2, shuffle=False)
    assert 0.4 < middle < 0.8
    for path, mask in zeros(whole).items():
        np.testing.assert_array_equal(mask, zeros(half)[path])
    assert zeros(whole)["second"].mean() == pytest.approx(0.8, abs=0.01)


def test_neighbours_along_the_input_channels_share_their_zeros():
    model = compiled(small_net())
    fit(model, export.prune(model, 0.5, pattern=(2, 4)))
    for name in ("first", "second", "last"):
        kernel = np.moveaxis(np.asarray(model.get_layer(name).kernel), -2, -1)
        assert np.all(np.sum(kernel.reshape(-1, 4) == 0, axis=1) == 2)


def test_filters_go_with_their_bias_and_normalisation_and_their_partners_in_an_addition():
    model = compiled(small_net())
    first, second = (np.asarray(model.get_layer(n).kernel) for n in ("first", "second"))
    strength = np.sqrt((first**2).sum((0, 1, 2))) + np.sqrt((second**2).sum((0, 1, 2)))
    fit(model, export.prune(model, 0.25, pattern="filters"))
    dead = np.argsort(strength)[:2]
    for name in ("first", "second", "norm"):
        for weights in model.get_layer(name).trainable_weights:
            sums = np.abs(np.asarray(weights)).reshape(-1, 8).sum(0)
            assert sorted(np.flatnonzero(sums == 0)) == sorted(dead)
    assert np.all(np.asarray(model.get_layer("last").kernel) != 0)


def test_each_of_two_optimizers_keeps_the_zeros():
    inner, outer = small_net(), small_net()

    class Pair(keras.Model):
        def __init__(self):
            super().__init__()
            self.one, self.two = inner, outer
            self.optimizers = [keras.optimizers.Adam() for _ in range(2)]
            for optimizer, net in zip(self.optimizers, (inner, outer), strict=True):
                optimizer.build(net.trainable_variables)
            self.built = True

        def train_step(self, batch):
            import tensorflow as tf

            images, labels = batch
            for optimizer, net in zip(self.optimizers, (self.one, self.two), strict=True):
                with tf.GradientTape() as tape:
                    loss = LOSS(labels, net(images, training=True))
                weights = net.trainable_variables
                optimizer.apply(tape.gradient(loss, weights), weights)
            return {"loss": loss}

    pair = Pair()
    pair.compile(optimizer=None)
    fit(pair, export.prune(inner, export.PolynomialSparsity(0.5, end=6, every=1)), epochs=2)
    assert zeros(inner)["second"].mean() == 0.5
    assert not zeros(outer)["second"].any()


def test_half_precision_keeps_the_zeros():
    policy = keras.config.dtype_policy()
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = compiled(small_net())
    finally:
        keras.config.set_dtype_policy(policy)
    fit(model, export.prune(model, 0.5), epochs=2)
    assert zeros(model)["second"].mean() == 0.5


def test_zeros_stay_through_quantization_aware_training_and_its_rounding(pruned):
    model, _ = pruned
    aware = compiled(export.quantize_aware(model))
    wrapped = next(layer for layer in aware.layers if layer.name == "second.rounded")
    before = np.asarray(wrapped.layer.kernel) == 0
    fit(aware, export.prune(aware, 0.0, only=["second"]))
    assert before.mean() == 0.5
    assert np.all(np.asarray(wrapped.rounded())[before] == 0)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"schedule": 1.5}, "sparsity=1.5"),
        ({"schedule": 0.5, "pattern": "blocks"}, "pattern='blocks'"),
        ({"schedule": 0.5, "pattern": (4, 4)}, r"pattern=\(4, 4\)"),
        ({"schedule": 0.5, "skip": ["nothing"]}, "skip='nothing'"),
        ({"schedule": 0.5, "skip": ["*"]}, "No layer is left"),
        ({"schedule": 0.5, "pattern": "filters", "only": ["last"]}, "cut out"),
    ],
)
def test_ill_formed_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        export.prune(small_net(), **options)


def test_an_unbuilt_model_is_refused():
    with pytest.raises(ValueError, match="must be built"):
        export.prune(keras.Sequential([layers.Dense(3)]), 0.5)


def digits():
    from sklearn.datasets import load_digits

    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype("float32")
    train, test = np.split(np.random.default_rng(0).permutation(len(images)), [1437])
    return (images[train], labels[train]), (images[test], labels[test])


def digits_accuracy(weights, train, test):
    keras.utils.set_random_seed(0)
    model = digits_net()
    model.set_weights(weights)
    compiled(model, keras.optimizers.Adam(2e-3), metrics=["accuracy"])
    model.fit(*train, batch_size=64, epochs=2, verbose=0, callbacks=[export.prune(model, 0.8)])
    assert np.mean(np.asarray(model.get_layer("second").kernel) == 0) == pytest.approx(
        0.8, abs=0.01
    )
    return model.evaluate(*test, verbose=0)[1]


def digits_net():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(16, 3, activation="relu"),
            layers.Conv2D(32, 3, activation="relu", name="second"),
            layers.Flatten(),
            layers.Dense(10),
        ]
    )


def test_four_fifths_of_the_weights_of_a_digits_net_are_spare_but_not_any(monkeypatch):
    train, test = digits()
    dense = compiled(digits_net(), keras.optimizers.Adam(3e-3), metrics=["accuracy"])
    dense.fit(*train, batch_size=64, epochs=8, verbose=0)
    accuracy = dense.evaluate(*test, verbose=0)[1]
    pruned = digits_accuracy(dense.get_weights(), train, test)
    generator = np.random.default_rng(0)
    monkeypatch.setattr(
        module, "largest", lambda weights, sparsity: generator.random(weights.shape) > sparsity
    )
    mutant = digits_accuracy(dense.get_weights(), train, test)
    assert accuracy > 0.93
    assert pruned > accuracy - 0.02
    assert mutant < pruned - 0.05


@pytest.fixture(scope="module")
def replicas():
    script = Path(__file__).with_name("compression_replicas.py")
    run = subprocess.run([sys.executable, script], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stderr[-3000:]
    return json.loads(run.stdout.splitlines()[-1])


@pytest.mark.parametrize(
    ("kind", "name", "value"), [("pruned", "zeros", 0.5), ("clustered", "values", 8)]
)
def test_replicas_hold_the_same_weights_as_one_device(replicas, kind, name, value):
    found = replicas[kind]
    assert found["replicas"] == 2
    assert found["apart"] == 0.0
    assert found["from_one_device"] < 1e-5
    assert found[name] == value

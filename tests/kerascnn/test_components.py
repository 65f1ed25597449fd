"""The promises that every public layer and loss keeps. A new one fails until it has its row."""

import inspect

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn import layers, losses

# name: arguments, and the shapes of the inputs without the batch
LAYERS = {
    "ConcatShortcut": ({}, [(8, 8, 2), (4, 4, 3)]),
    "GaussianSampling": ({"seed": 3}, [(5,), (5,)]),
    "Residual": ({"filters": 4, "strides": 2, "shortcut": "projection"}, [(8, 8, 3)]),
}
# name: arguments, targets, and the shape of the predictions without the batch
LOSSES = {
    "GaussianKL": ({}, np.zeros(6), (4,)),
    "Triplet": ({"margin": 0.5, "mining": "all"}, np.array([0, 0, 1, 1, 2, 2]), (3,)),
}


def build_layer(name):
    options, shapes = LAYERS[name]
    layer = getattr(layers, name)(**options)
    ends = [keras.Input(shape) for shape in shapes]
    model = keras.Model(ends, layer(ends if len(ends) > 1 else ends[0]))
    rng = np.random.default_rng(0)
    return model, [rng.normal(size=(3, *shape)).astype("float32") for shape in shapes]


def build_loss(name, **options):
    arguments, targets, shape = LOSSES[name]
    predictions = np.random.default_rng(0).normal(size=(len(targets), *shape)).astype("float32")
    return getattr(losses, name)(**arguments, **options), targets, predictions


def test_every_public_layer_has_its_row():
    assert sorted(LAYERS) == sorted(layers.__all__)


def test_every_public_loss_has_its_row():
    public = (name for name in losses.__all__ if inspect.isclass(getattr(losses, name)))
    assert sorted(LOSSES) == sorted(public)


@pytest.mark.parametrize("name", [*layers.__all__, *losses.__all__])
def test_it_is_documented(name):
    component = getattr(losses if name in losses.__all__ else layers, name)
    text = inspect.getdoc(component)
    parameters = inspect.signature(component).parameters.values()
    for parameter in parameters:
        if parameter.kind is not parameter.VAR_KEYWORD:
            assert f"{parameter.name}:" in text, parameter.name
    assert "Example:" in text or "Returns:" in text


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_is_registered_under_our_name_and_keeps_its_arguments(name):
    model, _ = build_layer(name)
    layer = model.layers[-1]
    saved = keras.saving.serialize_keras_object(layer)
    assert saved["registered_name"] == f"kerascnn>{name}"
    again = keras.saving.deserialize_keras_object(saved)
    assert again.get_config() == layer.get_config()
    assert LAYERS[name][0].items() <= layer.get_config().items()


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_compiles_with_xla_and_takes_any_batch(name):
    model, inputs = build_layer(name)
    compiled = tf.function(lambda values: model(values, training=False), jit_compile=True)
    for count in (1, 3):
        values = [value[:count] for value in inputs]
        expected = model(values, training=False)
        np.testing.assert_allclose(compiled(values), expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", sorted(LAYERS))
def test_a_layer_trains_in_mixed_precision(name):
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model, inputs = build_layer(name)
    finally:
        keras.config.set_dtype_policy("float32")
    with tf.GradientTape() as tape:
        tape.watch(tensors := [tf.constant(value) for value in inputs])
        outputs = model(tensors, training=True)
        loss = tf.reduce_sum(tf.cast(outputs, "float32") ** 2)
    assert outputs.dtype == "float16"
    assert {variable.dtype for variable in model.trainable_variables} <= {"float32"}
    for gradient in tape.gradient(loss, tensors):
        assert np.isfinite(gradient).all()


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_gives_a_value_a_sample_and_keras_reduces_it(name):
    each, targets, predictions = build_loss(name, reduction=None)
    values = each(targets, predictions)
    assert values.shape == (len(targets),)
    mean, *_ = build_loss(name)
    np.testing.assert_allclose(mean(targets, predictions), np.mean(values), rtol=1e-6)


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_keeps_its_arguments(name):
    loss, targets, predictions = build_loss(name)
    saved = keras.losses.serialize(loss)
    assert saved["registered_name"] == f"kerascnn>{name}"
    again = keras.losses.deserialize(saved)
    assert again.get_config() == loss.get_config()
    np.testing.assert_allclose(again(targets, predictions), loss(targets, predictions))


@pytest.mark.parametrize("name", sorted(LOSSES))
def test_a_loss_compiles_with_xla(name):
    loss, targets, predictions = build_loss(name)
    compiled = tf.function(loss, jit_compile=True)
    expected = loss(targets, predictions)
    np.testing.assert_allclose(compiled(targets, predictions), expected, rtol=1e-5)

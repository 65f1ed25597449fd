"""Layers of many operators, written as single ones: equal numbers, shared weights, all in int8."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export
from kerascnn.export.graphs.flatten import flatten
from kerascnn.export.graphs.primitives import split
from kerascnn.export.model import name_outputs
from kerascnn.export.quantization.fake import FakeQuantize


def on(*shapes, call):
    inputs = [keras.Input(shape, name=f"input{place}") for place, shape in enumerate(shapes)]
    return keras.Model(inputs if len(inputs) > 1 else inputs[0], call(*inputs))


def on_image(layer):
    """A layer between convolutions, as most are."""

    def call(image):
        x = layers.Conv2D(8, 3, padding="same", name="stem")(image)
        return layers.Conv2D(4, 1, name="head")(layer(x))

    return on((6, 6, 3), call=call)


def on_rows(layer):
    return on((6, 4), call=layer)


def attend(*others, **options):
    layer = layers.MultiHeadAttention(2, 3, name="attention", **options)
    return lambda query, value: layer(query, value, *others)


def step(kind):
    def call(x, *states):
        output, after = kind(3, name="cell")(x, list(states) if len(states) > 1 else states[0])
        return [output, *after] if isinstance(after, list) else [output, after]

    return call


def twice(layer):
    return lambda x: layer(layer(x))


FORMS = {
    "layer_norm": lambda: on_image(layers.LayerNormalization()),
    "layer_norm_without_gains": lambda: on_image(layers.LayerNormalization(center=False)),
    "group_norm": lambda: on_image(layers.GroupNormalization(4)),
    "group_norm_of_rows": lambda: on_rows(layers.GroupNormalization(2)),
    "instance_norm": lambda: on_image(layers.GroupNormalization(-1)),
    "rms_norm": lambda: on_image(layers.RMSNormalization()),
    "multi_head": lambda: on((5, 4), (7, 6), call=attend()),
    "multi_head_without_bias": lambda: on((5, 4), (7, 6), call=attend(use_bias=False)),
    "multi_head_of_three": lambda: on(
        (5, 4), (7, 6), (7, 5), call=layers.MultiHeadAttention(3, 2, value_dim=4)
    ),
    "attention": lambda: on((5, 4), (7, 4), call=lambda q, v: layers.Attention()([q, v])),
    "lstm": lambda: on_rows(layers.LSTM(5)),
    "lstm_of_all_steps": lambda: on_rows(layers.LSTM(5, return_sequences=True, use_bias=False)),
    "lstm_with_its_state": lambda: on_rows(layers.LSTM(5, return_state=True)),
    "lstm_from_a_state": lambda: on(
        (6, 4), (5,), (5,), call=lambda x, h, c: layers.LSTM(5)(x, initial_state=[h, c])
    ),
    "gru": lambda: on_rows(layers.GRU(5)),
    "gru_backwards": lambda: on_rows(layers.GRU(5, go_backwards=True, return_sequences=True)),
    "gru_reset_before": lambda: on_rows(layers.GRU(5, reset_after=False)),
    "gru_of_hard_gates": lambda: on_rows(layers.GRU(5, recurrent_activation="hard_sigmoid")),
    "simple_rnn": lambda: on_rows(layers.SimpleRNN(5)),
    "rnn": lambda: on_rows(layers.RNN(layers.LSTMCell(5))),
    "bidirectional": lambda: on_rows(layers.Bidirectional(layers.GRU(5, return_sequences=True))),
    "bidirectional_sum": lambda: on_rows(layers.Bidirectional(layers.LSTM(5), merge_mode="sum")),
    "lstm_step": lambda: on((4,), (3,), (3,), call=step(layers.LSTMCell)),
    "gru_step": lambda: on((4,), (3,), call=step(layers.GRUCell)),
    "time_distributed": lambda: on_rows(layers.TimeDistributed(layers.Dense(3))),
    "einsum_dense": lambda: on_rows(
        layers.EinsumDense("abc,cd->abd", (None, 5), bias_axes="d", activation="relu")
    ),
    "clipped_relu": lambda: on_image(layers.ReLU(0.5)),
    "separable_twice": lambda: on_image(twice(layers.SeparableConv2D(8, 3, padding="same"))),
    "layer_norm_twice": lambda: on_image(twice(layers.LayerNormalization())),
}
# A GRU adds two biases to each of two gates, which are one in the parts.
ONE_BIAS = {"gru": 10, "gru_backwards": 10, "gru_of_hard_gates": 10, "bidirectional": 20}
ONE_BIAS["gru_step"] = 6
ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "gelu",
    "hard_sigmoid",
    "hard_silu",
    "hard_tanh",
    "leaky_relu",
    "log_sigmoid",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "tanh_shrink",
)
FILES = FORMS | {name: lambda name=name: on_image(layers.Activation(name)) for name in ACTIVATIONS}


def of_three(layer):
    return lambda x: layer([layers.ReLU()(x), x, layers.Conv2D(8, 1, name="third")(x)])


@pytest.mark.parametrize("merge", [layers.Add, layers.Average, layers.Maximum, layers.Multiply])
def test_a_merge_of_three_computes_in_integers(merge, tmp_path):
    keras.utils.set_random_seed(0)
    model = on_image(of_three(merge()))
    images = np.random.default_rng(0).normal(size=(16, 6, 6, 3)).astype("float32")
    report = export.to_tflite(
        model, tmp_path / "m.tflite", quantize="int8", calibration=images, parity=images
    )
    assert not report.float_operators
    assert report.parity.outputs[0].sqnr_db > 25


def made(name):
    """A model whose gains and biases are not 1 and 0, and numbers for its inputs."""
    keras.utils.set_random_seed(0)
    model = FILES[name]()
    rng = np.random.default_rng(0)
    for weight in model.weights:
        if len(weight.shape) == 1 or weight.name == "bias":
            weight.assign(rng.uniform(0.5, 1.5, weight.shape))
    values = [rng.normal(size=(16, *tensor.shape[1:])).astype("float32") for tensor in model.inputs]
    return model, values if len(values) > 1 else values[0]


def outputs(model, values, **options):
    return [np.array(value) for value in keras.tree.flatten(model(values, **options))]


@pytest.mark.parametrize("name", FORMS)
def test_the_parts_of_a_layer_give_its_numbers_and_have_all_its_weights(name):
    model, values = made(name)
    parts = split(flatten(model))
    kinds = {type(layer) for layer in model.layers} - {layers.Conv2D, layers.InputLayer}
    assert not kinds & {type(layer) for layer in parts.layers}
    for actual, expected in zip(outputs(parts, values), outputs(model, values), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)
    count = {m: sum(np.prod(w.shape) for w in m.trainable_weights) for m in (model, parts)}
    assert count[parts] == count[model] - ONE_BIAS.get(name, 0)


def test_the_parts_are_named_after_their_layer_and_skipped_by_its_name():
    model = on_image(layers.GroupNormalization(4, name="norm"))
    names = {layer.name for layer in export.quantize_aware(model).operations}
    assert {"norm.rsqrt", "norm.rsqrt.range", "norm.weights"} <= names
    skipped = export.quantize_aware(model, skip=["norm"])
    ranged = [layer.name for layer in skipped.layers if isinstance(layer, FakeQuantize)]
    assert ranged == ["input0.range", "stem.range", "head.range"]


def test_an_output_keeps_the_name_of_its_layer():
    model = on_rows(layers.GRU(3, name="memory"))
    assert name_outputs(export.quantize_aware(model), [0]) == {"memory": 0}


@pytest.mark.parametrize(
    "call",
    [
        lambda x: layers.MultiHeadAttention(2, 3)(x, x, use_causal_mask=True),
        layers.LSTM(3, stateful=False, recurrent_dropout=0.5),
        layers.LayerNormalization(axis=1),
        layers.RNN([layers.LSTMCell(3), layers.GRUCell(3)]),
    ],
)
def test_what_has_no_parts_stays_whole_and_is_named(call):
    model = on_rows(call)
    with pytest.warns(UserWarning, match="not known how these layers compute in int8"):
        aware = export.quantize_aware(model)
    assert [type(layer) for layer in model.layers][-1] in {type(layer) for layer in aware.layers}


@pytest.mark.parametrize(
    "call",
    [layers.LayerNormalization(epsilon=1e-12), lambda x: keras.ops.log(x * x + 1e-12)],
    ids=["variance", "logarithm"],
)
def test_what_rounds_to_0_though_it_is_positive_trains_finitely(call):
    model = on_image(call)
    images = np.zeros((8, 6, 6, 3), "float32")
    images[0] = 100.0 * np.random.default_rng(0).normal(size=(6, 6, 3))  # the rest has none
    aware = export.quantize_aware(model)
    aware.compile("sgd", "mse")
    aware.fit(images, np.zeros((8, 6, 6, 4), "float32"), epochs=2, verbose=0)
    assert all(np.isfinite(np.array(weight)).all() for weight in aware.weights)
    assert all(np.isfinite(value).all() for value in outputs(aware, images))


@pytest.mark.slow
@pytest.mark.parametrize("name", FILES)
def test_a_file_of_learned_ranges_is_all_integers_and_answers_as_the_model(name, tmp_path):
    model, values = made(name)
    aware = export.quantize_aware(model)
    before = outputs(model, values)
    for _ in range(2):
        outputs(aware, values, training=True)
    # Against float: the rounding is that of 8 bits. Against the rounding model: the file is it.
    for rounded, exact in zip(outputs(aware, values), before, strict=True):
        assert 10 * np.log10(np.mean(exact**2) / np.mean((rounded - exact) ** 2)) > 30
    names = [tensor.name for tensor in model.inputs]
    parity = dict(zip(names, values, strict=True)) if len(names) > 1 else values
    path = tmp_path / "model.tflite"
    report = export.to_tflite(aware, path, quantize="int8", parity=parity)
    assert report.float_operators == ()
    assert all(output.sqnr_db > 33 for output in report.parity.outputs)

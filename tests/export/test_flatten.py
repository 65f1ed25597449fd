"""Flat copies of nested models: the same numbers from single layers."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn.export import flatten
from kerascnn.export.graphs.fold import fold
from kerascnn.export.graphs.graph import read
from kerascnn.export.graphs.primitives import split

RNG = np.random.default_rng(0)


@keras.saving.register_keras_serializable(package="tests")
class Block(layers.Layer):
    """A convolution with normalisation and a gate: layers inside, no weights of its own."""

    def __init__(self, filters, **kwargs):
        super().__init__(**kwargs)
        self.filters = filters
        self.convolution = layers.Conv2D(filters, 3, padding="same", name="convolution")
        self.normalization = layers.BatchNormalization(name="normalization")

    def build(self, input_shape):
        self.convolution.build(input_shape)
        self.normalization.build((*input_shape[:-1], self.filters))

    def call(self, inputs, training=False):
        x = self.normalization(self.convolution(inputs), training=training)
        return ops.concatenate([x, 0.5 * ops.relu(x)], axis=-1)

    def get_config(self):
        return {**super().get_config(), "filters": self.filters}


@keras.saving.register_keras_serializable(package="tests")
class Owner(Block):
    """The same with a weight of its own, which a graph of its layers would lose."""

    def build(self, input_shape):
        super().build(input_shape)
        self.gain = self.add_weight(name="gain", shape=(), initializer="ones")

    def call(self, inputs, training=False):
        return self.gain * super().call(inputs, training=training)


@keras.saving.register_keras_serializable(package="tests")
class Closed(Block):
    """Calls NumPy, which takes no symbolic tensors."""

    def call(self, inputs, training=False):
        if isinstance(inputs, keras.KerasTensor):
            raise TypeError("no symbols")
        return super().call(inputs, training=training)

    def compute_output_spec(self, inputs, training=False):
        return keras.KerasTensor((*inputs.shape[:-1], 2 * self.filters))


def settle(model):
    """Weights as after training: no statistics or biases of 0 and 1."""
    for weight in model.weights:
        low = 0.5 if "variance" in weight.path or "gamma" in weight.path else -0.5
        if "seed" not in weight.path:
            weight.assign(RNG.uniform(low, low + 1, weight.shape))
    return model


def nested():
    image = keras.Input((8, 8, 3), name="image")
    side = keras.Input((5,), name="side")
    shared = keras.Sequential([keras.Input((8, 8, 4)), layers.Conv2D(4, 1), layers.ReLU()])
    x = Block(2, name="first")(image)
    x = layers.add([shared(x), shared(ops.flip(x, axis=1))])
    inner = keras.Model(i := keras.Input((8, 8, 4)), Block(3, name="deep")(i), name="inner")
    x = layers.GlobalAveragePooling2D()(inner(x))
    x = layers.Concatenate()([x, layers.Dense(2, activation="tanh")(side)])
    return keras.Model({"image": image, "side": side}, {"a": x, "b": layers.Dense(3)(x)})


def outputs(model, count=4):
    rng = np.random.default_rng(1)
    data = {t.name: rng.normal(size=(count, *t.shape[1:])).astype("float32") for t in model.inputs}
    inputs = data if len(data) > 1 else next(iter(data.values()))
    return [np.array(value) for value in keras.tree.flatten(model(inputs))]


def test_a_flat_model_gives_the_same_from_single_layers():
    model = settle(nested())
    flat = flatten(model)
    for actual, expected in zip(outputs(flat), outputs(model), strict=True):
        np.testing.assert_array_equal(actual, expected)
    assert {layer.name for layer in flat.layers} >= {
        "first.convolution",
        "inner.deep.normalization",
    }
    assert not [layer for layer in flat.layers if isinstance(layer, Block | keras.Model)]
    assert flat.count_params() == model.count_params()
    assert list(flat.output) == list(model.output)


def test_a_flat_model_has_its_own_weights_and_names():
    model = settle(nested())
    names = [layer.name for layer in model._flatten_layers()]
    before = outputs(model)
    flat = flatten(model)
    flat.set_weights([0 * weight for weight in flat.get_weights()])
    np.testing.assert_array_equal(outputs(model)[0], before[0])
    assert [layer.name for layer in model._flatten_layers()] == names


def test_a_shared_layer_stays_shared():
    flat = flatten(nested())
    graph = read(flat)
    kernels = [s.operation for s in graph.steps if type(s.operation) is layers.Conv2D]
    assert len(kernels) == 4
    assert len({id(layer) for layer in kernels}) == 3


def test_weights_that_a_layer_owns_itself_are_kept_and_trained():
    image = keras.Input((8, 8, 3))
    block = Owner(2, name="block")
    model = settle(keras.Model(image, block(image)))
    flat = flatten(model)
    np.testing.assert_array_equal(outputs(flat)[0], outputs(model)[0])
    assert len(flat.trainable_variables) == len(model.trainable_variables)
    assert flat.get_layer("block.weights").get_weights() == [np.array(block.gain)]
    before = flat.get_layer("block.weights").get_weights()
    flat.compile("sgd", "mse")
    flat.fit(np.ones((2, 8, 8, 3)), np.zeros((2, 8, 8, 4)), verbose=0)
    assert flat.get_layer("block.weights").get_weights() != before
    assert isinstance(block.gain, keras.Variable)


@keras.saving.register_keras_serializable(package="tests")
class Halve(layers.Layer):
    """Operations alone, without layers or weights."""

    def call(self, inputs):
        return 0.5 * ops.relu(inputs)


@keras.saving.register_keras_serializable(package="tests")
class Noisy(layers.Layer):
    """Draws random numbers, whose state no graph of operations holds."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.seed_generator = keras.random.SeedGenerator(0)

    def call(self, inputs):
        return inputs + keras.random.normal((3,), seed=self.seed_generator)


@keras.saving.register_keras_serializable(package="tests")
class Trained(layers.Layer):
    """Does something else in training."""

    def call(self, inputs, training=False):
        return 2.0 * inputs if training else inputs


@pytest.mark.parametrize(
    ("kind", "names"), [(Halve, []), (Noisy, ["whole"]), (Trained, ["whole"])], ids=str
)
def test_only_what_is_all_in_its_operations_is_opened(kind, names):
    x = keras.Input((3,), name="x")
    model = keras.Model(x, kind(name="whole")(x))
    assert [layer.name for layer in flatten(model).layers] == ["x", *names]


def test_what_takes_no_symbols_stays_closed():
    image = keras.Input((8, 8, 3))
    model = settle(keras.Model(image, Closed(2, name="whole")(image)))
    with pytest.warns(UserWarning, match="'whole' stays closed.*no symbols"):
        flat = flatten(model)
    assert [type(layer) for layer in flat.layers][1:] == [Closed]
    np.testing.assert_array_equal(outputs(flat)[0], outputs(model)[0])


def test_a_sequential_model_is_flattened():
    model = settle(keras.Sequential([keras.Input((8, 8, 3)), Block(2), layers.Flatten()]))
    np.testing.assert_array_equal(outputs(flatten(model))[0], outputs(model)[0])


def test_a_subclassed_model_is_refused():
    class Mine(keras.Model):
        def call(self, inputs):
            return inputs

    model = Mine()
    model(np.ones((1, 2)))
    with pytest.raises(ValueError, match=r"must be functional or sequential.*of class Mine"):
        flatten(model)


FOLDABLE = {
    "Conv1D": (layers.Conv1D(4, 3, use_bias=False), (9, 3)),
    "Conv2D": (layers.Conv2D(4, 3, dilation_rate=2), (9, 9, 3)),
    "grouped": (layers.Conv2D(4, 3, groups=2), (9, 9, 6)),
    "DepthwiseConv2D": (layers.DepthwiseConv2D(3, depth_multiplier=2), (9, 9, 3)),
    "Conv1DTranspose": (layers.Conv1DTranspose(4, 3, strides=2), (5, 3)),
    "Conv2DTranspose": (layers.Conv2DTranspose(4, 3, strides=2, use_bias=False), (5, 5, 3)),
    "Dense": (layers.Dense(4), (6,)),
    "SeparableConv2D": (layers.SeparableConv2D(4, 3), (9, 9, 3)),
    "Rescaling": (layers.Rescaling(0.1, offset=-1.0), (9, 9, 3)),
    "ReLU": (layers.ReLU(), (9, 9, 3)),
    "Flatten": (layers.Flatten(), (3, 3, 2)),
}


@pytest.mark.parametrize("name", FOLDABLE)
def test_folding_leaves_no_normalisation_and_the_same_numbers(name):
    layer, shape = FOLDABLE[name]
    x = keras.Input(shape)
    model = keras.Model(x, layers.ReLU()(layers.BatchNormalization()(layer(x))))
    folded = fold(split(flatten(settle(model))))
    kinds = [type(layer) for layer in folded.layers]
    assert layers.BatchNormalization not in kinds
    kernels = {"ReLU": 1, "Flatten": 0, "SeparableConv2D": 2}.get(name, 1)
    assert len([layer for layer in folded.layers if hasattr(layer, "kernel")]) == kernels
    for actual, expected in zip(outputs(folded), outputs(model), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


def test_a_kernel_that_others_read_too_is_not_folded_into():
    x = keras.Input((8, 8, 3))
    y = layers.Conv2D(4, 3)(x)
    model = settle(keras.Model(x, [layers.BatchNormalization()(y), y]))
    for actual, expected in zip(outputs(fold(flatten(model))), outputs(model), strict=True):
        np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("activation", ["silu", "hard_sigmoid", "tanh", "relu6", "hard_silu"])
def test_activations_are_written_as_operators(activation):
    x = keras.Input((6,))
    model = settle(keras.Model(x, layers.Dense(5, activation=activation)(x)))
    primitive = split(flatten(model))
    assert primitive.layers[1].activation is keras.activations.linear
    np.testing.assert_allclose(outputs(primitive)[0], outputs(model)[0], rtol=1e-5, atol=1e-6)


def test_a_training_mode_opens_for_inference_alone():
    class Scaled(layers.Layer):
        def call(self, inputs, training=False):
            return inputs if training else ops.multiply(inputs, 0.5)

    image = keras.Input((4,))
    model = keras.Model(image, Scaled(name="scaled")(image))
    closed, opened = flatten(model), flatten(model, inference=True)
    assert "scaled" in [layer.name for layer in closed.layers]
    assert [operation.name for operation in opened.operations][1:] == ["scaled.multiply"]
    values = np.ones((2, 4), "float32")
    np.testing.assert_array_equal(opened(values, training=True), 0.5 * values)

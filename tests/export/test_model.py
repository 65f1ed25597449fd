"""What is read off a Keras model before it is exported."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn.export.model import check_static, deployable, name_outputs, ports
from kerascnn.export.tree import float32, walk


class Subclassed(keras.Model):
    def __init__(self):
        super().__init__(name="subclassed")
        self.blocks = [layers.Dense(3, name="first"), {"last": layers.Dense(2, name="last")}]

    def call(self, x):
        return self.blocks[1]["last"](self.blocks[0](x["left"]) + x["right"])


def subclassed():
    model = Subclassed()
    model({"left": np.zeros((2, 4), "float32"), "right": np.zeros((2, 3), "float32")})
    return model


def described(model):
    return [(port.name, port.shape, port.dtype) for port in ports(model).inputs]


def test_a_functional_model_keeps_the_names_of_its_inputs():
    left, right = keras.Input((4,), name="left"), keras.Input((3,), dtype="int32", name="right 2")
    model = keras.Model([left, right], layers.Concatenate()([left, layers.Dense(2)(right)]))
    assert described(model) == [
        ("left", (None, 4), "float32"),
        ("right_2", (None, 3), "int32"),
    ]
    assert ports(model).pack(["a", "b"]) == ["a", "b"]


def test_a_dictionary_of_inputs_keeps_its_keys():
    left, right = keras.Input((4,), name="y"), keras.Input((3,), name="x")
    model = keras.Model({"y": left, "x": right}, layers.Concatenate()([left, right]))
    assert described(model) == [("x", (None, 3), "float32"), ("y", (None, 4), "float32")]
    assert ports(model).pack(["a", "b"]) == {"x": "a", "y": "b"}


def test_an_unnamed_input_is_called_input():
    assert described(keras.Sequential([layers.Input((4,)), layers.Dense(2)])) == [
        ("input", (None, 4), "float32")
    ]


def test_a_subclassed_model_is_described_by_its_first_call():
    assert described(subclassed()) == [
        ("left", (None, 4), "float32"),
        ("right", (None, 3), "float32"),
    ]


def test_outputs_are_named_by_keys_by_layers_or_at_least_apart():
    inputs = keras.Input((4,))
    shared = layers.Dense(2, name="head")
    several = keras.Model(inputs, [shared(inputs), shared(layers.ReLU()(inputs))])
    single = keras.Sequential([layers.Input((4,)), layers.Dense(2, name="end")])
    assert list(name_outputs(several, [1, 2])) == ["head", "head_1"]
    assert list(name_outputs(several, {"b": 1, "a": 2})) == ["b", "a"]
    assert list(name_outputs(single, 1)) == ["end"]
    assert list(name_outputs(subclassed(), 1)) == ["output"]


def test_layers_at_any_depth_have_paths():
    inner = keras.Sequential(
        [layers.Conv2D(2, 3, name="conv"), layers.ReLU(name="relu")], name="inner"
    )
    model = keras.Sequential([layers.Input((8, 8, 1)), inner])
    recurrent = keras.Sequential(
        [layers.Input((5, 2)), layers.Bidirectional(layers.LSTM(3, name="lstm"), name="both")]
    )
    assert [path for path, _ in walk(model)] == ["inner", "inner/conv", "inner/relu"]
    assert {"both/forward_lstm", "both/backward_lstm"} <= {path for path, _ in walk(recurrent)}
    assert [path for path, _ in walk(subclassed())] == ["first", "last"]


def test_mixed_precision_is_suspended_and_comes_back():
    policy = keras.mixed_precision.DTypePolicy("mixed_float16")
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2, dtype=policy)])
    ones = np.ones((1, 4), "float32")
    with float32(model):
        assert model(ones).dtype == "float32"
    assert model(ones).dtype == "float16"


class System:
    def __init__(self, part):
        self.deployable = part


def test_the_deployable_part_is_taken():
    model = keras.Sequential([layers.Input((4,)), layers.Dense(2)])
    assert deployable(System(model)) is model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (3, "must be a keras.Model. Received: model=3"),
        (System(None), "must be a keras.Model. Received: model=None"),
        (layers.Dense(2), "must be a keras.Model"),
        (keras.Sequential([layers.Dense(2)], name="open"), "must be built.*model=open"),
        (Subclassed(), "must be built.*model=subclassed"),
        (type("Model", (), {"__module__": "tf_keras.src.models"})(), "instead of tf_keras"),
    ],
)
def test_what_is_no_built_keras_3_model_is_refused(model, message):
    with pytest.raises(ValueError, match=message) as caught:
        deployable(model)
    assert "\n" not in str(caught.value)


def test_unknown_dimensions_are_refused_by_the_name_of_the_input():
    model = keras.Sequential([keras.Input((None, None, 1), name="image"), layers.Conv2D(2, 3)])
    taken = ports(keras.Model(model.inputs, model.outputs))
    with pytest.raises(ValueError, match=r"fixed shape\. Received: input '.*' of shape"):
        check_static(taken)


def test_a_subclassed_model_with_several_arguments_is_refused():
    class Pair(keras.Model):
        def build(self, left_shape, right_shape):
            pass

        def call(self, left, right):
            return left + right

    model = Pair(name="pair")
    model(np.zeros((2, 3), "float32"), np.zeros((2, 3), "float32"))
    with pytest.raises(ValueError, match=r"as one argument.*model=pair"):
        ports(model)

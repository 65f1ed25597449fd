"""Equal forms: the same numbers in Keras, and operators that every runtime and an Edge TPU has."""

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import edge, export
from kerascnn.export.conversion.process import convert_model
from kerascnn.export.coral.readiness import judge
from kerascnn.export.forms.operations import int8_form
from kerascnn.export.targets.forms import coral, split_groups
from kerascnn.export.targets.rewriting import rewrite

FORMS = (int8_form, split_groups, coral)


def normalized(layer):
    """A normalisation with gains that are not 1 and 0."""

    def call(x):
        y = layer(x)
        values = np.random.default_rng(0).uniform(0.5, 1.5, (2, 8))
        layer.set_weights([value.astype("float32") for value in values][: len(layer.weights)])
        return y

    return call


def root(x):
    return x / ops.sqrt(ops.sum(x * x, axis=-1, keepdims=True) + 1e-3)


_ACTIVATIONS = (
    "celu",
    "elu",
    "exponential",
    "hard_sigmoid",
    "hard_tanh",
    "log_sigmoid",
    "mish",
    "selu",
    "silu",
    "softplus",
    "softsign",
    "tanh_shrink",
)
CASES = {
    "square": ops.square,
    "power": lambda x: x**2,
    "negative": lambda x: -x,
    "by_root": root,
    "by_positive": lambda x: x / (1.0 + ops.square(x)),
    "by_softmax": lambda x: x / ops.softmax(x),
    "by_constant": lambda x: x / 3.0,
    "one_over": lambda x: 1.0 / ops.exp(x),
    "unit": layers.UnitNormalization(),
    "normalize": ops.normalize,
    "layer_norm": normalized(layers.LayerNormalization()),
    "layer_norm_of_all": layers.LayerNormalization(axis=(1, 2, 3)),
    "rms_norm": normalized(layers.RMSNormalization()),
    "group_norm": normalized(layers.GroupNormalization(4)),
    "instance_norm": normalized(layers.GroupNormalization(-1)),
    "upsampling": layers.UpSampling2D((2, 3)),
    "groups": layers.Conv2D(12, 3, strides=2, dilation_rate=1, groups=4, activation="relu"),
    "groups_softmax": layers.Conv2D(4, 3, dilation_rate=2, groups=2, activation="softmax"),
    "leaky": layers.LeakyReLU(0.1),
    "leaky_operation": lambda x: ops.leaky_relu(x, 0.3),
    "leaky_activation": layers.Activation("leaky_relu"),
    "leaky_relu_layer": layers.ReLU(negative_slope=0.2),
    "dense_on_images": layers.Dense(5, activation="tanh"),
    "dense_on_rows": lambda x: layers.Dense(5)(layers.Reshape((36, 8))(x)),
    "absolute": ops.abs,
    "clip": lambda x: ops.clip(x, -0.5, 0.7),
    "variance": lambda x: ops.var(x, axis=(1, 2), keepdims=True),
    "elu_layer": layers.ELU(0.5),
    "elu_operation": lambda x: ops.elu(x, 0.7),
    "celu_operation": lambda x: ops.celu(x, 0.7),
    **{name: layers.Activation(name) for name in _ACTIVATIONS},
}


def model_of(call, shape=(6, 6, 8)):
    image = keras.Input(shape, name="image")
    return keras.Model(image, call(image))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).normal(size=(4, 6, 6, 8)).astype("float32")


@pytest.mark.parametrize("name", CASES)
def test_a_form_gives_the_same_numbers(name, images):
    model = model_of(CASES[name])
    again = rewrite(model, FORMS)
    assert again is not model
    expected = np.array(model(images))
    np.testing.assert_allclose(
        np.array(again(images)), expected, rtol=1e-5, atol=1e-5 * np.abs(expected).max()
    )


@pytest.mark.parametrize(
    "call",
    [
        lambda x: x / (1.0 + x),  # may be 0
        lambda x: x / ops.leaky_relu(x),
        lambda x: x / layers.ReLU(negative_slope=0.1)(x),
        lambda x: x / (ops.relu(x) + 0.0),
        lambda x: x**3,
        layers.UpSampling2D(2, interpolation="bilinear"),
        layers.LayerNormalization(axis=1),
        layers.Conv2D(4, 3),
        layers.ReLU(6.0),
        lambda x: ops.normalize(x, order=1),
    ],
)
def test_what_has_no_equal_form_stays(call):
    model = model_of(call)
    assert rewrite(model, (int8_form, split_groups)) is model


def test_the_model_of_the_caller_stays_as_it_is(images):
    inner = keras.Sequential([keras.Input((6, 6, 8)), layers.LeakyReLU(0.1)], name="inner")
    image = keras.Input((6, 6, 8), name="image")
    x = inner(image)
    model = keras.Model(image, layers.Conv2D(4, 1, groups=2, name="pairs")(x))
    before = np.array(model(images))
    again = rewrite(model, FORMS)
    assert [layer.name.split(".")[0] for layer in again.layers] == ["image", "inner", "pairs"]
    np.testing.assert_allclose(np.array(again(images)), before, atol=1e-5)
    np.testing.assert_array_equal(np.array(model(images)), before)
    assert model.get_layer("pairs").output is not None  # has one place in one graph


def test_a_layer_in_two_places_is_written_once(images):
    shared = layers.GroupNormalization(2)
    first, second = keras.Input((6, 6, 8)), keras.Input((6, 6, 8))
    model = keras.Model([first, second], shared(first) + shared(second))
    again = rewrite(model, FORMS)
    np.testing.assert_allclose(
        np.array(again([images, images * 2])), np.array(model([images, images * 2])), atol=1e-5
    )


@pytest.fixture(scope="module")
def everything(tmp_path_factory, images):
    """One network with all that needs a form, converted as it is and rewritten."""
    image = keras.Input((6, 6, 8), name="image")
    x = layers.Conv2D(8, 3, padding="same", groups=2, activation="relu", name="pairs")(image)
    x = layers.LeakyReLU(0.1, name="leak")(x)
    x = normalized(layers.GroupNormalization(4, name="groups"))(x)
    x = layers.UpSampling2D(2, name="larger")(x)
    x = normalized(layers.LayerNormalization(name="norm"))(x)
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", use_bias=False, name="up")(x)
    x = layers.ReLU(name="cut")(layers.BatchNormalization(name="scaled")(x))
    x = layers.Dense(6, name="pixels")(x)
    x = root(-ops.abs(x))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(ops.square(x)))
    samples = {"image": np.random.default_rng(1).normal(size=(32, 6, 6, 8)).astype("float32")}
    folder = tmp_path_factory.mktemp("forms")
    paths = []
    for name, one in (("plain", model), ("written", rewrite(model, FORMS))):
        paths.append(folder / f"{name}.tflite")
        paths[-1].write_bytes(
            convert_model(one, quantize="int8", input_output="int8", samples=samples)
        )
    return model, paths


def test_forms_leave_no_float_operator_and_run_anywhere(everything):
    _, (plain, written) = everything
    before, after = export.inspect(plain), export.inspect(written)
    assert {"NEG", "SQUARE"} <= {node.name for node in before.float_operators}
    assert before.runtime != "TensorFlow Lite 2.5"
    assert after.float_operators == ()
    assert after.runtime == "TensorFlow Lite 2.5"


def test_forms_let_the_whole_network_run_on_an_edge_tpu(everything):
    _, (plain, written) = everything
    assert judge(plain).mapped == 0
    report = judge(written)
    assert [one for one in report.placements if not one.mapped] == []
    assert report.mapped_share == report.macs_share == 1.0


def test_forms_are_written_under_the_names_of_their_layers(everything):
    _, (_, written) = everything
    found = {layer for node in export.inspect(written).nodes for layer in node.layer.split(" + ")}
    assert {"pairs", "leak", "groups", "larger", "norm", "up", "pixels"} <= found


def test_forms_in_int8_are_as_close_as_before(everything, images):
    model, (plain, written) = everything
    expected = np.array(model(images))
    errors = []
    for path in (plain, written):
        with edge.load(path) as loaded:
            errors.append(np.mean((np.asarray(loaded(images)) - expected) ** 2))
    assert errors[1] < 4 * errors[0] + 1e-4


def test_training_with_rounding_has_the_same_forms(images, tmp_path):
    image = keras.Input((6, 6, 8), name="image")
    x = layers.Conv2D(8, 3, padding="same", activation="relu")(image)
    x = layers.Conv2D(8, 1)(layers.UpSampling2D(2)(x))
    model = keras.Model(image, layers.GlobalAveragePooling2D()(-ops.square(x)))
    aware = export.quantize_aware(model)
    aware.compile("sgd", "mse")
    aware.fit(images, np.zeros((4, 8)), epochs=2, verbose=0)
    report = export.to_tflite(aware, tmp_path / "q.tflite", quantize="int8", target="coral")
    assert report.float_operators == ()
    assert report.coral.ready


def test_outputs_keep_the_keys_of_a_model_within_where_the_converter_measures(images, tmp_path):
    inner = keras.Input((6, 6, 8))
    ends = {"low": ops.floor(inner), "rooted": ops.square(inner)}
    image = keras.Input((6, 6, 8), name="image")
    head = keras.Model(inner, ends, name="head")
    model = keras.Model(image, head(layers.Conv2D(8, 1)(image)))
    report = export.to_tflite(
        model, tmp_path / "m.tflite", quantize="int8", calibration=images, allow={"FLOOR"}
    )
    assert any("not known how these compute" in note for note in report.notes)
    assert {output.name for output in report.outputs} == {"low", "rooted"}

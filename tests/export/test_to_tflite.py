"""From Keras models that this project didn't write to files that keep every promise."""

import json
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from kerascnn import edge, export


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def two_headed():
    """Two inputs, two named outputs, a nested Sequential, every kind of convolution."""
    keras.utils.set_random_seed(0)
    image, code = keras.Input((16, 16, 3), name="image"), keras.Input((4,), name="code")
    stem = keras.Sequential(
        [
            layers.Conv2D(8, 3, use_bias=False, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
            layers.DepthwiseConv2D(3, name="depthwise"),
            layers.Conv2DTranspose(4, 2, strides=2, name="up"),
        ],
        name="stem",
    )
    maps = stem(image)
    x = layers.Concatenate(name="join")([layers.GlobalAveragePooling2D(name="pool")(maps), code])
    scores = layers.Dense(10, activation="softmax", name="scores")(x)
    return keras.Model({"image": image, "code": code}, {"maps": maps, "class": scores}, name="net")


TWO_HEADED = {"image": normal(40, 16, 16, 3), "code": normal(40, 4)}


class Subclassed(keras.Model):
    """Has no functional graph, and mixes a large dense layer with a convolution."""

    def __init__(self):
        super().__init__(name="subclassed")
        self.blocks = [layers.Conv2D(8, 3, name="conv"), layers.Flatten(), layers.ReLU()]
        self.head = layers.Dense(12, name="head")

    def call(self, x, training=False):
        for block in self.blocks:
            x = block(x)
        return self.head(x)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("exported")


@pytest.fixture(scope="module")
def subclassed():
    keras.utils.set_random_seed(0)
    model = Subclassed()
    model(np.zeros((2, 10, 10, 1), "float32"))
    return model


@pytest.fixture(scope="module")
def mobilenet(folder):
    keras.utils.set_random_seed(0)
    model = keras.applications.MobileNetV2(
        weights=None, input_shape=(96, 96, 3), alpha=0.35, classifier_activation=None
    )
    report = export.to_tflite(
        model, folder / "mobilenet.tflite", quantize="int8", calibration=normal(8, 96, 96, 3)
    )
    return model, report


@pytest.fixture(scope="module")
def two_headed_int8(folder):
    model = two_headed()
    batches = tf.data.Dataset.from_tensor_slices((TWO_HEADED, np.zeros(40))).batch(16)
    report = export.to_tflite(
        model,
        folder / "two_headed.tflite",
        quantize="int8",
        input_output="int8",
        calibration=batches,
        metadata=edge.Metadata(task="classification", labels=tuple("abcdefghij")),
    )
    return model, report


def test_mobilenet_computes_in_integers_alone(mobilenet):
    _, report = mobilenet
    assert report.float_operators == ()
    assert {node.dtype for node in report.nodes} == {"int8", "float32"}
    assert [node.name for node in report.nodes if node.dtype == "float32"] == ["DEQUANTIZE"]
    assert report.runtime == "TensorFlow Lite 2.5"  # so the dense layer has one scale


def test_the_report_counts_what_the_runtime_sees(mobilenet):
    _, report = mobilenet
    interpreter = Interpreter(str(report.path), experimental_delegates=[])
    names = [detail["op_name"] for detail in interpreter._get_ops_details()]
    names = [name for name in names if name != "DELEGATE"]
    assert sum(kind.count for kind in report.operators) == len(report.nodes) == len(names)
    assert sorted(node.name for node in report.nodes) == sorted(names)
    assert report.size == report.path.stat().st_size


def test_multiply_accumulates_equal_those_of_the_keras_layers(mobilenet):
    model, report = mobilenet
    expected = 0
    for layer in model.layers:
        if isinstance(layer, layers.DepthwiseConv2D):
            expected += np.prod(layer.output.shape[1:]) * np.prod(layer.kernel.shape[:2])
        elif isinstance(layer, layers.Conv2D):
            expected += np.prod(layer.output.shape[1:]) * np.prod(layer.kernel.shape[:3])
        elif isinstance(layer, layers.Dense):
            expected += np.prod(layer.kernel.shape)
    assert report.macs == expected


def test_every_operator_of_mobilenet_is_traced_to_its_layer(mobilenet):
    model, report = mobilenet
    names = {layer.name for layer in model.layers}
    convolutions = [node for node in report.nodes if "CONV" in node.name]
    assert len(convolutions) == 52
    for node in convolutions:
        assert set(node.layer.split(" + ")) <= names
        assert node.layer


def test_names_of_inputs_and_outputs_stay(two_headed_int8):
    _, report = two_headed_int8
    assert {end.name: end.shape for end in report.inputs} == {
        "image": (1, 16, 16, 3),
        "code": (1, 4),
    }
    assert {end.name: end.shape for end in report.outputs} == {
        "maps": (1, 24, 24, 4),
        "class": (1, 10),
    }


def test_int8_ends_need_no_conversion(two_headed_int8):
    _, report = two_headed_int8
    assert {end.dtype for end in (*report.inputs, *report.outputs)} == {"int8"}
    assert report.float_operators == ()
    assert {node.name for node in report.nodes} == {
        "CONV_2D",
        "DEPTHWISE_CONV_2D",
        "TRANSPOSE_CONV",
        "MEAN",
        "CONCATENATION",
        "FULLY_CONNECTED",
        "SOFTMAX",
    }


def test_layers_of_nested_models_have_the_names_that_skip_takes(two_headed_int8):
    found = {node.name: node.layer for node in two_headed_int8[1].nodes}
    assert found["CONV_2D"] == "stem.conv + stem.relu"
    assert found["DEPTHWISE_CONV_2D"] == "stem.depthwise"
    assert found["FULLY_CONNECTED"] == "scores"


def test_compare_measures_each_output_by_name(two_headed_int8):
    model, report = two_headed_int8
    fresh = {"image": normal(50, 16, 16, 3, seed=1), "code": normal(50, 4, seed=1)}
    comparison = export.compare(model, report.path, fresh)
    assert comparison.samples == 50
    assert [output.name for output in comparison.outputs] == ["maps", "class"]
    outputs = edge.load(report.path)(fresh)
    expected = model(fresh, training=False)
    for error in comparison.outputs:
        value = np.asarray(expected[error.name])
        assert error.sqnr_db > 20
        np.testing.assert_allclose(error.max_abs, np.abs(outputs[error.name] - value).max(), 1e-4)
        same = np.mean(outputs[error.name].argmax(-1) == value.argmax(-1))
        assert error.argmax_agreement == pytest.approx(same)


def test_compare_refuses_a_file_of_another_model(two_headed_int8, mobilenet):
    with pytest.raises(ValueError, match=r"outputs of the model: .*maps.*Received: .*predictions"):
        export.compare(two_headed_int8[0], mobilenet[1].path, TWO_HEADED)


def test_the_description_travels_in_the_file(two_headed_int8):
    _, report = two_headed_int8
    assert edge.read_metadata(report.path).labels == tuple("abcdefghij")
    assert report.metadata.task == "classification"


def test_the_report_reads_as_json_and_as_a_table(two_headed_int8):
    _, report = two_headed_int8
    fields = json.loads(report.to_json())
    assert fields["quantize"] == "int8"
    assert [output["name"] for output in fields["parity"]["outputs"]] == ["maps", "class"]
    assert fields["macs"] == report.macs > 0
    assert report.table().row_count == len(report.operators)
    assert "dB from Keras" in report.summary()
    assert 0 < report.seconds < 600


def test_float32_equals_keras(folder):
    report = export.to_tflite(two_headed(), folder / "float32.tflite", parity=TWO_HEADED)
    assert report.parity.samples == 40
    for output in report.parity.outputs:
        assert output.max_abs < 1e-5
        assert output.argmax_agreement == 1.0


def test_a_subclassed_model_in_half_precision(subclassed, folder):
    images = normal(8, 10, 10, 1)
    path = folder / "float16.tflite"
    report = export.to_tflite(subclassed, path, quantize="float16", parity=images)
    assert {node.weights for node in report.nodes if node.name == "DEQUANTIZE"} == {"float16"}
    assert [end.name for end in (*report.inputs, *report.outputs)] == ["input", "output"]
    assert report.parity.outputs[0].sqnr_db > 50
    assert "traced in one call" in report.notes[-1]


def test_dynamic_range_stores_int8_and_loads_in_old_runtimes(subclassed, folder):
    path = folder / "dynamic.tflite"
    report = export.to_tflite(subclassed, path, quantize="dynamic", parity=normal(8, 10, 10, 1))
    (dense,) = [node for node in report.nodes if node.name == "FULLY_CONNECTED"]
    assert (dense.dtype, dense.weights) == ("float32", "int8")
    assert report.runtime == "TensorFlow Lite 2.5"


def test_a_model_trained_in_mixed_precision_leaves_in_integers(folder):
    policy = keras.mixed_precision.DTypePolicy("mixed_float16")
    mixed = [layers.Conv2D(4, 3, dtype=policy), layers.BatchNormalization(dtype=policy)]
    model = keras.Sequential([layers.Input((8, 8, 1)), *mixed, layers.Flatten(), layers.Dense(3)])
    report = export.to_tflite(
        model,
        folder / "mixed.tflite",
        quantize="int8",
        input_output="uint8",
        calibration=iter(normal(30, 8, 8, 1)),
    )
    assert report.float_operators == ()
    assert {end.dtype for end in (*report.inputs, *report.outputs)} == {"uint8"}
    assert report.parity.outputs[0].sqnr_db > 20
    assert model.layers[0].compute_dtype == "float16"


@pytest.fixture(scope="module")
def curved():
    class Wave(layers.Layer):
        def call(self, x):
            return keras.ops.sin(x)

    inner = keras.Sequential([layers.Conv2D(4, 3, name="conv"), Wave(name="wave")], name="inner")
    return keras.Sequential([layers.Input((8, 8, 1)), inner, layers.Flatten()])


def test_a_float_island_is_refused_and_the_older_file_stays(curved, tmp_path):
    path = tmp_path / "model.tflite"
    path.write_bytes(b"older")
    with pytest.raises(export.ExportError, match=r"Received: SIN in inner/wave"):
        export.to_tflite(curved, path, quantize="int8", calibration=normal(20, 8, 8, 1))
    assert path.read_bytes() == b"older"
    assert list(tmp_path.iterdir()) == [path]


def test_an_allowed_island_and_odd_calibration_are_reported(curved, tmp_path):
    path = tmp_path / "model.tflite"
    report = export.to_tflite(
        curved,
        path,
        quantize="int8",
        calibration=np.ones((4, 8, 8, 1)),
        allow=("SIN",),
        parity=normal(4, 8, 8, 1),
    )
    assert [node.name for node in report.float_operators] == ["DEQUANTIZE", "SIN", "QUANTIZE"]
    assert "all hold one number" in report.notes[0]
    assert list(tmp_path.iterdir()) == [path]


def test_a_crash_of_the_converter_names_the_rolled_layers(tmp_path):
    model = keras.Sequential(
        [layers.Input((6, 4)), layers.Bidirectional(layers.LSTM(3, name="cells"), name="both")]
    )
    options = {"quantize": "int16", "calibration": normal(8, 6, 4)}
    with pytest.raises(export.ExportError, match=r"unroll=True.*both/forward_cells, both/backward"):
        export.to_tflite(model, tmp_path / "m.tflite", **options)
    assert list(tmp_path.iterdir()) == []


def test_an_operation_without_a_builtin_names_its_layer(tmp_path):
    model = keras.Sequential(
        [layers.Input((8, 8, 1)), layers.Resizing(16, 16, interpolation="bicubic", name="larger")]
    )
    with pytest.raises(export.ExportError, match=r"bilinear.*ResizeBicubic in layer larger$"):
        export.to_tflite(model, tmp_path / "m.tflite")


def test_state_between_runs_is_refused(tmp_path):
    class Counter(layers.Layer):
        def build(self, input_shape):
            self.count = self.add_weight(name="count", trainable=False)

        def call(self, x):
            self.count.assign_add(1.0)
            return x * self.count

    model = keras.Sequential([layers.Input((4,)), Counter(name="counter")])
    with pytest.raises(export.ExportError, match=r"no state.*changes \w+/counter/count"):
        export.to_tflite(model, tmp_path / "m.tflite")


def test_a_variable_that_keras_does_not_know_is_exported_too(tmp_path):
    hidden = tf.Variable([2.0, 3.0, 4.0, 5.0])

    class Scaled(layers.Layer):
        def call(self, x):
            return x * hidden

    model = keras.Sequential([layers.Input((4,)), Scaled(name="scaled")])
    export.to_tflite(model, tmp_path / "m.tflite")
    (found,) = edge.load(tmp_path / "m.tflite").run(np.ones((1, 4), np.float32)).values()
    np.testing.assert_allclose(found, [[2, 3, 4, 5]])


def test_a_model_of_two_gigabytes_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("kerascnn.export.conversion.freezing._MOST", 80)
    model = keras.Sequential([layers.Input((4,)), layers.Dense(4, name="large")], name="mine")
    with pytest.raises(export.ExportError, match=r"less than 2 GB.*mine with 80 bytes"):
        export.to_tflite(model, tmp_path / "m.tflite")
    assert not list(tmp_path.iterdir())


@pytest.fixture(scope="module")
def small():
    return keras.Sequential([layers.Input((4, 4, 1)), layers.Flatten(), layers.Dense(3)])


IMAGES = normal(6, 4, 4, 1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"quantize": "int4"},
            "one of float32, float16, weights, dynamic, int8, int16. Did you mean int8.*'int4'",
        ),
        ({"quantize": "fast"}, "quantize must be one of.*Received: quantize='fast'"),
        ({"quantize": "int8"}, "pass calibration.*calibration=None"),
        ({"quantize": "int8", "calibration": IMAGES[:0]}, "calibration must hold at least one"),
        ({"quantize": "int8", "calibration": IMAGES[:, 1:]}, "calibration must have the shape"),
        ({"quantize": "int8", "calibration": IMAGES * np.nan}, "calibration.*finite"),
        ({"parity": IMAGES * np.nan}, "parity.*finite"),
        ({"input_output": "int8"}, "need quantize='int8'"),
        ({"quantize": "int8", "input_output": "int16"}, "need quantize='int16'"),
    ],
)
def test_ill_formed_arguments_are_refused_at_once(small, tmp_path, options, message):
    started = time.monotonic()
    with pytest.raises(ValueError, match=message) as caught:
        export.to_tflite(small, tmp_path / "m.tflite", **options)
    assert "\n" not in str(caught.value)
    assert time.monotonic() - started < 2
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["missing/m.tflite", "", "file/m.tflite"])
def test_a_path_that_cannot_be_written_is_refused_at_once(small, tmp_path, name):
    (tmp_path / "file").write_text("")
    started = time.monotonic()
    with pytest.raises(ValueError, match=r"path must.*Received: path="):
        export.to_tflite(small, tmp_path / name)
    assert time.monotonic() - started < 2


def test_unknown_picture_sizes_are_refused(tmp_path):
    model = keras.Sequential([layers.Input((None, None, 1)), layers.GlobalMaxPooling2D()])
    with pytest.raises(ValueError, match="known on a device"):
        export.to_tflite(model, tmp_path / "m.tflite")

"""The forms beside int8: 16-bit results and weights alone."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from kerascnn import edge, export


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    return keras.Sequential(
        [
            layers.Input((16, 16, 3), name="image"),
            layers.Conv2D(48, 3, activation="relu", name="stem"),
            layers.DepthwiseConv2D(5, name="depthwise"),
            layers.Conv2DTranspose(16, 3, name="up"),
            layers.Flatten(name="flat"),
            layers.Dense(10, name="scores"),
        ]
    )


IMAGES = normal(40, 16, 16, 3)


@pytest.fixture(scope="module")
def weights(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "m.tflite"
    return export.to_tflite(model, path, quantize="weights", parity=IMAGES)


def test_weights_alone_are_stored_in_int8(model, weights):
    rounded = [node for node in weights.nodes if node.name == "DEQUANTIZE"]
    assert len(rounded) == 4
    assert {node.weights for node in rounded} == {"int8"}
    assert {node.dtype for node in weights.nodes} == {"float32"}
    numbers = sum(np.prod(layer.kernel.shape) for layer in model.layers if hasattr(layer, "kernel"))
    assert numbers < weights.size < 1.2 * numbers


def test_each_output_channel_has_the_scale_of_its_kernel(model, weights):
    interpreter = Interpreter(str(weights.path), experimental_delegates=[])
    found = [
        np.sort(detail["quantization_parameters"]["scales"])
        for detail in interpreter.get_tensor_details()
        if len(detail["quantization_parameters"]["scales"])
    ]
    for name, others in (("stem", (0, 1, 2)), ("depthwise", (0, 1, 3)), ("scores", (0,))):
        kernel = np.asarray(model.get_layer(name).get_weights()[0])
        expected = np.sort(np.abs(kernel).max(others)) / 127
        assert any(len(s) == len(expected) and np.allclose(s, expected, 1e-5) for s in found), name


def test_weights_alone_answer_as_keras_does(weights):
    assert weights.parity.outputs[0].sqnr_db > 40
    assert weights.runtime == "TensorFlow Lite 2.7"


def test_results_of_16_bits_are_finer_than_those_of_8(model, tmp_path):
    options = {"calibration": IMAGES, "parity": normal(20, 16, 16, 3, seed=1)}
    wide = export.to_tflite(
        model, tmp_path / "16.tflite", quantize="int16", input_output="int16", **options
    )
    narrow = export.to_tflite(model, tmp_path / "8.tflite", quantize="int8", **options)
    assert wide.float_operators == ()
    assert {end.dtype for end in (*wide.inputs, *wide.outputs)} == {"int16"}
    assert {node.weights for node in wide.nodes if "CONV" in node.name} >= {"int8"}
    assert wide.parity.outputs[0].sqnr_db > narrow.parity.outputs[0].sqnr_db
    loaded = edge.load(wide.path)
    images = options["parity"]
    np.testing.assert_allclose(loaded(images), np.asarray(model(images)), atol=0.05)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "int16"}, "int16 needs typical inputs.*calibration=None"),
        ({"quantize": "int16", "input_output": "int8"}, "need quantize='int8'"),
        ({"quantize": "weight"}, "Did you mean weights"),
        ({"quantize": "weights", "skip": ("stem",)}, "for quantize='int8'"),
    ],
)
def test_choices_that_do_not_go_together_are_refused(model, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export.to_tflite(model, tmp_path / "m.tflite", **options)
    assert list(tmp_path.iterdir()) == []

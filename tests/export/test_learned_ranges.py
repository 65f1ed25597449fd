"""Files from models that learned their ranges, and from models that get them from data."""

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import layers

from kerascnn import edge, export
from kerascnn.export.quantization.aware import quantize_aware
from kerascnn.export.quantization.fake import FakeQuantize


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def network():
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(8, 3, padding="same", use_bias=False, name="stem")(image)
    x = layers.ReLU(name="relu")(layers.BatchNormalization(name="norm")(x))
    x = layers.Add(name="add")([x, layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)])
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return keras.Model(image, layers.Dense(5, activation="softmax", name="scores")(x), name="net")


IMAGES = normal(48, 16, 16, 3)


def trained(**options):
    """A quantization-aware model with ranges, as one batch of training sets them."""
    model = quantize_aware(network(), **options)
    model(IMAGES, training=True)
    return model


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("learned")


@pytest.fixture(scope="module")
def learned(folder):
    model = trained()
    path = folder / "learned.tflite"
    report = export.to_tflite(
        model, path, quantize="int8", input_output="uint8", parity=normal(40, 16, 16, 3, seed=1)
    )
    return model, report


@pytest.fixture(scope="module")
def partly(folder):
    return export.to_tflite(
        trained(skip=("depthwise",)), folder / "partly.tflite", quantize="int8", calibration=IMAGES
    )


def scales(path):
    """The scale of each tensor of a file that has one, by the name of the tensor."""
    interpreter = Interpreter(str(path), experimental_delegates=[])
    details = interpreter.get_tensor_details()
    return {detail["name"]: detail["quantization"][0] for detail in details}


def test_learned_ranges_need_no_calibration(learned):
    _, report = learned
    assert report.float_operators == ()
    assert {end.dtype for end in (*report.inputs, *report.outputs)} == {"uint8"}
    assert [output.name for output in report.outputs] == ["scores"]


def test_learned_ranges_are_those_of_the_file(learned):
    model, report = learned
    found = scales(report.path)
    for layer in model.layers:
        if isinstance(layer, FakeQuantize):
            step = (float(layer.high) - float(layer.low)) / 255
            assert min(abs(scale / step - 1) for scale in found.values()) < 1e-5, layer.name


def test_a_file_of_learned_ranges_answers_as_the_model_that_rounds(learned):
    model, report = learned
    images = normal(100, 16, 16, 3, seed=2)
    rounded = np.asarray(model(images, training=False))
    given = edge.load(report.path)(images)
    assert np.mean(given.argmax(-1) == rounded.argmax(-1)) >= 0.99
    assert np.abs(given - rounded).max() <= 2 / 256
    assert report.parity.outputs[0].sqnr_db > 35


def test_what_was_skipped_in_training_computes_in_float(partly):
    floating = {node.layer for node in partly.float_operators if "QUANTIZE" not in node.name}
    assert floating == {"depthwise", "add"}  # the addition takes its result
    assert any("depthwise, add" in note for note in partly.notes)
    kinds = {node.layer: node.weights for node in partly.nodes}
    assert (kinds["depthwise"], kinds["stem + relu"]) == ("float32", "int8")


def test_ranges_from_an_observer_give_a_whole_file_of_integers(folder):
    report = export.to_tflite(
        network(),
        folder / "observed.tflite",
        quantize="int8",
        calibration=IMAGES,
        observer="percentile",
        correct_bias=True,
        input_output="int8",
    )
    assert report.float_operators == ()
    assert [output.name for output in report.outputs] == ["scores"]
    assert report.parity.outputs[0].sqnr_db > 30
    # The extremes of a normal distribution are outliers.
    assert report.inputs[0].scale < (IMAGES.max() - IMAGES.min()) / 255 * 0.99


def test_a_float_island_beside_a_skipped_layer_is_refused(folder):
    curved = keras.Sequential(
        [
            layers.Input((8, 8, 1)),
            layers.Conv2D(4, 3, name="stem"),
            layers.Activation("squareplus", name="curve"),
            layers.Conv2D(4, 3, name="head"),
        ]
    )
    with pytest.raises(
        export.ExportError, match=r"in integers.*Received: SQUARE in curve(; \w+ in curve)*$"
    ):
        export.to_tflite(
            curved,
            folder / "curved.tflite",
            quantize="int8",
            calibration=normal(8, 8, 8, 1),
            skip=("head",),
        )
    assert not (folder / "curved.tflite").exists()


def test_a_gap_of_the_training_is_refused_by_layer_and_filled_by_data(folder):
    model = quantize_aware(network())
    path = folder / "filled.tflite"
    with pytest.raises(export.ExportError, match="no range for image, relu, depth"):
        export.to_tflite(model, path, quantize="int8")
    report = export.to_tflite(model, path, quantize="int8", calibration=IMAGES)
    assert report.float_operators == ()
    assert report.parity.outputs[0].sqnr_db > 30
    assert float(model.layers[1].seen) == 0  # the model of the caller stays as it was


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"quantize": "float16"}, "those of int8.*Received: quantize='float16'"),
        ({"quantize": "int8", "skip": ("stem",)}, "skip of its own.*skip=\\('stem',\\)"),
        ({"quantize": "int8", "correct_bias": True}, "Received:.*correct_bias=True"),
        ({"quantize": "int8", "observer": "maximum"}, "one of min_max, percentile, mse"),
    ],
)
def test_arguments_that_are_not_for_learned_ranges_are_refused(learned, folder, options, message):
    with pytest.raises(ValueError, match=message):
        export.to_tflite(learned[0], folder / "refused.tflite", **options)

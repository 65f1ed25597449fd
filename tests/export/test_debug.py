"""How much of each layer is left in a file, by the name of the Keras layer."""

import json
import re
from xml.etree import ElementTree

import keras
import numpy as np
import pytest
from ai_edge_litert.interpreter import Interpreter
from keras import layers
from PIL import Image

from kerascnn import export
from kerascnn.export.reporting.layers import LayerError


def normal(*shape, seed=0):
    return np.random.default_rng(seed).normal(size=shape).astype("float32")


def network():
    """A nested block, a layer of small channels, activations inside and outside of layers."""
    keras.utils.set_random_seed(0)
    block = keras.Sequential(
        [
            layers.Conv2D(8, 3, padding="same", use_bias=False, name="conv"),
            layers.BatchNormalization(name="norm"),
            layers.ReLU(name="relu"),
        ],
        name="block",
    )
    image = keras.Input((12, 12, 3), name="image")
    x = block(image)
    x = layers.Add(name="add")([x, layers.DepthwiseConv2D(3, padding="same", name="depthwise")(x)])
    x = layers.Conv2DTranspose(4, 2, 2, activation="relu", name="up")(x)
    spread = layers.DepthwiseConv2D(1, name="spread")
    x = spread(x)
    x = layers.Conv2D(4, 1, activation="swish", name="head")(x)
    model = keras.Model(image, layers.GlobalAveragePooling2D(name="pool")(x), name="net")
    factors = np.array([300.0, 1.0, 1.0, 1.0], "float32")
    spread.kernel.assign(factors.reshape(1, 1, 4, 1) * np.abs(np.array(spread.kernel)))
    head = model.get_layer("head").kernel
    head.assign(np.array(head) / factors[:, np.newaxis])
    return model


IMAGES = normal(48, 12, 12, 3)


@pytest.fixture(scope="module")
def model():
    return network()


@pytest.fixture(scope="module")
def report(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("debug") / "m.tflite"
    return export.to_tflite(model, path, quantize="int8", calibration=IMAGES)


@pytest.fixture(scope="module")
def errors(model, report):
    return export.debug(model, report.path, IMAGES)


def test_every_layer_with_a_tensor_of_its_own_is_found(errors):
    found = {error.layer for error in errors.layers}
    assert found == {"block.relu", "depthwise", "add", "up.activation", "spread", "head", "pool"}
    assert errors.samples == 16


def test_ratios_equal_those_computed_by_hand(model, report, errors):
    rows = IMAGES[np.linspace(0, 47, 16).astype(int)]
    expected = np.asarray(keras.Model(model.input, model.get_layer("add").output)(rows))
    with pytest.warns(UserWarning, match="debugging purposes"):
        interpreter = Interpreter(str(report.path), experimental_preserve_all_tensors=True)
    interpreter.allocate_tensors()
    details = [d for d in interpreter.get_tensor_details() if tuple(d["shape"]) == (1, 12, 12, 8)]
    (add,) = [d for d in details if "add" in d["name"] and "depthwise" not in d["name"]]
    given = []
    for row in rows:
        interpreter.set_tensor(interpreter.get_input_details()[0]["index"], row[np.newaxis])
        interpreter.invoke()
        scale, zero = add["quantization"]
        given.append((interpreter.get_tensor(add["index"])[0].astype("float32") - zero) * scale)
    noise = np.sum((np.array(given) - expected) ** 2)
    (found,) = [error for error in errors.layers if error.layer == "add"]
    assert found.sqnr_db == pytest.approx(10 * np.log10(np.sum(expected**2) / noise), abs=0.3)


def test_the_worst_comes_first_with_its_remedy(errors):
    ratios = [error.sqnr_db for error in errors.layers]
    assert ratios == sorted(ratios)
    head = next(error for error in errors.layers if error.layer == "head")
    assert errors.worst(2) == errors.layers[:2]
    assert head.sqnr_db < 10
    assert "equalize" in head.remedy  # what it takes has channels of very different size


def error(**fields):
    values = {"sqnr_db": 5.0, "before_db": 40.0, "clipped": 0.0, "crowded": 0.9, "disparity": 0.9}
    return LayerError(
        **({"layer": "stem", "operator": "CONV_2D", "dtype": "int8"} | values | fields)
    )


@pytest.mark.parametrize(
    ("fields", "remedy"),
    [
        ({"sqnr_db": 30.0, "clipped": 0.5}, "^$"),
        ({"before_db": 6.0}, "layers before"),
        ({"clipped": 0.02}, "more typical samples: 2.0% is cut off"),
        ({"disparity": 0.01}, "equalize"),
        ({"crowded": 0.1}, "observer='mse'"),
        ({"before_db": None}, r"skip=\('stem',\), or train with quantize_aware"),
    ],
)
def test_each_cause_has_its_remedy(fields, remedy):
    assert re.search(remedy, error(**fields).remedy)


def test_layers_are_shown_as_json_table_and_picture(errors, tmp_path):
    fields = json.loads(errors.to_json())
    assert [e["layer"] for e in fields["layers"]] == [e.layer for e in errors.layers]
    assert errors.table(3).row_count == 3
    with Image.open(errors.plot(tmp_path / "layers.png")) as picture:
        pixels = np.asarray(picture.convert("RGB"))
    assert pixels.shape[1] > 400
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 10


def test_the_report_measures_its_layers_by_itself(report, errors):
    assert [e.layer for e in report.worst(3)] == [e.layer for e in errors.worst(3)]
    assert "measure" not in json.loads(report.to_json())


def test_the_page_shows_every_operator_and_layer_and_needs_no_other_file(report, tmp_path):
    text = report.to_html(tmp_path / "report.html").read_text()
    cells = ElementTree.fromstring(text.split("\n", 1)[1].replace('<meta charset="utf-8">', ""))
    tables = [[[cell.text for cell in row] for row in t] for t in cells.iter("table")]
    outputs, worst, operators = tables
    assert [row[1] for row in operators[1:]] == [node.name for node in report.nodes]
    assert [row[7] for row in operators[1:]] == [f"{node.macs:,}" for node in report.nodes]
    assert [row[0] for row in worst[1:]] == [error.layer for error in report.layers.layers]
    assert outputs[1][0] == "pool"
    assert "http" not in text
    assert "src=" not in text


def test_a_report_without_data_says_what_it_lacks(tmp_path):
    model = keras.Sequential([layers.Input((4, 4, 1)), layers.Conv2D(2, 3)])
    bare = export.to_tflite(model, tmp_path / "<bare>.tflite")
    with pytest.raises(ValueError, match="pass calibration or parity"):
        bare.worst()
    text = bare.to_html(tmp_path / "bare.html").read_text()
    assert "<bare>" not in text
    assert "Layers, the worst first" not in text


def test_a_flat_file_is_matched_to_the_folded_layers(model, tmp_path):
    report = export.to_tflite(
        model, tmp_path / "m.tflite", quantize="int8", calibration=IMAGES, skip=("spread",)
    )
    found = {error.layer: error for error in export.debug(model, report.path, IMAGES).layers}
    assert found["up.activation"].sqnr_db > 25  # a ReLU that only the range remembers
    assert found["block.relu"].sqnr_db > 25
    assert found["spread"].dtype == "float32"


def test_the_model_of_a_subclass_has_no_layers_to_tell_apart(report):
    class Free(keras.Model):
        def call(self, x):
            return x

    free = Free()
    free(IMAGES)
    with pytest.raises(ValueError, match="functional or sequential"):
        export.debug(free, report.path, IMAGES)

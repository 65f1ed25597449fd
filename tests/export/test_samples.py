"""Every form of data that calibration and parity take, and every form they refuse."""

import numpy as np
import pytest
import tensorflow as tf

from kerascnn.export.conversion.samples import constant_notes, gather
from kerascnn.export.model import Port, Ports

IMAGE = Port("image", (None, 4, 4, 1), "float32")
CODE = Port("code", (None, 3), "int32")
ONE = Ports((IMAGE,), 0)
TWO = Ports((IMAGE, CODE), [0, 0])
IMAGES = np.arange(5 * 16, dtype="float32").reshape(5, 4, 4, 1)
CODES = np.arange(15).reshape(5, 3)
LABELS = np.zeros(5)


def dataset(structure):
    return tf.data.Dataset.from_tensor_slices(structure)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(IMAGES, id="array"),
        pytest.param(IMAGES.astype("float64"), id="other element type"),
        pytest.param(tf.constant(IMAGES), id="tensor"),
        pytest.param({"image": IMAGES, "label": LABELS}, id="dictionary with targets"),
        pytest.param(list(IMAGES), id="list of examples"),
        pytest.param([IMAGES[:2], IMAGES[2:]], id="list of batches"),
        pytest.param((batch for batch in (IMAGES[:3], IMAGES[3:])), id="generator"),
        pytest.param(dataset(IMAGES), id="dataset of examples"),
        pytest.param(dataset(IMAGES).batch(2), id="dataset of batches"),
        pytest.param(dataset((IMAGES, LABELS)).batch(2), id="dataset of pairs"),
        pytest.param(dataset({"image": IMAGES, "label": LABELS}), id="dataset of dictionaries"),
    ],
)
def test_one_input_takes_every_form(data):
    samples = gather(data, ONE)
    assert list(samples) == ["image"]
    assert samples["image"].dtype == np.float32
    np.testing.assert_array_equal(samples["image"], IMAGES)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param({"code": CODES, "image": IMAGES}, id="dictionary"),
        pytest.param([IMAGES, CODES], id="list of arrays"),
        pytest.param(dataset((IMAGES, CODES)).batch(2), id="dataset of rows"),
        pytest.param(dataset(((IMAGES, CODES), LABELS)).batch(2), id="dataset of nested pairs"),
        pytest.param(
            dataset(({"image": IMAGES, "code": CODES}, LABELS)), id="dataset of dictionary pairs"
        ),
    ],
)
def test_several_inputs_take_every_form(data):
    samples = gather(data, TWO)
    np.testing.assert_array_equal(samples["image"], IMAGES)
    np.testing.assert_array_equal(samples["code"], CODES)
    assert samples["code"].dtype == np.int32


def test_a_single_example_becomes_a_batch():
    assert gather(IMAGES[0], ONE)["image"].shape == (1, 4, 4, 1)


def test_arrays_are_thinned_out_evenly():
    samples = gather(IMAGES, ONE, limit=3)
    np.testing.assert_array_equal(samples["image"], IMAGES[[0, 2, 4]])


def test_an_endless_stream_is_read_up_to_the_limit():
    samples = gather(dataset(IMAGES).repeat().batch(2), ONE, limit=7)
    assert len(samples["image"]) == 7


def with_value(value):
    data = IMAGES.copy()
    data[3, 1, 2, 0] = value
    return data


@pytest.mark.parametrize(
    ("data", "taken", "message"),
    [
        (IMAGES[:0], ONE, "at least one sample.*shape=\\(0, 4, 4, 1\\)"),
        ([], ONE, "at least one sample.*empty iterable"),
        (dataset(IMAGES).take(0), ONE, "at least one sample"),
        (IMAGES[:, :3], ONE, r"shape \('batch', 4, 4, 1\) for input 'image'.*\(5, 3, 4, 1\)"),
        (IMAGES[..., 0], ONE, r"Received: shape=\(5, 4, 4\)"),
        (dataset(IMAGES[:, :3]).batch(2), ONE, r"Received: shape=\(2, 3, 4, 1\)"),
        (with_value(np.nan), ONE, "input 'image' must be finite.*nan in sample 3"),
        (with_value(np.inf), ONE, "inf in sample 3"),
        (dataset(with_value(np.nan)).batch(2), ONE, "nan in sample 3"),
        (np.array(["a"]), ONE, "must be numbers"),
        ("images.npy", ONE, "must be an array.*'images.npy'"),
        (7, ONE, "must be an array"),
        ({"picture": IMAGES}, ONE, r"input names as keys: \['image'\].*\['picture'\]"),
        (IMAGES, TWO, r"inputs \['image', 'code'\]"),
        ([IMAGES, CODES[:4]], TWO, "as many samples for each input.*'code': 4"),
    ],
)
def test_data_that_does_not_fit_is_refused(data, taken, message):
    with pytest.raises(ValueError, match=message) as caught:
        gather(data, taken, what="calibration")
    assert str(caught.value).startswith("calibration")
    assert "\n" not in str(caught.value)


def test_inputs_that_never_change_are_found():
    samples = {"image": np.full((4, 2), 0.5), "code": np.array([[0.0], [1.0]])}
    (note,) = constant_notes(samples)
    assert "'image' all hold one number" in note

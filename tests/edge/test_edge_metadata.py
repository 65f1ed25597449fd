"""The description inside a model file."""

import dataclasses
import json
import zipfile

import numpy as np
import pytest

from kerascnn import edge

FULL = edge.Metadata(
    task="classification",
    labels=("zero", "zwölf", "a, b"),
    mean=(1.0, 2.0, 3.0),
    std=(4.0,),
    output_mean=(127.5,),
    output_std=(127.5,),
    channel_order="BGR",
    description="digits",
    licence="Apache-2.0",
    source="scikit-learn",
)


def test_json_keeps_every_field():
    assert set(json.loads(FULL.to_json())) == {f.name for f in dataclasses.fields(edge.Metadata)}
    assert edge.Metadata.from_json(FULL.to_json()) == FULL
    assert edge.Metadata.from_json("{}") == edge.Metadata()


def test_unknown_fields_are_ignored():
    assert edge.Metadata.from_json('{"task": "pose", "anchors": [1]}') == edge.Metadata(task="pose")


@pytest.mark.parametrize(
    "fields",
    [
        {"task": 3},
        {"labels": "zero"},
        {"labels": [1, 2]},
        {"mean": []},
        {"mean": 3.0},
        {"mean": ["a"]},
        {"std": [0.0]},
        {"std": [float("nan")]},
        {"output_std": [1.0, 0.0]},
        {"output_mean": [float("inf")]},
        {"channel_order": "GBR"},
    ],
    ids=str,
)
def test_ill_formed_fields_are_errors(fields):
    with pytest.raises(ValueError, match=next(iter(fields)).replace("output_std", "std")):
        edge.Metadata(**fields)


@pytest.mark.parametrize("text", ["", "[]", "3", "{", b"\xff\xfe"])
def test_text_that_is_no_description_is_an_error(text):
    with pytest.raises(ValueError, match=r"."):
        edge.Metadata.from_json(text)


def test_a_file_carries_its_description(classifier):
    before = edge.load(classifier)
    assert before.metadata == edge.read_metadata(classifier) == edge.Metadata()
    image = np.full((1, 4, 4, 1), 0.5, np.float32)
    edge.write_metadata(classifier, FULL)
    after = edge.load(classifier)
    assert after.metadata == edge.read_metadata(classifier) == FULL
    np.testing.assert_array_equal(after(image), before(image))


def test_other_tools_read_the_labels(classifier):
    edge.write_metadata(classifier, FULL)
    with zipfile.ZipFile(classifier) as archive:
        assert archive.read("labels.txt").decode() == "zero\nzwölf\na, b\n"
        assert json.loads(archive.read("kerascnn.json"))["licence"] == "Apache-2.0"


def test_labels_of_other_tools_are_read(classifier):
    with zipfile.ZipFile(classifier, "a") as archive:
        archive.writestr("labels.txt", "cat\ndog\n")
    assert edge.load(classifier).metadata == edge.Metadata(labels=("cat", "dog"))


def test_writing_again_replaces_the_description(classifier):
    edge.write_metadata(classifier, edge.Metadata())
    once = classifier.read_bytes()
    edge.write_metadata(classifier, FULL)
    assert edge.read_metadata(classifier) == FULL
    edge.write_metadata(classifier, edge.Metadata())
    assert classifier.read_bytes() == once
    assert [path.name for path in classifier.parent.iterdir()] == [classifier.name]


def test_no_wrong_bit_goes_unnoticed(classifier):
    model = len(classifier.read_bytes())
    edge.write_metadata(classifier, FULL)
    data = classifier.read_bytes()
    for place in (*range(0, model, 5), *range(model, len(data))):
        damaged = bytearray(data)
        damaged[place] ^= 1 << (place % 8)
        classifier.write_bytes(damaged)
        try:
            assert edge.read_metadata(classifier) == FULL, place  # a date in the archive
        except edge.ModelError:
            continue


def test_no_cut_end_goes_unnoticed(classifier):
    model = len(classifier.read_bytes())
    edge.write_metadata(classifier, FULL)
    data = classifier.read_bytes()
    for size in range(len(data)):
        if size != model:  # a whole model without a description
            classifier.write_bytes(data[:size])
            with pytest.raises(edge.ModelError):
                edge.read_metadata(classifier)


def test_a_missing_file_is_not_found(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.tflite"):
        edge.read_metadata(tmp_path / "none.tflite")
    with pytest.raises(FileNotFoundError, match=r"none\.tflite"):
        edge.write_metadata(tmp_path / "none.tflite", FULL)


def test_what_is_no_model_takes_no_description(tmp_path):
    path = tmp_path / "picture.tflite"
    path.write_bytes(b"\x89PNG\r\n\x1a\n")
    with pytest.raises(edge.ModelError, match="PNG"):
        edge.write_metadata(path, FULL)
    assert path.read_bytes() == b"\x89PNG\r\n\x1a\n"

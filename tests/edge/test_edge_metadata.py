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
    detector=edge.Detector(
        decoder="ssd",
        anchors=[(0.0, 0.1, 0.5, 0.6), (1 / 3, 0.25, 0.75, 1.25)],
        variances=(0.1, 0.2, 0.3, 0.4),
        order="xy",
        activation="softmax",
        background=True,
        score_threshold=0.25,
        iou_threshold=0.75,
    ),
    skeleton=((0, 1), (1, 2)),
    tokens=edge.Tokens(start=1, end=2, blank=0),
    sample_rate=16_000.0,
)


def test_json_keeps_every_field():
    assert set(json.loads(FULL.to_json())) == {f.name for f in dataclasses.fields(edge.Metadata)}
    assert edge.Metadata.from_json(FULL.to_json()) == FULL
    assert edge.Metadata.from_json("{}") == edge.Metadata()


def test_unknown_fields_are_ignored():
    assert edge.Metadata.from_json('{"task": "pose", "anchors": [1]}') == edge.Metadata(task="pose")
    newer = '{"detector": {"decoder": "grid", "rotated": true}, "tokens": {"pause": 3}}'
    assert edge.Metadata.from_json(newer) == edge.Metadata(
        detector=edge.Detector(decoder="grid"), tokens=edge.Tokens()
    )


def test_parts_may_be_given_by_their_fields():
    fields = {"decoder": "ssd", "anchors": np.float32([[0.1, 0.2, 0.3, 0.4]])}
    given = edge.Metadata(
        detector=fields, tokens={"blank": 0}, skeleton=np.array([[0, 1]]).tolist()
    )
    assert given.detector == edge.Detector(decoder="ssd", anchors=[(0.1, 0.2, 0.3, 0.4)])
    assert given.tokens == edge.Tokens(blank=0)
    assert edge.Metadata.from_json(given.to_json()) == given


def test_json_has_a_line_for_each_field():
    lines = FULL.to_json().splitlines()
    assert len(lines) == len(dataclasses.fields(edge.Metadata)) + 2
    assert '  "mean": [1.0, 2.0, 3.0],' in lines


@pytest.mark.parametrize(
    "fields",
    [
        {"task": 3},
        {"labels": "zero"},
        {"labels": [1, 2]},
        {"mean": []},
        {"mean": 3.0},
        {"mean": ["a"]},
        {"mean": [10**400]},
        {"std": [0.0]},
        {"std": [float("nan")]},
        {"output_std": [1.0, 0.0]},
        {"output_mean": [float("inf")]},
        {"channel_order": "GBR"},
        {"labels": 3},
        {"detector": "ssd"},
        {"tokens": 3},
        {"skeleton": [(0, 1, 2)]},
        {"skeleton": [3]},
        {"skeleton": 3},
        {"skeleton": [(0, -1)]},
        {"skeleton": [(0, 1.5)]},
        {"sample_rate": -1},
        {"sample_rate": "fast"},
    ],
    ids=str,
)
def test_ill_formed_fields_are_errors(fields):
    with pytest.raises(ValueError, match=next(iter(fields)).replace("output_std", "std")):
        edge.Metadata(**fields)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"decoder": "rcnn"}, "decoder='rcnn'"),
        ({"decoder": ["ssd"]}, "decoder="),
        ({"order": "xyxy"}, "order='xyxy'"),
        ({"activation": "relu"}, "activation='relu'"),
        ({"decoder": "ssd"}, "0 anchors"),
        ({"decoder": "ssd", "anchors": [(1, 2)]}, r"4 numbers.*1 anchors of \[2\]"),
        ({"decoder": "yolo", "anchors": [(1, 2)]}, "activation='none'"),
        ({"anchors": [(1, 2)]}, "none at 0"),
        ({"decoder": "ssd", "anchors": 3}, "anchors must be rows"),
        ({"decoder": "ssd", "anchors": [3]}, "anchors must be numbers"),
        ({"decoder": "ssd", "anchors": [(0, 0, 1, float("nan"))]}, "finite"),
        ({"variances": (1, 2)}, "4 variances"),
        ({"background": 1}, "background=1"),
        ({"score_threshold": 1.5}, r"score_threshold=1\.5"),
        ({"iou_threshold": "half"}, "iou_threshold"),
    ],
)
def test_ill_formed_detectors_are_errors(fields, message):
    with pytest.raises(ValueError, match=message):
        edge.Detector(**fields)


@pytest.mark.parametrize("fields", [{"start": -1}, {"end": 1.0}, {"blank": "last"}, {"end": True}])
def test_ill_formed_tokens_are_errors(fields):
    with pytest.raises(ValueError, match=next(iter(fields))):
        edge.Tokens(**fields)


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

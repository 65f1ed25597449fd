"""Data sets that were written as TFRecord files and are read again."""

import json

import numpy as np
import pytest
import tensorflow as tf

from kerascnn import data
from kerascnn.cli import main

RNG = np.random.default_rng(0)
COUNT = 40


@pytest.fixture(scope="module")
def written():
    pixels = RNG.integers(0, 256, (COUNT, 6, 5, 3)) / 255
    pixels[:, 0, 0, 0] = np.arange(COUNT) / 255  # which example it is
    return data.from_arrays(
        "mine",
        pixels.astype("float32"),
        labels=np.arange(COUNT) % 3,
        masks=RNG.integers(0, 3, (COUNT, 6, 5)),
        boxes=np.sort(RNG.uniform(size=(COUNT, 2, 2, 2)), axis=2).reshape(COUNT, 2, 4),
        classes=RNG.integers(1, 3, (COUNT, 2)),
        label_names=("a", "b", "c"),
    )


@pytest.fixture(scope="module")
def folder(written, tmp_path_factory):
    return data.write_records(written, tmp_path_factory.mktemp("records"), shard_size=5)


def numbers(examples):
    return [round(255 * float(one["image"][0, 0, 0])) for one in examples.as_numpy_iterator()]


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_all_examples_come_back(written, folder, split):
    expected = {n: e for n, e in zip(*keyed(getattr(written, split)), strict=True)}
    found = {n: e for n, e in zip(*keyed(getattr(data.load(folder), split)), strict=True)}
    assert found.keys() == expected.keys()
    for number, example in expected.items():
        assert found[number].keys() == example.keys()
        for name, value in example.items():
            np.testing.assert_allclose(found[number][name], value, atol=1e-6, err_msg=name)


def keyed(split):
    examples = list(split.as_numpy_iterator())
    return [round(255 * float(one["image"][0, 0, 0])) for one in examples], examples


def test_what_is_said_of_the_data_comes_back(written, folder):
    found = data.load(folder)
    for name in ("name", "source", "licence", "labels", "shape", "points", "skeleton"):
        assert getattr(found, name) == getattr(written, name)
    assert found.train.element_spec == written.train.element_spec
    assert int(found.train.cardinality()) == int(written.train.cardinality())


def test_a_seed_decides_the_order(folder):
    order = data.load(folder).order
    first, again, other = (numbers(order(tf.constant(n, "int64"), 1, 0)) for n in (1, 1, 2))
    assert first == again != other
    assert sorted(first) == sorted(other)
    assert first != sorted(first)


@pytest.mark.parametrize("shards", [2, 3])
def test_workers_share_no_example_and_have_equally_many(folder, shards):
    # Six files of four or five examples: two workers read three each, and three read two each.
    order = data.load(folder).order
    orders = [order(tf.constant(5, "int64"), shards, index) for index in range(shards)]
    parts = [numbers(one) for one in orders]
    assert {len(part) for part in parts} == {24 // shards}
    assert len({number for part in parts for number in part}) == 24
    assert {int(one.cardinality()) for one in orders} == {24 // shards}


def test_fewer_files_than_workers_are_shared_example_by_example(written, tmp_path):
    order = data.load(data.write_records(written, tmp_path, shard_size=100)).order
    parts = [numbers(order(tf.constant(5, "int64"), 4, index)) for index in range(4)]
    assert {len(part) for part in parts} == {7}
    assert len({number for part in parts for number in part}) == 28


def test_numbers_that_are_no_image_keep_all_their_bits(tmp_path):
    sounds = RNG.normal(size=(20, 9)).astype("float32").clip(-1, 1)
    states = RNG.integers(0, 3, (20, 9))
    made = data.from_sounds(
        "heard",
        sounds,
        tokens=RNG.integers(1, 3, (20, 2)),
        states=states,
        sample_rate=8000,
        label_names=("blank", "a", "b"),
    )
    found = data.load(data.write_records(made, tmp_path))
    assert found.sample_rate == 8000
    for name, values in data.arrays(made.test).items():
        np.testing.assert_array_equal(data.arrays(found.test)[name], values)


def test_a_missing_file_is_seen_at_once(written, tmp_path):
    folder = data.write_records(written, tmp_path, shard_size=5)
    next(folder.glob("train-*")).unlink()
    with pytest.raises(ValueError, match=r"All 6 files of train must be there.*Received: 5"):
        data.load(folder)


def test_a_damaged_index_is_seen_at_once(written, tmp_path):
    folder = data.write_records(written, tmp_path)
    (folder / "records.json").write_text("{")
    with pytest.raises(ValueError, match=r"whole records\.json; write it anew"):
        data.load(folder)


def test_records_are_not_overwritten(written, folder):
    before = json.loads((folder / "records.json").read_text())
    with pytest.raises(ValueError, match="must be another one"):
        data.write_records(written, folder)
    assert json.loads((folder / "records.json").read_text()) == before


def test_a_file_must_hold_an_example(written, tmp_path):
    with pytest.raises(ValueError, match="shard_size=0"):
        data.write_records(written, tmp_path, shard_size=0)


def test_the_command_line_writes_what_train_reads(call, tmp_path):
    options = ("--data-option", "size=16", "--output", tmp_path / "r", "--shard-size", "500")
    assert call(main, "records", "digits", *options)[0] == 0
    assert data.load(tmp_path / "r").labels == data.load("digits").labels
    code, out, _ = call(main, "train", "lenet5", "--data", tmp_path / "r", "--epochs", "1")
    assert code == 0
    assert "accuracy" in out

"""Data sets are found by name, in folders and in files; what is none is refused in one line."""

import keras
import numpy as np
import pytest
from PIL import Image

from kerascnn import data


def pictures(folder, classes=("cat", "dog"), count=10):
    rng = np.random.default_rng(0)
    for value, name in enumerate(classes):
        (folder / name).mkdir(parents=True)
        for index in range(count):
            pixels = np.full((12, 16, 3), 100 * value, np.uint8) + rng.integers(
                50, size=(12, 16, 3), dtype=np.uint8
            )
            Image.fromarray(pixels).save(folder / name / f"{index}.png")
    return folder


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"Nearest: digits.*Received: digit$"):
        data.load("digit")


def test_a_name_like_no_other_is_answered_with_all():
    with pytest.raises(ValueError, match=r"Known: .*digits, fashion_mnist, mnist"):
        data.load("zzzz")


def test_an_unknown_option_is_answered_with_the_known_ones():
    with pytest.raises(
        ValueError, match=r"options count, size, noise, lamp, seed. Received: colour"
    ):
        data.load("shapes", colour="red")


def test_the_options_of_a_data_set_are_listed(tmp_path):
    assert data.list_options("digits") == [
        "size",
        "labelled",
        "label_noise",
        "wrong_label",
        "corruption",
    ]
    assert data.list_options("mnist") == ["validation"]
    assert "channels" in data.list_options(tmp_path)


def test_every_listed_data_set_has_a_builder():
    for name in data.list_datasets():
        assert data.list_options(name)


def test_a_folder_is_split_by_its_classes(tmp_path):
    folder = pictures(tmp_path / "pets")
    dataset = data.load(str(folder), size=8, validation=0.2, test=0.3, licence="mine")
    assert (dataset.name, dataset.labels, dataset.shape) == ("pets", ("cat", "dog"), (8, 8, 3))
    assert dataset.licence == "mine"
    assert [
        int(split.cardinality()) for split in (dataset.train, dataset.validation, dataset.test)
    ] == [10, 4, 6]
    test = data.arrays(dataset.test)
    assert test["image"].shape == (6, 8, 8, 3)
    np.testing.assert_array_equal(np.bincount(test["label"]), [3, 3])
    np.testing.assert_array_equal(test["image"].mean(axis=(1, 2, 3)) > 0.3, test["label"] == 1)


def test_a_folder_can_be_read_in_grey(tmp_path):
    dataset = data.load(pictures(tmp_path / "pets"), size=8, channels=1)
    assert data.arrays(dataset.test)["image"].shape[1:] == (8, 8, 1)


def test_a_folder_without_classes_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"one sub-folder a class.*Received"):
        data.load(tmp_path)


def test_a_folder_without_pictures_is_refused(tmp_path):
    (tmp_path / "cat").mkdir()
    with pytest.raises(ValueError, match=r"one sub-folder a class.*No images found"):
        data.load(tmp_path)


def test_a_file_that_is_no_picture_is_named(tmp_path):
    folder = pictures(tmp_path / "pets")
    (folder / "cat" / "3.png").write_text("not a picture")
    with pytest.raises(ValueError, match=r"repair or remove it. Received: .*cat/3\.png"):
        data.load(folder)


def test_a_file_of_arrays_is_served(tmp_path):
    path = tmp_path / "mine.npz"
    rng = np.random.default_rng(0)
    np.savez(
        path,
        image=rng.uniform(size=(20, 6, 6, 3)),
        mask=rng.integers(2, size=(20, 6, 6)),
        names=["none", "some"],
    )
    dataset = data.load(path, test=0.5, source="a camera")
    assert (dataset.name, dataset.labels, dataset.source) == ("mine", ("none", "some"), "a camera")
    assert data.arrays(dataset.test)["mask"].shape == (10, 6, 6)


def test_boxes_come_from_a_file_of_arrays_too(tmp_path):
    path = tmp_path / "mine.npz"
    boxes = np.tile([0.1, 0.2, 0.5, 0.6], (20, 1, 1))
    np.savez(path, image=np.zeros((20, 6, 6, 3)), boxes=boxes, classes=np.ones((20, 1), int))
    test = data.arrays(data.load(path).test)
    np.testing.assert_array_equal(test["boxes"], boxes[: len(test["boxes"])].astype("float32"))
    np.testing.assert_array_equal(test["classes"], 1)


def test_instances_come_from_a_file_of_arrays_too(tmp_path):
    path = tmp_path / "mine.npz"
    instances = np.tile(np.arange(36).reshape(6, 6), (20, 1, 1))
    np.savez(path, image=np.zeros((20, 6, 6, 3)), instances=instances)
    test = data.arrays(data.load(path).test)
    np.testing.assert_array_equal(test["instances"], instances[: len(test["instances"])])


def test_key_points_come_from_a_file_of_arrays_too(tmp_path):
    path = tmp_path / "mine.npz"
    points = np.tile([[0.1, 0.2, 1.0], [0.5, 0.6, 1.0]], (20, 1, 1, 1))
    names = {"points": np.array(["head", "foot"]), "skeleton": np.array([[0, 1]])}
    np.savez(path, image=np.zeros((20, 6, 6, 3)), keypoints=points, **names)
    dataset = data.load(path)
    assert (dataset.points, dataset.skeleton) == (("head", "foot"), ((0, 1),))
    test = data.arrays(dataset.test)
    np.testing.assert_array_equal(test["keypoints"], points[: len(test["image"])].astype("float32"))


def test_a_file_without_images_is_refused(tmp_path):
    path = tmp_path / "mine.npz"
    np.savez(path, x=np.zeros(3), y=np.zeros(3))
    with pytest.raises(ValueError, match=r"must hold `image`.*mine\.npz with x, y"):
        data.load(path)


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04 cut off", b"hello", b"\x80\x04cos\nsystem"])
def test_an_unreadable_file_is_refused(tmp_path, content):
    path = tmp_path / "mine.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match=r"numpy\.savez.*mine\.npz"):
        data.load(path)


def test_a_missing_file_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"numpy\.savez.*absent\.npz"):
        data.load(tmp_path / "absent.npz")


def test_a_file_of_one_array_is_refused(tmp_path):
    path = tmp_path / "mine.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(ValueError, match=r"numpy\.savez"):
        data.load(path)


def downloaded(train=30, test=10):
    rng = np.random.default_rng(0)
    return tuple(
        (rng.integers(256, size=(n, 32, 32, 3), dtype=np.uint8), np.arange(n)[:, None] % 10)
        for n in (train, test)
    )


def test_keras_data_sets_keep_their_test_split(monkeypatch):
    (images, _), (tested, _) = downloaded()
    monkeypatch.setattr(keras.datasets.cifar10, "load_data", downloaded)
    dataset = data.load("cifar10", validation=0.2)
    assert (len(dataset.labels), dataset.labels[3], dataset.shape) == (10, "cat", (32, 32, 3))
    np.testing.assert_allclose(data.arrays(dataset.test)["image"] * 255, tested, atol=1e-4)
    parts = [data.arrays(split)["image"] for split in (dataset.train, dataset.validation)]
    assert [len(part) for part in parts] == [24, 6]
    np.testing.assert_allclose(
        np.sort(np.concatenate(parts).sum(axis=(1, 2, 3))),
        np.sort(images.sum(axis=(1, 2, 3)) / 255),
        rtol=1e-5,
    )


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail():
        raise Exception("URL fetch failure on http://somewhere")

    monkeypatch.setattr(keras.datasets.mnist, "load_data", fail)
    with pytest.raises(ConnectionError, match=r"mnist could not be downloaded.*URL fetch failure"):
        data.load("mnist")


@pytest.mark.parametrize(("name", "count"), [("cifar100", 100), ("fashion_mnist", 10)])
def test_keras_data_sets_name_every_class_once(monkeypatch, name, count):
    monkeypatch.setattr(getattr(keras.datasets, name), "load_data", downloaded)
    assert len(set(data.load(name).labels)) == count

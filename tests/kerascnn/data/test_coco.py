"""Pictures with boxes and key points in the format of COCO, and what is wrong with them."""

import json

import numpy as np
import pytest
from PIL import Image

from kerascnn import data, registry, tasks

PEOPLE = {"id": 7, "name": "person", "keypoints": ["head", "foot"], "skeleton": [[1, 2]]}


def written(folder, count=10, changes=(), entries=()):
    """A folder of pictures 20 wide and 10 high; `changes` update entries by list and place."""
    (folder / "images").mkdir(parents=True)
    content = {
        "images": [],
        "annotations": [],
        "categories": [{**PEOPLE}, {"id": 3, "name": "dog"}],
    }
    for index in range(count):
        pixels = np.full((10, 20, 3), 20 * index, np.uint8)
        Image.fromarray(pixels).save(folder / "images" / f"{index}.png")
        content["images"].append(
            {"id": 50 + index, "file_name": f"{index}.png", "height": 10, "width": 20}
        )
        content["annotations"] += [
            {"id": 2 * index, "image_id": 50 + index, "category_id": 3, "bbox": [5, 1, 10, 4]},
            {
                "id": 2 * index + 1,
                "image_id": 50 + index,
                "category_id": 7,
                "bbox": [-1, 0, 5, 10.5],
                "keypoints": [2, 1, 2, 0, 0, 0],
            },
        ]
    for name, place, change in changes:
        content[name][place].update(change)
    for name, entry in entries:
        content[name].append(entry)
    (folder / "marks.json").write_text(json.dumps(content))
    return folder


def test_boxes_are_shares_of_the_picture_and_categories_count_from_one(tmp_path):
    dataset = data.load(written(tmp_path / "pets"), size=8, licence="mine")
    assert (dataset.name, dataset.shape, dataset.licence) == ("pets", (8, 8, 3), "mine")
    assert dataset.labels == ("background", "dog", "person")
    assert (dataset.points, dataset.skeleton) == (("head", "foot"), ((0, 1),))
    train = data.arrays(dataset.train)
    described = {key: (value.shape[1:], value.dtype.name) for key, value in train.items()}
    assert described == {
        "image": ((8, 8, 3), "float32"),
        "boxes": ((2, 4), "float32"),
        "classes": ((2,), "int32"),
        "keypoints": ((2, 2, 3), "float32"),
    }
    for boxes, classes, points in zip(
        train["boxes"], train["classes"], train["keypoints"], strict=True
    ):
        np.testing.assert_array_equal(classes, [1, 2])
        np.testing.assert_allclose(boxes, [[0.1, 0.25, 0.5, 0.75], [0, 0, 1, 0.2]], atol=1e-7)
        np.testing.assert_allclose(points[1], [[0.1, 0.1, 1], [0, 0, 0]], atol=1e-7)
        assert not points[0].any()


def test_the_splits_hold_every_picture_once(tmp_path):
    dataset = data.load(written(tmp_path / "pets"), size=8, channels=1, validation=0.2, test=0.3)
    splits = [data.arrays(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert [len(split["image"]) for split in splits] == [5, 2, 3]
    values = np.sort(np.concatenate([split["image"][:, 4, 4, 0] for split in splits]))
    np.testing.assert_allclose(values * 255, np.arange(0, 200, 20), atol=1)


def test_pictures_with_fewer_objects_are_filled_up(tmp_path):
    changes = [("annotations", 3, {"image_id": 50}), ("annotations", 5, {"iscrowd": 1})]
    dataset = data.load(written(tmp_path / "pets", changes=changes), size=8)
    classes = np.concatenate(
        [
            data.arrays(split)["classes"]
            for split in (dataset.train, dataset.validation, dataset.test)
        ]
    )
    counts = np.sort((classes > 0).sum(axis=1))
    np.testing.assert_array_equal(counts, [1, 1, 2, 2, 2, 2, 2, 2, 2, 3])
    assert classes.shape == (10, 3)


def test_without_key_points_there_are_none(tmp_path):
    changes = [("categories", 0, {"keypoints": []})]
    dataset = data.load(written(tmp_path / "pets", changes=changes), size=8)
    assert "keypoints" not in dataset.train.element_spec
    assert dataset.points == ()


def test_a_file_may_stand_apart_from_its_pictures(tmp_path):
    folder = written(tmp_path / "pets")
    path = tmp_path / "other.json"
    (folder / "marks.json").rename(path)
    dataset = data.load(path, images=folder / "images", size=8)
    assert (dataset.name, int(dataset.test.cardinality())) == ("other", 1)


MALFORMED = [
    ([("images", 2, {"file_name": "gone.png"})], "image gone.png: .*No such file", 9),
    ([("images", 2, {"width": 21})], r"image 2\.png: .*\(10, 20\), not \(10, 21\)", 9),
    ([("annotations", 4, {"bbox": [25, 0, 5, 5]})], r"annotation 4: bbox .* no area", 10),
    ([("annotations", 4, {"bbox": [1, 0, 1e999, 5]})], "annotation 4: .*no area", 10),
    ([("annotations", 4, {"bbox": [1, 2, 0]})], "annotation 4: not enough values", 10),
    ([("annotations", 4, {"bbox": None})], "annotation 4: .*NoneType", 10),
    ([("annotations", 4, {"category_id": 99})], "annotation 4: no category has the id 99", 10),
    ([("annotations", 4, {"image_id": 99})], "annotation 4: no image has the id 99", 10),
    ([("annotations", 5, {"keypoints": [1, 2]})], "annotation 5: cannot reshape", 10),
]


@pytest.mark.parametrize(("changes", "message", "left"), MALFORMED)
def test_what_is_malformed_is_named_and_refused_or_skipped(tmp_path, changes, message, left):
    folder = written(tmp_path / "pets", changes=changes)
    with pytest.raises(ValueError, match=f"malformed='skip'. Received: {message}"):
        data.load(folder)
    with pytest.warns(UserWarning, match=f"Left out what is malformed: {message}"):
        dataset = data.load(folder, malformed="skip", size=8)
    splits = [data.arrays(split) for split in (dataset.train, dataset.validation, dataset.test)]
    assert sum(len(split["image"]) for split in splits) == left
    assert sum((split["classes"] > 0).sum() for split in splits) == 2 * left - (left == 10)


def test_an_entry_without_its_fields_is_named(tmp_path):
    entries = [("annotations", {"id": 77}), ("images", {"id": 78})]
    with pytest.raises(ValueError, match=r"image 78: no 'file_name'; annotation 77: no 'image_id'"):
        data.load(written(tmp_path / "pets", entries=entries))


def test_of_many_problems_the_first_are_named(tmp_path):
    changes = [("annotations", index, {"bbox": [0, 0, 0, 0]}) for index in range(9)]
    with pytest.raises(ValueError, match=r"annotation 4: [^;]*; and 4 more$"):
        data.load(written(tmp_path / "pets", changes=changes))


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        "{}",
        '{"images": [], "annotations": [], "categories": [{"id": 1}]}',
        '{"images": [{"id": []}], "annotations": [], "categories": []}',
        '{"images": [1], "annotations": [], "categories": []}',
    ],
)
def test_a_file_without_annotations_is_refused(tmp_path, content):
    (tmp_path / "marks.json").write_text(content)
    with pytest.raises(ValueError, match=r"images, annotations and categories.*marks\.json"):
        data.load(tmp_path)


def test_two_files_are_one_too_many(tmp_path):
    folder = written(tmp_path / "pets")
    (folder / "more.json").write_text("{}")
    with pytest.raises(ValueError, match=r"name one.*with marks\.json, more\.json"):
        data.load(folder)


@pytest.mark.parametrize("options", [{"malformed": "ignore"}, {"size": 0}, {"channels": 2}])
def test_wrong_options_are_refused(tmp_path, options):
    (name, value), *_ = options.items()
    with pytest.raises(ValueError, match=rf"Received: .*{name}='?{value}"):
        data.load(written(tmp_path / "pets"), **options)


def test_a_detector_trains_on_it_and_a_wrong_one_is_refused(tmp_path):
    dataset = data.load(written(tmp_path / "pets"), size=32)
    task, system = tasks.get_task("detection"), registry.get_system("yolo_v1")
    assert task.model_options(dataset) == {"input_shape": (32, 32, 3), "num_classes": 2}
    assert task.metadata(dataset)["labels"] == ("dog", "person")
    model = system.builder(**system.tiny, num_classes=2)
    history = tasks.train(model, task, dataset, tmp_path / "run", epochs=2, batch_size=4)
    assert np.isfinite(history["loss"]).all()
    assert np.isfinite(history["val_loss"]).all()
    with pytest.raises(ValueError, match=r"num_classes=2. Received: 1 scores"):
        task.check(system.builder(**system.tiny, num_classes=1), dataset)
    with pytest.raises(ValueError, match="must give boxes and scores"):
        task.check(model.network, dataset)
    with pytest.raises(ValueError, match="without boxes, classes"):
        task.check(model, data.load("digits"))


def test_a_pose_is_learned_from_it_and_a_wrong_model_is_refused(tmp_path):
    dataset = data.load(written(tmp_path / "pets"), size=16)
    task, system = tasks.get_task("pose"), registry.get_system("tompson")
    assert task.model_options(dataset) == {"input_shape": (16, 16, 3), "num_points": 2}
    assert task.metadata(dataset)["labels"] == ("head", "foot")
    assert task.metadata(dataset)["skeleton"] == ((0, 1),)
    model = system.builder(**system.tiny, num_points=2)
    history = tasks.train(model, task, dataset, tmp_path / "run", epochs=2, batch_size=4)
    assert np.isfinite(history["loss"]).all()
    with pytest.raises(ValueError, match=r"num_points=2. Received: 3 outputs"):
        task.check(system.builder(**system.tiny, num_points=3), dataset)
    with pytest.raises(ValueError, match="without keypoints"):
        task.check(model, data.load("shapes"))

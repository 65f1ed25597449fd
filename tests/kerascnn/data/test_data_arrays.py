"""Arrays become three splits, or an error that says what is wrong with them."""

import numpy as np
import pytest

from kerascnn import data
from kerascnn.data.splits import split_indices

IMAGES = np.linspace(0, 1, 40 * 4 * 4, dtype=np.float32).reshape(40, 4, 4)
LABELS = np.arange(40) % 4


def changed(array, index, value):
    array = array.copy()
    array[index] = value
    return array


def test_the_splits_hold_every_example_once():
    dataset = data.from_arrays("mine", IMAGES, LABELS)
    splits = [data.arrays(split) for split in (dataset.train, dataset.validation, dataset.test)]
    images = np.concatenate([split["image"] for split in splits])[..., 0]
    np.testing.assert_array_equal(images[images[:, 0, 0].argsort()], IMAGES)
    assert [len(split["image"]) for split in splits] == [28, 6, 6]
    for split in splits:
        position = np.searchsorted(IMAGES[:, 0, 0], split["image"][:, 0, 0, 0])
        np.testing.assert_array_equal(split["label"], LABELS[position])


def test_an_example_has_the_documented_types_and_shapes():
    masks = np.zeros((40, 4, 4, 1), np.uint8)
    dataset = data.from_arrays("mine", IMAGES, LABELS, masks, label_names="abcd", source="me")
    example = next(dataset.train.as_numpy_iterator())
    described = {key: (value.shape, value.dtype.name) for key, value in example.items()}
    assert described == {
        "image": ((4, 4, 1), "float32"),
        "label": ((), "int32"),
        "mask": ((4, 4), "int32"),
    }
    assert (dataset.labels, dataset.shape) == (("a", "b", "c", "d"), (4, 4, 1))
    assert int(dataset.test.cardinality()) == 6


def test_bytes_are_served_in_the_unit_interval():
    images = np.arange(40 * 16, dtype=np.uint8).reshape(40, 4, 4, 1)
    images[0, 0, 0] = 255
    splits = data.from_arrays("mine", images)
    everything = np.concatenate(
        [data.arrays(split)["image"] for split in (splits.train, splits.validation, splits.test)]
    )
    assert everything.dtype == np.float32
    np.testing.assert_allclose(np.sort(everything.ravel() * 255), np.sort(images.ravel()))


def test_unnamed_labels_are_called_by_their_number():
    assert data.from_arrays("mine", IMAGES, LABELS).labels == ("0", "1", "2", "3")
    assert data.from_arrays("mine", IMAGES).labels == ()


def test_the_seed_decides_the_split():
    def order(seed):
        return data.arrays(data.from_arrays("mine", IMAGES, seed=seed).train)["image"]

    np.testing.assert_array_equal(order(3), order(3))
    assert not np.array_equal(order(3), order(4))


def test_every_class_has_its_share_of_every_split():
    groups = np.repeat([0, 1, 2], [100, 200, 700])
    for part, share in zip(
        split_indices(1000, (0.1, 0.25), groups=groups), (0.65, 0.1, 0.25), strict=True
    ):
        np.testing.assert_allclose(
            np.bincount(groups[part]), share * np.array([100, 200, 700]), atol=1
        )


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((0, 4, 4)), r"none of them 0. Received: images of shape \(0, 4, 4, 1\)"),
        (np.zeros((4, 4)), r"shape \(count, height, width.*Received: images of shape \(4, 4\)"),
        (np.zeros((9, 4, 4), int), "astype.*Received: images of type int64"),
        (changed(IMAGES, (7, 1, 2), np.nan), r"NaN or infinity in 1 of 40, first in images\[7\]"),
        (changed(IMAGES, (5, 1, 2), np.inf), r"NaN or infinity in 1 of 40, first in images\[5\]"),
        (changed(IMAGES, (6, 0, 0), 255), r"divide.*images\[6\] in \[0\.\d+, 255\]"),
        (changed(IMAGES, (8, 0, 0), -1), r"divide.*images\[8\] in \[-1, "),
    ],
)
def test_images_that_are_none_are_refused(images, message):
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", images)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (LABELS[:-1], r"each of the 40 images. Received: labels of shape \(39,\)"),
        (LABELS / 1.0, "integers.*Received: labels of type float64"),
        (changed(LABELS, 9, 4), r"0\.\.3.*Received: labels\[9\] with the value 4"),
        (changed(LABELS, 9, -1), r"0\.\.3.*Received: labels\[9\] with the value -1"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, message):
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", IMAGES, labels, label_names="abcd")


@pytest.mark.parametrize(
    ("masks", "message"),
    [
        (np.zeros((40, 4, 5), int), r"\(40, 4, 4\). Received: masks of shape \(40, 4, 5\)"),
        (np.zeros((40, 4, 4)), "integers.*Received: masks of type float64"),
        (
            changed(np.zeros((40, 4, 4), int), (3, 1, 1), 2),
            r"0\.\.1.*Received: masks\[3\] with the value 2",
        ),
    ],
)
def test_masks_that_do_not_fit_are_refused(masks, message):
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", IMAGES, masks=masks, label_names=("none", "some"))


def test_instances_have_any_number():
    instances = np.arange(40 * 16).reshape(40, 4, 4)
    test = data.arrays(data.from_arrays("mine", IMAGES, instances=instances).test)
    assert test["instances"].dtype == "int32"
    first = test["instances"][:, 0, 0]
    np.testing.assert_array_equal(test["instances"], instances[first // 16])


@pytest.mark.parametrize(
    ("instances", "message"),
    [
        (np.zeros((40, 4, 5), int), r"\(40, 4, 4\). Received: instances of shape \(40, 4, 5\)"),
        (np.zeros((40, 4, 4)), "integers.*Received: instances of type float64"),
        (np.full((40, 4, 4), -1), r"Received: instances\[0\] with the value -1"),
    ],
)
def test_instances_that_do_not_fit_are_refused(instances, message):
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", IMAGES, instances=instances)


BOXES = np.tile([[0.1, 0.2, 0.5, 1.0], [0.0, 0.0, 0.0, 0.0]], (40, 1, 1))
CLASSES = np.tile([2, -1], (40, 1))


def test_boxes_are_served_with_their_classes():
    boxes = changed(BOXES, (slice(None), 1), np.nan)  # not looked at where there is none
    dataset = data.from_arrays(
        "mine", IMAGES, boxes=boxes, classes=CLASSES, label_names=("none", "cat", "dog")
    )
    test = data.arrays(dataset.test)
    np.testing.assert_array_equal(test["boxes"], BOXES[:6].astype("float32"))
    np.testing.assert_array_equal(test["classes"], CLASSES[:6])
    assert (test["boxes"].dtype, test["classes"].dtype) == ("float32", "int32")
    unnamed = data.from_arrays("mine", IMAGES, boxes=boxes, classes=CLASSES)
    assert unnamed.labels == ("0", "1", "2")


@pytest.mark.parametrize(
    ("boxes", "classes", "message"),
    [
        (BOXES, None, "together. Received: boxes alone"),
        (None, CLASSES, "together. Received: classes alone"),
        (BOXES[:, :1], CLASSES, r"\(40, 1, 4\), classes of shape \(40, 2\)"),
        (BOXES, CLASSES[:, 0], r"classes of shape \(40,\)"),
        (BOXES, CLASSES / 1.0, "integers.*classes of type float64"),
        (BOXES, changed(CLASSES, (3, 0), 0), r"1\.\.2.*from 1.*classes\[3\] with the value 0"),
        (BOXES, changed(CLASSES, (3, 0), 3), r"each of the 2 names.*classes\[3\] with the value 3"),
        (BOXES * 40, CLASSES, r"divide pixels.*Received: boxes\[0\]\[0\] = \[4.0"),
        (changed(BOXES, (7, 0, 2), 0.05), CLASSES, r"ymin < ymax.*boxes\[7\]\[0\]"),
        (changed(BOXES, (7, 0, 1), np.nan), CLASSES, r"boxes\[7\]\[0\] = \[0.1, nan"),
    ],
)
def test_boxes_that_do_not_fit_are_refused(boxes, classes, message):
    names = ("none", "cat", "dog")
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", IMAGES, boxes=boxes, classes=classes, label_names=names)


POINTS = np.tile([[0.1, 0.9, 1.0], [0.5, 0.0, 1.0], [0.0, 0.0, 0.0]], (40, 2, 1, 1))


def test_key_points_are_served_with_their_names():
    points = changed(POINTS, (slice(None), 1, 2, 0), np.nan)  # not looked at where not marked
    boxed = {"boxes": BOXES, "classes": CLASSES}
    dataset = data.from_arrays(
        "mine",
        IMAGES,
        **boxed,
        keypoints=points,
        point_names=("head", "hand", "foot"),
        skeleton=[[0, 1], [0, 2]],
    )
    assert (dataset.points, dataset.skeleton) == (("head", "hand", "foot"), ((0, 1), (0, 2)))
    served = data.arrays(dataset.test)["keypoints"]
    np.testing.assert_array_equal(served, POINTS[:6].astype("float32"))
    unnamed = data.from_arrays("mine", IMAGES, keypoints=POINTS)
    assert (unnamed.points, unnamed.skeleton) == (("0", "1", "2"), ())


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"keypoints": POINTS[0]}, r"Received: keypoints of shape \(2, 3, 3\)"),
        ({"keypoints": POINTS[..., :2]}, r"Received: keypoints of shape \(40, 2, 3, 2\)"),
        ({"keypoints": POINTS[:9]}, r"Each of the 40.*Received: keypoints of shape \(9, "),
        ({"keypoints": POINTS[:, :1], "boxes": BOXES, "classes": CLASSES}, r"shape \(40, 1, 3, 3"),
        ({"keypoints": changed(POINTS, (3, 1, 0, 1), 1.2)}, r"keypoints\[3\]\[1\]\[0\] = \[0\.1"),
        ({"keypoints": changed(POINTS, (3, 1, 0, 1), np.nan)}, r"keypoints\[3\]\[1\]\[0\]"),
        ({"keypoints": changed(POINTS, (3, 1, 0, 2), 2)}, r"keypoints\[3\]\[1\]\[0\]"),
        ({"keypoints": POINTS, "point_names": ("head",)}, "Received: 1 names"),
        ({"keypoints": POINTS, "skeleton": [[0, 3]]}, r"0\.\.2.*Received: skeleton=\[\[0, 3\]\]"),
        ({"keypoints": POINTS, "skeleton": [[-1, 0]]}, r"Received: skeleton=\[\[-1, 0\]\]"),
    ],
)
def test_key_points_that_do_not_fit_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        data.from_arrays("mine", IMAGES, **options)


@pytest.mark.parametrize("shares", [(0, 0.1), (0.5, 0.5), (-0.1, 0.2)])
def test_shares_out_of_range_are_refused(shares):
    with pytest.raises(ValueError, match=r"sum to less than 1"):
        data.from_arrays("mine", IMAGES, validation=shares[0], test=shares[1])


def test_a_split_without_examples_is_refused():
    with pytest.raises(ValueError, match=r"at least one example.*Received: 3 examples"):
        data.from_arrays("mine", IMAGES[:3])


def test_arrays_takes_the_first_examples_and_no_more_than_there_are():
    test = data.from_arrays("mine", IMAGES, LABELS).test
    everything = data.arrays(test)
    np.testing.assert_array_equal(data.arrays(test, 2)["image"], everything["image"][:2])
    assert len(data.arrays(test, 100)["image"]) == 6
    with pytest.raises(ValueError, match=r"limit=0"):
        data.arrays(test, 0)
    with pytest.raises(ValueError, match=r"empty split"):
        data.arrays(test.take(0))

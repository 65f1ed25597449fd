import keras
import numpy as np
import pytest

from kerascnn.edge import pairwise_iou
from kerascnn.layers import default_boxes
from kerascnn.losses import MultiBox, multi_box
from kerascnn.losses.matching import match_boxes

RNG = np.random.default_rng(0)
ANCHORS = default_boxes([(4, 4), (2, 2)], (0.25, 0.5, 0.8), [(2,), (2,)])
NONE = [-1, np.nan, 0, 0, 0]  # what fills up may be anything


def scene(*objects, most=3):
    return np.array([*objects, *[NONE] * (most - len(objects))], "float32")


def random_scenes(count, most=3):
    scenes = []
    for _ in range(count):
        low = RNG.uniform(0, 0.5, (RNG.integers(0, most + 1), 2))
        boxes = np.concatenate([low, low + RNG.uniform(0.1, 0.5, low.shape)], axis=-1)
        classes = RNG.integers(1, 4, (len(boxes), 1))
        scenes.append(scene(*np.concatenate([classes, boxes], axis=-1), most=most))
    return np.array(scenes)


TRUE = random_scenes(12)
PREDICTED = RNG.normal(size=(12, len(ANCHORS), 4 + 4)).astype("float32")


def slow_match(objects, threshold=0.5):
    """The object of each anchor by its number, -1 where there is none."""
    shares = pairwise_iou(objects[:, 1:], ANCHORS)
    chosen = np.full(len(ANCHORS), -1)
    for anchor in range(len(ANCHORS)):
        if len(objects) and shares[:, anchor].max() > threshold:
            chosen[anchor] = shares[:, anchor].argmax()
    forced = {}
    for number in range(len(objects)):
        anchor = shares[number].argmax()
        forced.setdefault(anchor, []).append(number)
    for anchor, numbers in forced.items():
        chosen[anchor] = max(numbers, key=lambda number: shares[number, anchor])
    return chosen


def slow_loss(y_true, y_pred, negatives=3.0, box_weight=1.0):
    """One sample, one anchor at a time."""
    objects = y_true[y_true[:, 0] > 0].astype(float)
    chosen = slow_match(objects)
    matched = np.flatnonzero(chosen >= 0)
    if not len(matched):
        return 0.0
    logits = y_pred[:, 4:].astype(float)
    nats = np.log(np.exp(logits).sum(axis=1, keepdims=True)) - logits
    total = 0.0
    for anchor in matched:
        label, *box = objects[chosen[anchor]]
        (top, left, bottom, right), (t, x, b, r) = box, ANCHORS[anchor].astype(float)
        target = [
            ((top + bottom) - (t + b)) / 2 / (b - t) / 0.1,
            ((left + right) - (x + r)) / 2 / (r - x) / 0.1,
            np.log((bottom - top) / (b - t)) / 0.2,
            np.log((right - left) / (r - x)) / 0.2,
        ]
        for error in np.abs(y_pred[anchor, :4] - target):
            total += box_weight * (0.5 * error**2 if error < 1 else error - 0.5)
        total += nats[anchor, int(label)]
    others = sorted((nats[anchor, 0] for anchor in np.flatnonzero(chosen < 0)), reverse=True)
    return (total + sum(others[: int(negatives * len(matched))])) / len(matched)


def test_anchors_answer_for_what_the_slow_definition_says():
    label, boxes = match_boxes(keras.ops.array(TRUE), ANCHORS)
    for given, own, objects in zip(np.array(label), np.array(boxes), TRUE, strict=True):
        objects = objects[objects[:, 0] > 0]
        chosen = slow_match(objects)
        expected = [objects[number, 0] if number >= 0 else 0 for number in chosen]
        np.testing.assert_array_equal(given, expected)
        there = chosen >= 0
        np.testing.assert_allclose(own[there], objects[chosen[there], 1:], atol=1e-7)
        np.testing.assert_array_equal(own[~there], ANCHORS[~there])


def test_every_object_has_an_anchor_however_small_it_is():
    label, _ = match_boxes(keras.ops.array([scene([2, 0.4, 0.4, 0.41, 0.41])]), ANCHORS)
    assert np.sum(np.array(label) == 2) == 1


def test_of_two_objects_with_one_nearest_anchor_the_nearer_has_it():
    anchor = ANCHORS[0]
    near, far = anchor + np.array([[0, 0, 0, 0.01], [0, 0, 0, 0.03]])
    label, _ = match_boxes(keras.ops.array([scene([1, *far], [2, *near])]), ANCHORS)
    assert label[0, 0] == 2


@pytest.mark.parametrize("options", [{}, {"negatives": 1.0, "box_weight": 0.5}], ids=str)
def test_it_equals_the_definition(options):
    expected = [slow_loss(*pair, **options) for pair in zip(TRUE, PREDICTED, strict=True)]
    assert min(expected) == 0 < max(expected)  # some without an object
    np.testing.assert_allclose(multi_box(TRUE, PREDICTED, ANCHORS, **options), expected, rtol=1e-4)


def test_the_order_of_the_objects_does_not_matter():
    loss = MultiBox(ANCHORS, reduction=None)
    np.testing.assert_allclose(loss(TRUE[:, ::-1], PREDICTED), loss(TRUE, PREDICTED), rtol=1e-6)


def test_the_threshold_decides_how_many_anchors_answer():
    counts = [
        np.sum(np.array(match_boxes(keras.ops.array(TRUE), ANCHORS, threshold=t)[0]) > 0)
        for t in (0.3, 0.7)
    ]
    assert counts[0] > counts[1] > 0


@pytest.mark.parametrize("anchors", [[0, 0, 1, 1], [[0, 0, 0, 1]], [[0.5, 0, 0.4, 1]]])
def test_anchors_without_an_area_are_refused(anchors):
    with pytest.raises(ValueError, match=r"with an area. Received: anchors=\["):
        MultiBox(anchors)

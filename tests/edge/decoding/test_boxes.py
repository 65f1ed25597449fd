"""Overlap of boxes, and which of them are kept."""

import numpy as np
import pytest

from kerascnn import edge

RANDOM = np.random.default_rng(0)


def random_boxes(count, random=RANDOM):
    low, high = np.sort(random.random((2, count, 2)), axis=0)
    return np.concatenate([low, high], axis=1)


def pixels_of(box):
    """The unit squares inside a box of whole numbers."""
    ymin, xmin, ymax, xmax = map(int, box)
    return {(y, x) for y in range(ymin, ymax) for x in range(xmin, xmax)}


def test_the_overlap_is_that_of_counted_pixels():
    first, second = (np.floor(random_boxes(count) * 12) for count in (20, 30))
    result = edge.pairwise_iou(first, second)
    assert result.shape == (20, 30)
    for i, j in np.ndindex(result.shape):
        ours, theirs = pixels_of(first[i]), pixels_of(second[j])
        expected = len(ours & theirs) / len(ours | theirs) if ours | theirs else 0
        assert result[i, j] == pytest.approx(expected)


def test_overlap_is_symmetric_one_with_itself_and_blind_to_shift_and_scale():
    boxes = random_boxes(15)
    overlap = edge.pairwise_iou(boxes, boxes)
    np.testing.assert_allclose(np.diag(overlap), 1)
    np.testing.assert_allclose(overlap, overlap.T)
    np.testing.assert_allclose(edge.pairwise_iou(boxes * 7 + 3, boxes * 7 + 3), overlap, atol=1e-9)


def test_boxes_without_area_overlap_nothing():
    boxes = np.array([[0.5, 0.5, 0.5, 0.5], [0.9, 0.9, 0.1, 0.1], [0, 0, 1, 1]])
    np.testing.assert_array_equal(edge.pairwise_iou(boxes, boxes), np.diag([0, 0, 1]))


def naive_suppression(boxes, scores, score_threshold, iou_threshold, most):
    """One class after the other, one box after the other."""
    kept = []
    for index in range(scores.shape[1]):
        left = [row for row in range(len(boxes)) if scores[row, index] > score_threshold]
        left.sort(key=lambda row: -scores[row, index])
        chosen = []
        for row in left:
            overlaps = [edge.pairwise_iou(boxes[[row]], boxes[[k]])[0, 0] for k in chosen]
            if all(overlap <= iou_threshold for overlap in overlaps):
                chosen.append(row)
        kept += [(scores[row, index], row, index) for row in chosen]
    kept.sort(key=lambda entry: -entry[0])
    return [entry[1:] for entry in kept[:most]]


@pytest.mark.parametrize("seed", range(8))
def test_suppression_is_that_of_the_definition(seed):
    random = np.random.default_rng(seed)
    boxes, scores = random_boxes(40, random), random.random((40, 3))
    for thresholds in ((0.2, 0.3), (0.5, 0.0), (0.0, 1.0)):
        for most in (1, 7, 1000):
            rows, classes = edge.non_max_suppression(
                boxes,
                scores,
                score_threshold=thresholds[0],
                iou_threshold=thresholds[1],
                max_detections=most,
            )
            expected = naive_suppression(boxes, scores, *thresholds, most)
            assert list(zip(rows, classes, strict=True)) == expected


def test_what_is_kept_is_kept_again():
    boxes, scores = random_boxes(50), RANDOM.random((50, 1))
    rows, _ = edge.non_max_suppression(boxes, scores, score_threshold=0.1, iou_threshold=0.4)
    again, _ = edge.non_max_suppression(
        boxes[rows], scores[rows], score_threshold=0.1, iou_threshold=0.4
    )
    np.testing.assert_array_equal(again, np.arange(len(rows)))


def test_classes_do_not_drop_each_other():
    boxes = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 0, 1, 0.9]])
    scores = np.array([[0.9, 0.0], [0.0, 0.8], [0.7, 0.0]])
    rows, classes = edge.non_max_suppression(boxes, scores)
    assert (rows.tolist(), classes.tolist()) == ([0, 1], [0, 1])


def test_nothing_above_the_threshold_is_nothing_kept():
    rows, classes = edge.non_max_suppression(random_boxes(4), np.full((4, 2), 0.5))
    assert rows.shape == classes.shape == (0,)
    assert edge.non_max_suppression(np.zeros((0, 4)), np.zeros((0, 2)))[0].size == 0


@pytest.mark.parametrize(
    ("boxes", "scores", "options", "message"),
    [
        ((3, 5), (3, 2), {}, r"\(n, 4\).*\(3, 5\)"),
        ((3, 4), (2, 2), {}, "3 boxes"),
        ((3, 4), (3,), {}, r"\(3,\)"),
        ((3, 4), (3, 2), {"iou_threshold": 1.5}, r"iou_threshold=1\.5"),
        ((3, 4), (3, 2), {"max_detections": 0}, "max_detections=0"),
    ],
)
def test_what_does_not_fit_is_an_error(boxes, scores, options, message):
    with pytest.raises(ValueError, match=message):
        edge.non_max_suppression(np.zeros(boxes), np.zeros(scores), **options)

"""From offsets to boxes."""

import math

import numpy as np
import pytest

from kerascnn import edge

RANDOM = np.random.default_rng(0)
VARIANCES = (0.1, 0.2, 0.3, 0.4)


def logistic(x):
    return 1 / (1 + math.exp(-x))


def box_of(cy, cx, height, width):
    return [cy - height / 2, cx - width / 2, cy + height / 2, cx + width / 2]


def swapped(values):
    """The same offsets as a file gives them that has x first."""
    return values[..., [1, 0, 3, 2]]


def test_anchors_are_shifted_and_scaled_as_in_the_paper():
    offsets = RANDOM.normal(size=(30, 4))
    low, size = RANDOM.random((30, 2)), RANDOM.random((30, 2))
    anchors = np.concatenate([low, low + size], axis=1)
    expected = []
    for (ty, tx, th, tw), (ymin, xmin, ymax, xmax) in zip(offsets, anchors, strict=True):
        height, width = ymax - ymin, xmax - xmin
        cy, cx = ymin + height / 2 + 0.1 * ty * height, xmin + width / 2 + 0.2 * tx * width
        expected.append(box_of(cy, cx, height * math.exp(0.3 * th), width * math.exp(0.4 * tw)))
    result = edge.decode_ssd(offsets, anchors, variances=VARIANCES)
    np.testing.assert_allclose(result, expected)
    other = edge.decode_ssd(swapped(offsets), anchors, variances=VARIANCES, order="xy")
    np.testing.assert_allclose(other, expected)


def test_offsets_of_zero_leave_the_anchors():
    anchors = np.array([[0.1, 0.2, 0.5, 0.9], [-0.1, 0, 1.2, 1]])
    np.testing.assert_allclose(edge.decode_ssd(np.zeros((2, 4)), anchors), anchors, atol=1e-12)


def test_huge_offsets_stay_finite():
    assert np.isfinite(edge.decode_ssd(np.full((1, 4), 1e30), np.array([[0, 0, 1, 1]]))).all()
    cells = np.full((1, 1, 6), 1e30)
    assert np.isfinite(edge.decode_yolo(cells, np.ones((1, 2)))[0]).all()


@pytest.mark.parametrize("activation", ["sigmoid", "softmax"])
@pytest.mark.parametrize("order", ["yx", "xy"])
def test_cells_scale_their_priors_as_in_the_paper(activation, order):
    height, width, classes = 2, 3, 4
    priors = [(0.2, 0.1), (0.5, 0.6)]
    cells = RANDOM.normal(size=(height, width, 2, 5 + classes))
    boxes, scores = [], []
    for row, column, prior in np.ndindex(height, width, 2):
        ty, tx, th, tw, objectness, *logits = cells[row, column, prior]
        cy, cx = (row + logistic(ty)) / height, (column + logistic(tx)) / width
        tall, wide = priors[prior]
        boxes.append(box_of(cy, cx, tall * math.exp(th), wide * math.exp(tw)))
        whole = sum(math.exp(x) for x in logits)
        scores.append(
            [
                logistic(objectness)
                * (math.exp(x) / whole if activation == "softmax" else logistic(x))
                for x in logits
            ]
        )
    given = cells.copy()
    if order == "xy":
        given[..., :4] = swapped(given[..., :4])
    result = edge.decode_yolo(
        given.reshape(height, width, -1), np.array(priors), activation=activation, order=order
    )
    np.testing.assert_allclose(result[0], boxes)
    np.testing.assert_allclose(result[1], scores)


@pytest.mark.parametrize("order", ["yx", "xy"])
def test_the_first_yolo_has_boxes_then_classes(order):
    cells = RANDOM.random((3, 2, 2 * 5 + 4))
    boxes, scores = [], []
    for row, column, number in np.ndindex(3, 2, 2):
        y, x, tall, wide, confidence = cells[row, column, 5 * number : 5 * number + 5]
        boxes.append(box_of((row + y) / 3, (column + x) / 2, tall, wide))
        scores.append([confidence * share for share in cells[row, column, 10:]])
    given = cells.copy()
    if order == "xy":
        for start in (0, 5):
            given[..., start : start + 4] = swapped(cells[..., start : start + 4])
    result = edge.decode_grid(given, 4, order=order)
    np.testing.assert_allclose(result[0], boxes)
    np.testing.assert_allclose(result[1], scores)


@pytest.mark.parametrize(
    ("decode", "message"),
    [
        (lambda: edge.decode_ssd(np.zeros((3, 4)), np.zeros((2, 4))), r"\(2, 4\).*\(3, 4\)"),
        (lambda: edge.decode_ssd(np.zeros((3, 5)), np.zeros((3, 5))), r"\(3, 5\)"),
        (lambda: edge.decode_yolo(np.zeros((2, 2, 13)), np.zeros((2, 2))), "depth 13, 2 priors"),
        (lambda: edge.decode_yolo(np.zeros((2, 2, 10)), np.zeros((2, 2))), "depth 10"),
        (lambda: edge.decode_grid(np.zeros((2, 2, 13)), 4), "depth 13, 4 classes"),
        (lambda: edge.decode_grid(np.zeros((2, 2, 10)), 0), "0 classes"),
    ],
)
def test_what_does_not_fit_is_an_error(decode, message):
    with pytest.raises(ValueError, match=message):
        decode()

"""Default boxes stand where the paper says, and what is encoded is decoded again."""

import keras
import numpy as np
import pytest

from kerascnn import edge
from kerascnn.layers import (
    anchor_boxes,
    decode_boxes,
    decode_cells,
    default_boxes,
    encode_boxes,
)
from kerascnn.layers.boxes import overlap

RNG = np.random.default_rng(0)
# The grids, scales and ratios of SSD300.
SIDES = (38, 19, 10, 5, 3, 1)
SCALES = (0.1, 0.2, 0.375, 0.55, 0.725, 0.9, 1.075)
RATIOS = ((2,), (2, 3), (2, 3), (2, 3), (2,), (2,))


def random_boxes(*shape):
    low, size = RNG.uniform(0, 0.6, (*shape, 2)), RNG.uniform(0.1, 0.4, (*shape, 2))
    return np.concatenate([low, low + size], axis=-1).astype("float32")


def test_the_default_boxes_of_ssd300_are_8732():
    boxes = default_boxes([(side, side) for side in SIDES], SCALES, RATIOS)
    assert boxes.shape == (8732, 4)
    first = np.array([0.5 / 38, 0.5 / 38, 0.5 / 38, 0.5 / 38])
    np.testing.assert_allclose(boxes[0], first + 0.05 * np.array([-1, -1, 1, 1]), atol=1e-7)
    # The last is the tall one on the grid of one cell.
    height, width = 0.9 * np.sqrt(2), 0.9 / np.sqrt(2)
    last = 0.5 + np.array([-height, -width, height, width]) / 2
    np.testing.assert_allclose(boxes[-1], last, atol=1e-6)


def test_the_boxes_of_a_cell_have_the_sizes_of_the_paper():
    boxes = default_boxes([(1, 2)], (0.2, 0.8), [(2, 3)])
    sizes = boxes[:, 2:] - boxes[:, :2]
    two, three = np.sqrt(2), np.sqrt(3)
    expected = 0.2 * np.array(
        [(1, 1), (2, 2), (1 / two, two), (two, 1 / two), (1 / three, three), (three, 1 / three)]
    )
    np.testing.assert_allclose(sizes, np.tile(expected, (2, 1)), rtol=1e-5)
    centres = (boxes[:, 2:] + boxes[:, :2]) / 2
    np.testing.assert_allclose(centres, [[0.5, 0.25]] * 6 + [[0.5, 0.75]] * 6, atol=1e-7)


def test_anchors_stand_around_each_cell_in_turn():
    boxes = anchor_boxes(2, 1, [(0.5, 1.0), (0.2, 0.1)])
    expected = [
        (0.0, 0.0, 0.5, 1.0),
        (0.15, 0.45, 0.35, 0.55),
        (0.5, 0.0, 1.0, 1.0),
        (0.65, 0.45, 0.85, 0.55),
    ]
    np.testing.assert_allclose(boxes, expected, atol=1e-7)


@pytest.mark.parametrize(("scales", "ratios"), [((0.2,), [(2,)]), ((0.2, 0.3), [(2,), (3,)])])
def test_too_few_scales_or_too_many_ratios_are_refused(scales, ratios):
    with pytest.raises(ValueError, match="Received: 1 grids, scales="):
        default_boxes([(2, 2)], scales, ratios)


def test_encoded_boxes_are_decoded_again():
    boxes, anchors = random_boxes(3, 20), random_boxes(20)
    again = decode_boxes(encode_boxes(keras.ops.array(boxes), anchors), anchors)
    np.testing.assert_allclose(again, boxes, atol=1e-5)


def test_offsets_mean_in_a_graph_what_they_mean_on_a_device():
    offsets, anchors = RNG.normal(size=(20, 4)).astype("float32"), random_boxes(20)
    variances = (0.1, 0.3, 0.2, 0.5)
    given = decode_boxes(keras.ops.array(offsets), anchors, variances=variances)
    expected = edge.decode_ssd(offsets, anchors, variances=variances)
    np.testing.assert_allclose(given, expected, atol=1e-5)


def test_cells_mean_in_a_graph_what_they_mean_on_a_device():
    rows, columns, boxes, classes = 3, 4, 2, 5
    each = RNG.uniform(size=(rows, columns, boxes, 5)).astype("float32")
    given = decode_cells(keras.ops.array(each[..., :4].reshape(12, 2, 4)), rows, columns)
    squared = np.concatenate([each[..., :2], each[..., 2:4] ** 2, each[..., 4:]], axis=-1)
    grid = np.concatenate(
        [squared.reshape(rows, columns, -1), np.ones((rows, columns, classes))], axis=-1
    )
    expected, _ = edge.decode_grid(grid, classes)
    np.testing.assert_allclose(np.reshape(given, (-1, 4)), expected, atol=1e-6)


def test_overlaps_are_those_of_the_device():
    first, second = random_boxes(6), random_boxes(7)
    second[0] = 0  # without an area
    given = overlap(keras.ops.array(first)[:, None], keras.ops.array(second))
    np.testing.assert_allclose(given, edge.pairwise_iou(first, second), atol=1e-6)
    assert float(overlap(keras.ops.zeros((4,)), keras.ops.zeros((4,)))) == 0

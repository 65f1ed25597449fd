import numpy as np
import tensorflow as tf

from kerascnn.edge import decode_grid, pairwise_iou
from kerascnn.losses import GridBoxes, grid_boxes

RNG = np.random.default_rng(0)
ROWS, COLUMNS, BOXES, CLASSES = 3, 4, 2, 5
NONE = [-1, np.nan, 0, 0, 0]  # what fills up may be anything


def random_scenes(count, most=4):
    scenes = []
    for _ in range(count):
        number = RNG.integers(0, most + 1)
        low = RNG.uniform(0, 0.5, (number, 2))
        boxes = np.concatenate([low, low + RNG.uniform(0.1, 0.5, low.shape)], axis=-1)
        classes = RNG.integers(1, CLASSES + 1, (number, 1))
        scenes.append([*np.concatenate([classes, boxes], axis=-1), *[NONE] * (most - number)])
    return np.array(scenes, "float32")


TRUE = random_scenes(12)
PREDICTED = RNG.uniform(size=(12, ROWS, COLUMNS, BOXES * 5 + CLASSES)).astype("float32")


def slow_loss(y_true, y_pred, coordinates=5.0, nothing=0.5):
    """One sample, one cell at a time."""
    cells = {}
    for label, top, left, bottom, right in y_true[y_true[:, 0] > 0].astype(float):
        y, x = (top + bottom) / 2 * ROWS, (left + right) / 2 * COLUMNS
        place = (min(int(y), ROWS - 1), min(int(x), COLUMNS - 1))
        cells.setdefault(place, (label, y, x, [top, left, bottom, right]))
    total = 0.0
    for row in range(ROWS):
        for column in range(COLUMNS):
            numbers = y_pred[row, column].astype(float)
            each = numbers[: 5 * BOXES].reshape(BOXES, 5)
            if (row, column) not in cells:
                total += nothing * np.sum(each[:, 4] ** 2)
                continue
            label, y, x, box = cells[row, column]
            shares = []
            for cy, cx, root_height, root_width, _ in each:
                middle = np.array([(row + cy) / ROWS, (column + cx) / COLUMNS])
                size = np.array([root_height**2, root_width**2])
                whole = np.concatenate([middle - size / 2, middle + size / 2])
                shares.append(pairwise_iou(whole[None], np.array([box]))[0, 0])
            best = int(np.argmax(shares))
            top, left, bottom, right = box
            wanted = np.array([y - row, x - column, (bottom - top) ** 0.5, (right - left) ** 0.5])
            total += coordinates * np.sum((each[best, :4] - wanted) ** 2)
            total += (each[best, 4] - shares[best]) ** 2
            total += nothing * sum(each[b, 4] ** 2 for b in range(BOXES) if b != best)
            classes = np.eye(CLASSES)[int(label) - 1]
            total += np.sum((numbers[5 * BOXES :] - classes) ** 2)
    return total


def encoded(y_true):
    """The grid that a perfect network gives for one object."""
    grid = np.zeros((ROWS, COLUMNS, BOXES * 5 + CLASSES), "float32")
    label, top, left, bottom, right = y_true
    y, x = (top + bottom) / 2 * ROWS, (left + right) / 2 * COLUMNS
    places = [y - int(y), x - int(x), (bottom - top) ** 0.5, (right - left) ** 0.5]
    grid[int(y), int(x), :5] = [*places, 1.0]
    grid[int(y), int(x), 5 * BOXES + int(label) - 1] = 1.0
    return grid


def test_it_equals_the_definition():
    for options in ({}, {"coordinates": 2.0, "nothing": 0.1}):
        expected = [slow_loss(*pair, **options) for pair in zip(TRUE, PREDICTED, strict=True)]
        given = grid_boxes(TRUE, PREDICTED, boxes=BOXES, **options)
        np.testing.assert_allclose(given, expected, rtol=1e-4)


def test_the_paper_weighs_places_tenfold_against_nothing():
    loss = GridBoxes(BOXES)
    assert (loss.coordinates, loss.nothing) == (5.0, 0.5)


def test_a_perfect_grid_costs_nothing_and_gives_the_box_again():
    true = np.array([3, 0.1, 0.3, 0.5, 0.8], "float32")
    grid = encoded(true)
    assert float(grid_boxes(true[None, None], grid[None], boxes=BOXES)[0]) < 1e-9
    squared = grid.copy()
    for start in (2, 7):
        squared[..., start : start + 2] **= 2
    boxes, scores = decode_grid(squared, CLASSES)
    row, index = np.unravel_index(scores.argmax(), scores.shape)
    assert index == 2
    assert pairwise_iou(boxes[row][None], true[None, 1:])[0, 0] >= 0.999


def test_only_the_box_that_overlaps_most_is_moved():
    true = np.array([[[1, 0.1, 0.1, 0.3, 0.2]]], "float32")
    start = np.full((1, ROWS, COLUMNS, BOXES * 5 + CLASSES), 0.3, "float32")
    start[..., 7:9] = 0.9  # the second box is too large
    with tf.GradientTape() as tape:
        tape.watch(grid := tf.constant(start))
        value = grid_boxes(true, grid, boxes=BOXES)
    gradient = np.array(tape.gradient(value, grid))
    moved = np.abs(gradient).max(axis=0)[..., [0, 5]]
    assert moved[0, 0, 0] > 0
    assert np.count_nonzero(moved) == 1

"""What is where in a picture."""

import numpy as np
import pytest

from kerascnn import edge

BOXES = np.array([[0.1, 0.1, 0.5, 0.5], [0.1, 0.1, 0.5, 0.52], [-0.2, 0.5, 0.4, 1.3]])
SCORES = np.array([[0.9, 0.1], [0.8, 0.6], [0.2, 0.7]])


def summary(found):
    return [(one.label, round(one.score, 3), one.index) for one in found]


def test_boxes_with_scores_for_each_class(constant, black):
    model = constant({"boxes": BOXES[None], "scores": SCORES[None]}, labels=("cat", "dog"))
    found = edge.detect(model, black)
    assert summary(found) == [("cat", 0.9, 0), ("dog", 0.7, 1), ("dog", 0.6, 1)]
    np.testing.assert_allclose(found[0].box, BOXES[0], atol=1e-6)
    np.testing.assert_allclose(found[1].box, [0, 0.5, 0.4, 1], atol=1e-6)
    assert len(edge.detect(model, black, iou_threshold=1.0)) == 4
    assert len(edge.detect(model, black, max_detections=1)) == 1
    assert edge.detect(model, black, score_threshold=0.95) == []


@pytest.mark.parametrize("names", [("boxes", "classes", "scores", "count"), ("a", "b", "c", "d")])
def test_the_post_process_of_tflite(constant, black, names):
    values = BOXES[None], [[1.0, 0.0, 1.0]], [[0.9, 0.8, 0.7]], [2.0]
    model = constant(dict(zip(names, values, strict=True)), labels=("cat", "dog"))
    assert summary(edge.detect(model, black)) == [("dog", 0.9, 1), ("cat", 0.8, 0)]
    unnamed = constant(dict(zip(names, values, strict=True)))
    assert summary(edge.detect(unnamed, black)) == [("1", 0.9, 1), ("0", 0.8, 0)]


def test_the_file_says_which_detections_count(constant, black):
    detector = edge.Detector(score_threshold=0.65, iou_threshold=1.0)
    model = constant({"boxes": BOXES[None], "scores": SCORES[None]}, detector=detector)
    assert len(edge.detect(model, black)) == 3
    assert len(edge.detect(model, black, score_threshold=0.5)) == 4


@pytest.mark.parametrize("order", ["yx", "xy"])
def test_single_shot_detectors_are_decoded(constant, black, order):
    anchors = [(0.0, 0.0, 0.5, 0.5), (0.5, 0.5, 1.0, 1.0)]
    logits = np.array([[0.0, 3.0, 0.0], [3.0, 0.0, 0.0]])
    offsets = np.array([[0, 5, 0, 0], [0, 0, 0, 0.0]])
    if order == "xy":
        offsets = offsets[:, [1, 0, 3, 2]]
    model = constant(
        {"boxes": offsets[None], "scores": logits[None]},
        labels=("cat", "dog"),
        detector={
            "decoder": "ssd",
            "anchors": anchors,
            "activation": "softmax",
            "background": True,
            "order": order,
        },
    )
    (found,) = edge.detect(model, black)
    assert (found.label, found.index) == ("cat", 0)
    assert found.score == pytest.approx(np.exp(3) / (np.exp(3) + 2))
    np.testing.assert_allclose(found.box, [0, 0.25, 0.5, 0.75], atol=1e-6)


def test_the_finest_grid_takes_the_first_anchors(constant, black):
    coarse, fine = np.full((1, 1, 1, 6), -9.0), np.full((1, 2, 2, 6), -9.0)
    coarse[0, 0, 0] = [0, 0, 0, 0, 9, 9]
    fine[0, 1, 0] = [0, 0, 0, 0, 2, 9]
    detector = edge.Detector(decoder="yolo", anchors=[(0.2, 0.1), (0.6, 0.8)], activation="sigmoid")
    model = constant({"coarse": coarse, "fine": fine}, labels=("cat",), detector=detector)
    large, small = edge.detect(model, black)
    np.testing.assert_allclose(large.box, [0.2, 0.1, 0.8, 0.9], atol=1e-6)
    np.testing.assert_allclose(small.box, [0.65, 0.2, 0.85, 0.3], atol=1e-6)


def test_grids_of_the_first_yolo_are_decoded(constant, black):
    grid = np.zeros((1, 2, 2, 7))
    grid[0, 0, 1] = [0.5, 0.5, 0.2, 0.4, 0.9, 0.1, 0.8]
    model = constant({"grid": grid}, labels=("cat", "dog"), detector=edge.Detector(decoder="grid"))
    (found,) = edge.detect(model, black)
    assert summary([found]) == [("dog", 0.72, 1)]
    np.testing.assert_allclose(found.box, [0.15, 0.55, 0.35, 0.95], atol=1e-6)


@pytest.mark.parametrize(
    ("outputs", "fields", "message"),
    [
        ({"boxes": (1, 3, 4)}, {}, "scores"),
        ({"boxes": (1, 3, 4), "scores": (1, 2, 2)}, {}, r"scores of shape \(2, 2\)"),
        ({"boxes": (1, 3, 4), "scores": (1, 3, 2)}, {"labels": ("cat",)}, "2, 1 labels"),
        ({"boxes": (1, 3, 5), "scores": (1, 3, 2)}, {}, r"\(3, 5\)"),
        ({"grid": (1, 2, 2, 7)}, {"detector": {"decoder": "grid"}}, "0 classes"),
        (
            {"grid": (1, 2, 2, 7)},
            {"detector": {"decoder": "ssd", "anchors": [(0, 0, 1, 1)]}},
            "grid",
        ),
        (
            {"boxes": (1, 3, 4), "scores": (1, 3, 2)},
            {"detector": {"decoder": "ssd", "anchors": [(0, 0, 1, 1)]}},
            r"\(1, 4\).*\(3, 4\)",
        ),
        (
            {"a": (1, 2, 2, 12), "b": (1, 1, 1, 12)},
            {
                "detector": {
                    "decoder": "yolo",
                    "anchors": [(1, 1)] * 3,
                    "activation": "softmax",
                }
            },
            "yolo",
        ),
    ],
    ids=str,
)
def test_outputs_that_are_not_what_the_file_says_are_errors(
    constant, black, outputs, fields, message
):
    model = constant({name: np.zeros(shape) for name, shape in outputs.items()}, **fields)
    with pytest.raises(edge.ModelError, match=message):
        edge.detect(model, black)


def test_values_that_mean_nothing_are_errors(constant, black):
    model = constant({"boxes": BOXES[None] * np.nan, "scores": SCORES[None]})
    with pytest.raises(edge.ModelError, match="nan"):
        edge.detect(model, black)
    values = {"boxes": BOXES[None], "classes": [[0.0, 0, 2]], "scores": [[0.9, 0.8, 0.7]]}
    with pytest.raises(edge.ModelError, match="above 1"):
        edge.detect(constant(values, labels=("cat", "dog")), black)
    values["classes"] = [[0.0, 0, -1]]
    with pytest.raises(edge.ModelError, match="below 0"):
        edge.detect(constant(values), black)

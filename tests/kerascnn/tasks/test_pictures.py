"""Pictures show what is right and what is wrong, with nothing cut off at their edges."""

import dataclasses

import numpy as np
import pytest

from kerascnn import data
from kerascnn.tasks import get_task
from kerascnn.tasks.curves import draw_curves
from kerascnn.tasks.drawing import shorten
from kerascnn.tasks.instance_borders import separated

RNG = np.random.default_rng(0)
NAMES = tuple(f"{name}_with_a_very_long_name" for name in "abcdefghij")
LONG = dataclasses.replace(
    data.load("digits", size=8), labels=NAMES, points=NAMES[:6], sample_rate=8000
)
DRAWN = {
    "acoustic": "spoken_digits",
    "captioning": "captioned_scenes",
    "dense_captioning": "captioned_scenes",
    "detection": "shapes",
    "instance_segmentation": "cells",
    "pose": "people",
    "segmentation": "shapes",
    "speech": "spoken_digits",
    "translation": "number_words",
}
FEW = dataclasses.replace(LONG, labels=NAMES[:4])


def digits(count=60):
    return data.arrays(data.load("digits", size=8).test, count)


def outputs(task, examples):
    shape = next(iter(examples.values())).shape
    return {
        "acoustic": RNG.normal(size=(shape[0], 20, 10)),
        "autoencoding": RNG.uniform(size=shape),
        "captioning": RNG.integers(2, 10, (len(shape) and shape[0], 9)),
        "classification": RNG.dirichlet(np.ones(10), len(shape) and shape[0]),
        "clustering": RNG.uniform(size=(shape[0], 4)),
        "dense_captioning": {
            "boxes": np.sort(RNG.uniform(size=(shape[0], 2, 2, 2)), axis=2).reshape(-1, 2, 4),
            "scores": RNG.uniform(0.4, 1, size=(shape[0], 2)),
            "phrases": RNG.integers(2, 10, (shape[0], 2, 4)),
        },
        "detection": {
            "boxes": np.sort(RNG.uniform(size=(shape[0], 2, 2, 2)), axis=2).reshape(-1, 2, 4),
            "scores": RNG.uniform(0.4, 1, size=(shape[0], 2, 3)),
        },
        "embedding": RNG.normal(size=(shape[0], 4)),
        "generation": RNG.uniform(-1, 1, size=shape),
        "instance_segmentation": RNG.normal(size=(*shape[:3], 2)),
        "pose": RNG.uniform(size=(shape[0], 6, 2)),
        "restoration": RNG.uniform(size=shape),
        "segmentation": RNG.normal(size=(*shape[:3], 4)),
        "speech": RNG.normal(size=(shape[0], 20, 10)),
        "translation": RNG.integers(2, 10, (shape[0], 5)),
    }[task]


def red(picture):
    pixels = np.asarray(picture).astype(int)
    return int(np.sum((pixels[..., 0] > 180) & (pixels[..., 1:] < 60).all(axis=-1)))


@pytest.mark.parametrize("count", [1, 60])
@pytest.mark.parametrize(
    "task",
    [
        "acoustic",
        "autoencoding",
        "captioning",
        "classification",
        "clustering",
        "dense_captioning",
        "detection",
        "embedding",
        "generation",
        "instance_segmentation",
        "pose",
        "restoration",
        "segmentation",
        "speech",
        "translation",
    ],
)
def test_nothing_touches_the_edge(task, count):
    if task in DRAWN:
        examples = data.arrays(data.load(DRAWN[task], count=240).test, count)
    else:
        examples = digits(count)
    if "image" in examples:
        examples["input"] = examples["image"][:, ::2, ::2]
    for key in {"tokens", "states", "source"} & set(examples):
        examples[key] = np.minimum(examples[key], 9)  # those that have names
    picture = get_task(task).picture(examples, outputs(task, examples), LONG)
    pixels = np.asarray(picture)
    assert picture.mode == "RGB"
    assert pixels.shape[0] > 100
    assert pixels.min() < 100
    for edge in (pixels[:3], pixels[-3:], pixels[:, :3], pixels[:, -3:]):
        assert edge.min() == 255


def test_wrong_classes_are_marked_and_right_ones_are_not():
    examples = digits()
    right = np.eye(10)[examples["label"]]
    task = get_task("classification")
    assert red(task.picture(examples, right, LONG)) == 0
    wrong = right.copy()
    wrong[3] = np.roll(wrong[3], 1)
    assert red(task.picture(examples, wrong, LONG)) > 500


def test_mistakes_are_shown_wherever_they_are():
    examples = digits()
    wrong = np.eye(10)[examples["label"]]
    wrong[50] = np.roll(wrong[50], 1)  # beyond the first 32
    assert red(get_task("classification").picture(examples, wrong, LONG)) > 500


def test_a_mask_is_drawn_as_it_is_predicted():
    examples = data.arrays(data.load("shapes").test, 8)
    task = get_task("segmentation")
    true = np.asarray(task.picture(examples, np.eye(4)[examples["mask"]], FEW))
    none = np.asarray(task.picture(examples, np.eye(4)[0 * examples["mask"]], FEW))
    differing = np.flatnonzero((true != none).any(axis=(1, 2)))
    assert differing.min() > true.shape[0] / 2
    orange = (true == (230, 159, 0)).all(axis=-1)
    rows = np.flatnonzero(orange.any(axis=1))
    assert rows.min() < true.shape[0] / 2 < rows.max()


def test_boxes_are_drawn_where_they_are_and_misses_are_marked():
    task = get_task("detection")
    examples = data.arrays(data.load("shapes").test, 8)
    scores = np.eye(4)[np.maximum(examples["classes"], 0)][..., 1:]
    right = {"boxes": examples["boxes"], "scores": scores}
    picture = np.asarray(task.picture(examples, right, FEW))
    assert red(picture) == 0
    (blue,) = np.where((picture == (0, 114, 178)).all(axis=-1).any(axis=1))
    assert blue.min() < picture.shape[0] / 2 < blue.max()
    nothing = {"boxes": examples["boxes"], "scores": 0 * scores}
    assert red(task.picture(examples, nothing, FEW)) > 500
    elsewhere = {"boxes": np.roll(examples["boxes"], 1, axis=0), "scores": scores}
    assert red(task.picture(examples, elsewhere, FEW)) > 500


def test_limbs_are_drawn_where_they_are_and_misses_are_marked():
    task, dataset = get_task("pose"), data.load("people")
    examples = data.arrays(dataset.test, 8)
    right = examples["keypoints"][:, 0, :, :2]
    true, moved = (
        np.asarray(task.picture(examples, points, dataset)) for points in (right, right + 0.09)
    )
    assert red(true) < red(moved) - 500
    differing = np.flatnonzero((true != moved).any(axis=(1, 2)))
    assert differing.min() > true.shape[0] / 2


def test_wrong_transcripts_are_marked_and_right_ones_are_not():
    task, dataset = get_task("speech"), data.load("spoken_digits", count=32)
    examples = data.arrays(dataset.test)
    tokens = np.stack([examples["tokens"], 0 * examples["tokens"]], axis=-1).reshape(8, 10)
    examples["sound"] = np.where(examples["sound"] == 0, 1e-6, examples["sound"])  # to the end
    right = np.eye(11)[tokens]
    assert red(task.picture(examples, right, dataset)) == 0
    right[5, 0] = np.roll(right[5, 0], 1)
    assert red(task.picture(examples, right, dataset)) > 500


def test_colour_images_are_drawn_in_colour():
    image = np.zeros((4, 8, 8, 3))
    image[..., 1] = 1
    pixels = np.asarray(get_task("autoencoding").picture({"image": image}, image, LONG))
    assert (pixels == (0, 255, 0)).all(axis=-1).sum() > 50_000


def test_curves_have_axes_for_each_quantity():
    loss = {"loss": [3.0, 2.0, 1.0], "val_loss": [3.0, 2.5, 2.4]}
    one = draw_curves(loss)
    three = draw_curves({**loss, "accuracy": [0.1, 0.2, 0.3], "mean_iou": [0, 0, 0.1]})
    assert three.width > 2 * one.width
    orange = (213, 94, 0)
    assert (np.asarray(one) == orange).all(axis=-1).any()
    assert not (np.asarray(draw_curves({"loss": [1.0]})) == orange).all(axis=-1).any()


def test_an_empty_history_is_refused():
    with pytest.raises(ValueError, match="at least one epoch"):
        draw_curves({})


def test_long_names_are_shortened():
    assert shorten("sweet_pepper") == "sweet_pepper"
    assert shorten("a_name_that_goes_on") == "a_name_that_go…"


def test_instances_have_colours_and_merged_ones_are_marked():
    task = get_task("instance_segmentation")
    examples = data.arrays(data.load("cells").test, 8)
    masks = np.stack([separated(instances) for instances in examples["instances"]])
    picture = task.picture(examples, np.eye(2)[masks], LONG)
    assert red(picture) == 0
    pixels = np.asarray(picture)
    for colour in ((0, 114, 178), (230, 159, 0)):
        rows = np.flatnonzero((pixels == colour).all(axis=-1).any(axis=1))
        assert rows.min() < 0.6 * len(pixels) < rows.max()
    assert red(task.picture(examples, np.eye(2)[examples["mask"]], LONG)) > 500


def test_images_in_which_no_region_was_found_are_drawn_as_wrong():
    examples = data.arrays(data.load("captioned_scenes", count=16).test)
    found = {name: examples[name] for name in ("boxes", "phrases")}
    task = get_task("dense_captioning")
    dataset = data.load("captioned_scenes", count=16)
    sure = {**found, "scores": np.ones(found["phrases"].shape[:2]) * found["boxes"].any(axis=-1)}
    nothing = {**found, "scores": np.zeros(found["phrases"].shape[:2])}
    right, wrong = (task.picture(examples, one, dataset) for one in (sure, nothing))
    assert red(wrong) > 4 * red(right)  # some shapes are red themselves

"""Scores equal slow definitions, for outputs of any runtime."""

import math
from itertools import permutations

import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.tasks import get_task, list_tasks
from kerascnn.tasks.instance_borders import separated

RNG = np.random.default_rng(0)
TASKS = [
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
]


def score(task, outputs, **examples):
    examples.setdefault("image", np.zeros((len(next(iter(examples.values()))), 8, 8, 1)))
    return get_task(task).score(outputs, examples)


def test_the_tasks_are_those_of_the_models():
    assert list_tasks() == TASKS


def test_an_unknown_task_is_answered_with_the_nearest():
    with pytest.raises(ValueError, match=r"Nearest: segmentation.*Received: segmentatoin$"):
        get_task("segmentatoin")


@pytest.mark.parametrize("form", [lambda x: x, lambda x: {"predictions": x}, lambda x: [x]])
def test_accuracy_is_the_share_of_right_labels(form):
    probabilities = np.eye(4, dtype=np.float16)[[0, 1, 2, 3, 3]]
    scores = score("classification", form(probabilities), label=np.array([0, 1, 2, 2, 3]))
    assert scores == {"accuracy": 0.8}


def slow_mean_iou(predicted, truth, classes):
    values = []
    for value in range(classes):
        both = either = 0
        for p, t in zip(predicted.ravel(), truth.ravel(), strict=True):
            both += p == value and t == value
            either += p == value or t == value
        if either:
            values.append(both / either)
    return np.mean(values)


def test_mean_iou_counts_the_pixels_of_all_images():
    logits = RNG.normal(size=(3, 6, 6, 5)).astype(np.float32)
    mask = RNG.integers(0, 4, (3, 6, 6))
    logits[..., 4] = -10  # a class that is in no mask and predicted nowhere
    scores = score("segmentation", logits, image=np.zeros((3, 6, 6, 3)), mask=mask)
    predicted = logits.argmax(axis=-1)
    assert scores["mean_iou"] == pytest.approx(slow_mean_iou(predicted, mask, 5))
    assert scores["pixel_accuracy"] == pytest.approx(np.mean(predicted == mask))


def test_a_smaller_output_is_compared_with_the_middle_of_the_mask():
    mask = RNG.integers(0, 3, (2, 9, 8))
    logits = np.eye(3)[mask[:, 2:7, 2:6]]
    scores = score("segmentation", logits, image=np.zeros((2, 9, 8, 3)), mask=mask)
    assert scores == {"mean_iou": 1.0, "pixel_accuracy": 1.0}


def test_seeing_only_background_scores_a_fifth_on_shapes():
    examples = data.arrays(data.load("shapes").test)
    logits = np.zeros((*examples["mask"].shape, 4))
    logits[..., 0] = 1
    assert get_task("segmentation").score(logits, examples)["mean_iou"] == pytest.approx(
        0.209, abs=0.01
    )


def test_a_reconstruction_costs_the_nats_of_its_pixels():
    image = RNG.uniform(size=(3, 2, 2, 1))
    drawn = RNG.uniform(0.1, 0.9, size=(3, 2, 2, 1))
    scores = score("autoencoding", drawn, image=image)
    nats = [
        -sum(
            x * math.log(p) + (1 - x) * math.log(1 - p)
            for x, p in zip(image[i].ravel(), drawn[i].ravel(), strict=True)
        )
        for i in range(3)
    ]
    assert scores["nats"] == scores["reconstruction"] == pytest.approx(np.mean(nats), rel=1e-5)
    assert scores["mse"] == pytest.approx(np.mean((image - drawn) ** 2), rel=1e-5)


def test_a_reconstruction_that_is_surely_wrong_costs_a_finite_amount():
    scores = score("autoencoding", np.ones((1, 8, 8, 1)), image=np.zeros((1, 8, 8, 1)))
    assert scores["nats"] == pytest.approx(64 * -math.log(1e-7), rel=0.02)


def test_the_mean_digit_costs_what_independent_pixels_cost():
    dataset = data.load("digits", size=8)
    test = data.arrays(dataset.test)
    mean = data.arrays(dataset.train)["image"].mean(axis=0)
    outputs = np.broadcast_to(mean, test["image"].shape)
    assert get_task("autoencoding").score(outputs, test)["nats"] == pytest.approx(27.2, abs=0.3)


def test_the_posterior_costs_its_divergence_and_counts_what_varies():
    labels = np.arange(40) % 2
    mean = np.stack([4.0 * labels, np.zeros(40), RNG.normal(size=40) * 0.05], axis=-1)
    log_var = np.full((40, 3), math.log(4))
    outputs = {
        "posterior": np.concatenate([mean, log_var], axis=-1),
        "reconstruction": np.full((40, 8, 8, 1), 0.5),
    }
    scores = score("autoencoding", outputs, label=labels)
    # KL(N(m, 4) | N(0, 1)) = (m^2 + 4 - 1 - ln 4) / 2
    kl = np.mean(np.sum((mean**2 + 3 - math.log(4)) / 2, axis=-1))
    assert scores["kl"] == pytest.approx(kl, rel=1e-5)
    assert scores["nats"] == pytest.approx(64 * math.log(2) + kl, rel=1e-5)
    assert scores["active_units"] == 1
    assert scores["probe"] == 1


def test_codes_without_labels_are_not_probed():
    outputs = {"posterior": np.zeros((4, 2)), "reconstruction": np.full((4, 8, 8, 1), 0.5)}
    assert "probe" not in score("autoencoding", outputs, image=np.zeros((4, 8, 8, 1)))


def test_a_corrupted_image_is_to_be_drawn_clean():
    clean, image = RNG.uniform(size=(2, 3, 8, 8, 1))
    task = get_task("autoencoding")
    assert task.score(clean, {"image": image, "clean": clean})["mse"] == 0
    inner = keras.Input((8, 8, 1))
    given, target = task.example({"image": image, "clean": clean}, keras.Model(inner, inner))
    np.testing.assert_array_equal(given, image)
    np.testing.assert_array_equal(target, clean)


def test_auc_is_the_share_of_pairs_in_the_right_order():
    vectors, labels = RNG.normal(size=(12, 3)), np.arange(12) % 3
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    pairs = [(i, j) for i in range(12) for j in range(i)]
    same = [unit[i] @ unit[j] for i, j in pairs if labels[i] == labels[j]]
    other = [unit[i] @ unit[j] for i, j in pairs if labels[i] != labels[j]]
    auc = np.mean([s > o for s in same for o in other])
    assert score("embedding", 5 * vectors, label=labels)["auc"] == pytest.approx(auc)


def test_nearest_neighbours_and_single_shots_tell_classes_that_stand_apart():
    labels = np.arange(30) % 5
    tight = np.eye(5)[labels] + 0.01 * RNG.normal(size=(30, 5))
    assert score("embedding", tight, label=labels) == {"auc": 1.0, "knn": 1.0, "one_shot": 1.0}
    random = score("embedding", RNG.normal(size=(300, 5)), label=np.arange(300) % 5)
    for value, chance in zip(random.values(), (0.5, 0.2, 0.2), strict=True):
        assert value == pytest.approx(chance, abs=0.08)


def test_groups_are_matched_with_the_classes_as_well_as_can_be():
    labels = np.repeat([0, 1, 2], 20)
    found = np.roll(labels, 20)  # the groups have other numbers than the classes
    found[:3] = (found[0] + 1) % 3
    codes = 5 * np.eye(3)[found] + 0.01 * RNG.normal(size=(60, 3))
    scores = score("clustering", codes, label=labels)
    best = max(np.mean(np.array(order)[found] == labels) for order in permutations(range(3)))
    assert scores["accuracy"] == pytest.approx(best) == pytest.approx(0.95)
    joint = np.array([[np.mean((labels == i) & (found == j)) for j in range(3)] for i in range(3)])
    alone = [joint.sum(axis) for axis in (0, 1)]
    mutual = np.sum(joint * np.log(np.maximum(joint, 1e-12) / np.outer(alone[1], alone[0])))
    entropies = [-np.sum(p * np.log(p)) for p in alone]
    assert scores["nmi"] == pytest.approx(mutual / np.mean(entropies))
    assert scores["spread"] == pytest.approx(np.mean([codes[:, i].std() for i in range(3)]))


def test_a_model_that_only_labels_can_teach_is_not_clustered():
    image = keras.Input((8, 8, 1))
    model = keras.Model(image, keras.layers.Flatten()(image), name="taught")
    with pytest.raises(ValueError, match=r"costs of their own.*Received: Functional taught"):
        get_task("clustering").check(model, data.load("digits", size=8))


def test_equal_codes_are_one_group():
    scores = score("clustering", np.ones((8, 2, 2)), label=np.arange(8) % 4)
    assert scores == {"accuracy": 0.25, "nmi": 0.0, "spread": 0.0}


@pytest.mark.parametrize("labels", [np.zeros(4, int), np.arange(4)])
def test_an_embedding_is_not_scored_without_pairs_of_both_kinds(labels):
    with pytest.raises(ValueError, match=r"two examples of one class.*Received: 4 examples"):
        score("embedding", np.eye(4), label=labels)


def test_generated_images_that_cannot_be_digits_are_not_scored():
    images = np.zeros((3, 16, 16, 3), np.float32)
    assert get_task("generation").score(images, {"image": images}) == {}


@pytest.mark.parametrize("task", ["classification", "clustering", "embedding", "segmentation"])
def test_outputs_of_another_count_are_refused(task):
    with pytest.raises(ValueError, match=r"each of the 4 examples. Received: .*\(3, 2\)"):
        score(task, np.zeros((3, 2)), label=np.zeros(4, int))


def test_outputs_that_are_not_finite_are_refused():
    with pytest.raises(ValueError, match="must be finite"):
        score("classification", np.full((4, 2), np.nan), label=np.zeros(4, int))


def test_several_outputs_are_refused_where_one_is_needed():
    with pytest.raises(ValueError, match="Received: 2 outputs"):
        score("classification", {"a": np.eye(4), "b": np.eye(4)}, label=np.zeros(4, int))


def test_a_reconstruction_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"shape of the images.*Received: \(4, 7, 8, 1\)"):
        score("autoencoding", np.zeros((4, 7, 8, 1)), image=np.zeros((4, 8, 8, 1)))


def overlap(one, other):
    height = max(0, min(one[2], other[2]) - max(one[0], other[0]))
    width = max(0, min(one[3], other[3]) - max(one[1], other[1]))
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return height * width / (sum(areas) - height * width)


def slow_precision(found, truth, threshold):
    """Average precision of one class: precision at 101 recalls, each the best from there on.

    `found` holds `(score, image, box)`, `truth` the boxes of each image.
    """
    free = {(i, j) for i, boxes in enumerate(truth) for j in range(len(boxes))}
    total, curve = len(free), []
    for count, (_, image, box) in enumerate(sorted(found, key=lambda one: -one[0]), 1):
        near = [(overlap(box, truth[i][j]), (i, j)) for i, j in free if i == image]
        best = max(near, default=(0, None))
        if best[0] >= threshold:
            free.remove(best[1])
        curve.append(((total - len(free)) / total, (total - len(free)) / count))
    recalls = np.linspace(0, 1, 101)
    return np.mean([max((p for r, p in curve if r >= recall), default=0) for recall in recalls])


def scattered(count=12):
    """Images with two boxes far apart, and boxes near them that do not overlap each other."""
    low = np.stack([RNG.uniform(0.0, 0.1, (count, 2)), RNG.uniform(0.55, 0.6, (count, 2))], 1)
    boxes = np.concatenate([low, low + 0.3], axis=-1)
    moved = boxes + RNG.uniform(-0.06, 0.06, boxes.shape)
    return boxes, np.tile([1, 2], (count, 1)), moved, RNG.permutation(2 * count).reshape(count, 2)


def test_average_precision_is_the_area_below_the_curve():
    boxes, classes, moved, order = scattered()
    classes[0, 0] = -1  # a box that is found, but is none
    values = 0.02 + 0.9 * order / order.size
    scores = np.zeros((12, 2, 2))
    scores[:, [0, 1], [0, 1]] = values
    examples = {"image": np.zeros((12, 8, 8, 3)), "boxes": boxes, "classes": classes}
    given = get_task("detection").score({"boxes": moved, "scores": scores}, examples)

    def slow(threshold):
        each = []
        for index in (0, 1):
            found = [(values[i, index], i, moved[i, index]) for i in range(12)]
            truth = [[b for b in boxes[i][classes[i] == index + 1]] for i in range(12)]
            each.append(slow_precision(found, truth, threshold))
        return np.mean(each)

    thresholds = np.linspace(0.5, 0.95, 10)
    assert 0 < given["map_75"] < given["map_50"] < 1
    assert given["map_50"] == pytest.approx(slow(0.5), abs=1e-6)
    assert given["map_75"] == pytest.approx(slow(0.75), abs=1e-6)
    assert given["map"] == pytest.approx(np.mean([slow(t) for t in thresholds]), abs=1e-6)


def test_a_box_that_is_found_twice_counts_once():
    boxes, classes, _, _ = scattered(3)
    examples = {"image": np.zeros((3, 8, 8, 3)), "boxes": boxes, "classes": classes}
    twice = np.concatenate([boxes, boxes + 0.01], axis=1)
    scores = np.tile(np.eye(2) * 0.9, (3, 2, 1))
    outputs = {"boxes": twice, "scores": scores}
    assert get_task("detection").score(outputs, examples)["map"] == pytest.approx(1)


def test_nothing_found_scores_nothing():
    boxes, classes, _, _ = scattered(3)
    examples = {"image": np.zeros((3, 8, 8, 3)), "boxes": boxes, "classes": classes}
    outputs = {"boxes": boxes, "scores": np.zeros((3, 2, 2))}
    assert set(get_task("detection").score(outputs, examples).values()) == {0.0}


def test_detections_of_images_without_objects_are_not_scored():
    examples = {"image": np.zeros((1, 8, 8, 3)), "boxes": np.zeros((1, 1, 4))}
    outputs = {"boxes": np.zeros((1, 2, 4)), "scores": np.zeros((1, 2, 3))}
    with pytest.raises(ValueError, match="needs objects"):
        get_task("detection").score(outputs, {**examples, "classes": np.full((1, 1), -1)})


def test_a_detector_without_boxes_is_refused():
    examples = {"image": np.zeros((1, 8, 8, 3)), "boxes": np.zeros((1, 1, 4))}
    with pytest.raises(ValueError, match="must give boxes and scores"):
        get_task("detection").score({"grid": 1}, {**examples, "classes": np.ones((1, 1))})


def apart(tokens):
    """Frames of tokens with a blank behind each, so that none is taken for the one before."""
    return np.stack([tokens, 0 * tokens], axis=-1).reshape(len(tokens), -1)


def slow_distance(one, other):
    """Insert, delete or replace a token, in every way there is."""
    if not one or not other:
        return len(one) + len(other)
    return min(
        slow_distance(one[1:], other[1:]) + (one[0] != other[0]),
        slow_distance(one[1:], other) + 1,
        slow_distance(one, other[1:]) + 1,
    )


def test_token_errors_are_the_fewest_edits_as_a_share_of_what_is_said():
    said, given = (RNG.integers(1, 4, (40, 5)) for _ in range(2))
    said[:, 3:][RNG.uniform(size=(40, 2)) < 0.5] = 0
    said.sort(axis=1)
    said = said[:, ::-1]  # zeros stand behind
    given[7] = said[7]
    scores = score("speech", np.eye(4)[apart(given)], tokens=said, sound=np.ones((40, 9)))
    rows = [[tuple(row[row > 0].tolist()) for row in tokens] for tokens in (given, said)]
    errors = [slow_distance(*pair) for pair in zip(*rows, strict=True)]
    assert min(errors) == 0
    assert scores["token_error_rate"] == pytest.approx(sum(errors) / np.sum(said > 0))
    assert scores["exact"] == pytest.approx(np.mean(np.array(errors) == 0))


def test_words_are_what_stands_between_separators():
    said = np.array([[1, 2, 3, 2, 2, 0], [2, 1, 3, 1, 0, 0]])  # 3 stands between words
    given = np.array([[1, 2, 3, 2, 1, 0], [3, 2, 1, 3, 3, 1]])
    examples = {"tokens": said, "sound": np.ones((2, 9)), "separator": np.array([3, 3])}
    scores = score("speech", np.eye(4)[apart(given)], **examples)
    assert scores["word_error_rate"] == 1 / 4  # of 12 22 21 1 the second
    assert scores["exact"] == 0


def test_equal_tokens_are_one_unless_a_blank_is_between():
    frames = np.eye(3)[[[1, 1, 0, 1, 2, 2]]]
    perfect = {"token_error_rate": 0.0, "exact": 1.0}
    heard = np.ones((1, 9))
    assert score("speech", frames, tokens=np.array([[1, 1, 2, 0]]), sound=heard) == perfect
    wrong = score("speech", frames, tokens=np.array([[1, 2, 0, 0]]), sound=heard)
    assert wrong == {"token_error_rate": 0.5, "exact": 0.0}


def test_frames_behind_the_end_of_a_sound_do_not_count():
    frames = np.eye(3)[[[1, 0, 2, 2], [1, 0, 2, 2]]]
    sound = np.array([[1, 0, 1, 0, 0, 0, 0, 0], [1, 1, 1, 1, 1, 0, 0, 0]])  # 2 frames, 3 frames
    said = np.array([[1, 0], [1, 2]])
    assert score("speech", frames, tokens=said, sound=sound)["exact"] == 1.0
    assert score("speech", frames, tokens=said, sound=sound[::-1])["exact"] == 0.0


def test_what_is_no_transcript_is_refused():
    with pytest.raises(ValueError, match=r"Received: outputs of shape \(2, 3\)"):
        score("speech", np.zeros((2, 3)), tokens=np.ones((2, 3), int), sound=np.ones((2, 9)))


def person(marked=(1, 1, 1, 0)):
    """Two people of whom the second has more marked points, in an image twice as wide as high."""
    places = np.array([[0.5, 0.5], [0.2, 0.5], [0.5, 0.2], [0.0, 0.0]])
    other = np.zeros((4, 3))
    other[0] = [0.9, 0.9, 1]
    points = np.stack([other, np.concatenate([places, np.array([marked]).T], axis=-1)])
    return {"image": np.zeros((1, 8, 16, 3)), "keypoints": points[np.newaxis]}, places


def test_points_are_right_when_they_are_near_in_shares_of_the_longer_side():
    examples, places = person()
    # 0.15 of the height are 0.075 of the width.
    moved = places + np.array([[0.15, 0.0], [0.0, 0.05], [0.0, 0.09], [0.9, 0.9]])
    scores = get_task("pose").score(moved[np.newaxis], examples)
    assert scores["pck_08"] == pytest.approx(2 / 3)
    assert scores["pck_04"] == 0
    assert scores["distance"] == pytest.approx((0.075 + 0.05 + 0.09) / 3)


def test_a_heat_map_says_where_its_peak_is():
    examples, places = person()
    maps = np.zeros((1, 10, 10, 4))
    for index, (y, x) in enumerate(places):
        maps[0, int(y * 10), int(x * 10), index] = 1
    scores = get_task("pose").score({"maps": maps}, examples)
    assert scores["pck_08"] == 1
    half = 0.05  # of a pixel, which is wider than high
    assert scores["distance"] == pytest.approx(np.hypot(half, half / 2))


def test_people_without_a_marked_point_are_not_scored():
    examples, places = person(marked=(0, 0, 0, 0))
    examples["keypoints"][0, 0, 0, 2] = 0
    with pytest.raises(ValueError, match="need key points"):
        get_task("pose").score(places[np.newaxis], examples)


@pytest.mark.parametrize("shape", [(1, 4, 3), (1, 8)])
def test_what_is_no_pose_is_refused(shape):
    with pytest.raises(ValueError, match="Received: outputs of shape"):
        get_task("pose").score(np.zeros(shape), person()[0])


@pytest.mark.parametrize("task", TASKS)
def test_the_headline_metric_is_scored_and_a_perfect_output_beats_a_poor_one(task):
    drawn = task in ("detection", "segmentation")
    names = {"pose": "people", "instance_segmentation": "cells"}
    names |= dict.fromkeys(("acoustic", "speech"), "spoken_digits")
    names |= dict.fromkeys(("captioning", "dense_captioning"), "captioned_scenes")
    names |= {"translation": "number_words"}
    name = names.get(task, "shapes" if drawn else "digits")
    examples = data.arrays(data.load(name).test, 60)
    if "image" in examples:
        examples["input"] = examples["image"][:, ::2, ::2]
    if task == "speech":
        examples["sound"] = np.ones((len(examples["tokens"]), 8))
        good = np.eye(11)[apart(examples["tokens"])]
        poor = RNG.normal(size=good.shape)
    elif task in ("captioning", "translation"):
        good, poor = examples["tokens"], RNG.integers(2, 9, (60, 5))
    elif task == "dense_captioning":
        good = {name: examples[name] for name in ("boxes", "phrases")}
        good["scores"] = examples["boxes"].max(axis=-1)
        poor = {**good, "phrases": RNG.integers(2, 9, good["phrases"].shape)}
    elif task == "acoustic":
        good = np.eye(11)[examples["states"]]
        poor = RNG.normal(size=good.shape)
    elif task == "detection":
        good = {"boxes": examples["boxes"], "scores": np.eye(4)[examples["classes"]][..., 1:]}
        good["scores"][examples["classes"] < 0] = 0
        poor = {**good, "boxes": RNG.uniform(size=examples["boxes"].shape)}
    elif task == "pose":
        good = examples["keypoints"][:, 0, :, :2]
        poor = np.full_like(good, 0.5)
    elif task == "generation":
        good, poor = 2 * examples["image"] - 1, RNG.uniform(-1, 1, examples["image"].shape)
    elif task == "instance_segmentation":
        good = np.eye(2)[[separated(instances) for instances in examples["instances"]]]
        poor = np.eye(2)[examples["mask"]]
    elif task in ("autoencoding", "restoration"):
        good, poor = examples["image"], np.full(examples["image"].shape, 0.5)
    else:
        good = np.eye(10)[examples["label" if "label" in examples else "mask"]]
        poor = RNG.normal(size=good.shape)
    task = get_task(task)
    best, worst = (task.score(outputs, examples)[task.metric] for outputs in (good, poor))
    assert (best > worst) == (task.name not in ("autoencoding", "generation", "speech"))


@pytest.mark.parametrize("task", TASKS)
def test_the_metadata_undoes_what_the_task_does_to_pixels(task):
    task = get_task(task)
    dataset = data.load("digits", size=8)
    values = task.metadata(dataset)
    pixels = np.array([0.0, 51.0, 255.0])
    scaled = task.scale(pixels / 255)
    np.testing.assert_allclose((pixels - values["mean"]) / values["std"], scaled, atol=1e-12)
    np.testing.assert_allclose(scaled * values["output_std"] + values["output_mean"], pixels)
    assert (values["task"], values["licence"]) == (task.name, "CC BY 4.0")
    named = {
        "acoustic": dataset.labels,
        "captioning": dataset.labels,
        "classification": dataset.labels,
        "dense_captioning": dataset.labels,
        "generation": dataset.labels,
        "detection": dataset.labels[1:],  # the first is the background
        "instance_segmentation": ("background", "instance"),
        "pose": dataset.points,
        "segmentation": dataset.labels,
        "speech": dataset.labels,
        "translation": dataset.labels,
    }
    assert values.get("labels", ()) == named.get(task.name, ())


def test_restored_images_are_measured_by_the_error_of_all_pixels():
    clean = RNG.uniform(0.2, 0.8, (5, 16, 16, 3)).astype("float32")
    restored = clean + RNG.normal(0, 0.05, clean.shape).astype("float32")
    error = np.mean((restored - clean) ** 2)
    scores = score("restoration", restored, image=clean, input=clean + 0.1)
    assert scores["psnr"] == pytest.approx(-10 * np.log10(error), rel=1e-4)
    assert scores["gain"] == pytest.approx(scores["psnr"] - 20, rel=1e-3)
    assert 0.5 < scores["ssim"] < 1


def test_small_images_are_enlarged_before_they_are_compared():
    clean = np.full((2, 16, 16, 1), 0.5, np.float32)
    scores = score("restoration", clean + 0.1, image=clean, input=np.full((2, 8, 8, 1), 0.7))
    assert scores["gain"] == pytest.approx(20 * np.log10(2), rel=1e-3)


def test_restored_images_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"Received: \(1, 4, 4, 1\)"):
        score("restoration", np.zeros((1, 4, 4, 1)), image=np.zeros((1, 8, 8, 1)), input=0)


def test_a_model_that_does_not_say_what_it_restores_from_is_refused():
    model = keras.Sequential([keras.Input((8, 8, 1)), keras.layers.Conv2D(1, 3, padding="same")])
    with pytest.raises(ValueError, match="wrap it in"):
        get_task("restoration").check(model, data.load("digits", size=8))


def test_digits_of_the_class_asked_for_are_counted():
    task, examples = get_task("generation"), data.arrays(data.load("digits", size=8).test, 60)
    images, asked = 2 * examples["image"] - 1, np.eye(10)[examples["label"]]
    examples["input"] = {"latent": np.zeros((60, 2)), "label": asked}
    assert task.score(images, examples)["class_accuracy"] > 0.9
    examples["input"]["label"] = np.roll(asked, 1, axis=1)
    assert task.score(images, examples)["class_accuracy"] < 0.1

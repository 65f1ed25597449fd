"""Things that touch are told apart: by background between them, which the loss insists on."""

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import data, edge, export
from kerascnn.tasks import get_task, instance_segmentation
from kerascnn.tasks.instance_borders import border_weights, separated

RNG = np.random.default_rng(0)
TASK = get_task("instance_segmentation")


def scattered(size=12, numbers=4):
    return RNG.integers(0, numbers, (size, size))


@pytest.mark.parametrize("numbers", [2, 3, 4])
def test_background_comes_between_instances_that_touch(numbers):
    instances = scattered(numbers=numbers)
    expected = np.zeros_like(instances)
    for y, x in np.ndindex(*instances.shape):
        around = instances[max(y - 1, 0) : y + 2, max(x - 1, 0) : x + 2]
        expected[y, x] = instances[y, x] and set(around.ravel()) <= {0, instances[y, x]}
    mask = separated(instances)
    assert mask.dtype == np.int32
    np.testing.assert_array_equal(mask, expected)


def test_cells_become_as_many_parts_as_there_are():
    for instances in data.arrays(data.load("cells").test)["instances"]:
        assert edge.connected_components(separated(instances)).max() == instances.max()


def slow_weights(instances, strength, deviation):
    """Look for the two nearest instances of each pixel (eq. 2)."""
    mask = separated(instances)
    weights = np.zeros(mask.shape)
    for y, x in np.ndindex(*mask.shape):
        weights[y, x] = mask.size / (2 * np.sum(mask == mask[y, x]))
        distances = []
        for number in set(instances[mask > 0]):
            places = np.argwhere((instances == number) & (mask > 0))
            distances.append(np.hypot(*(places - (y, x)).T).min())
        if not mask[y, x] and len(distances) > 1:
            d1, d2 = sorted(distances)[:2]
            weights[y, x] += strength * np.exp(-((d1 + d2) ** 2) / (2 * deviation**2))
    return weights


@pytest.mark.parametrize("strength", [0.0, 10.0])
def test_weights_are_those_of_the_formula(strength):
    instances = np.zeros((14, 16), int)
    instances[2:6, 1:6] = 3
    instances[2:7, 6:9] = 7  # touches the first
    instances[9:13, 4:8] = 1
    weights = border_weights(instances, strength=strength, deviation=3.0)
    assert weights.dtype == np.float32
    np.testing.assert_allclose(weights, slow_weights(instances, strength, 3.0), rtol=1e-5)


def test_both_classes_weigh_the_same_without_borders():
    instances = scattered(numbers=2)
    weights = border_weights(instances, strength=0.0)
    assert weights.mean() == pytest.approx(1)
    assert weights[instances == 0].sum() == pytest.approx(weights[instances > 0].sum())


@pytest.mark.parametrize("count", [0, 1])
def test_without_a_second_instance_there_is_no_border(count):
    instances = np.zeros((6, 6), int)
    instances[2:4, 2:4] = count
    weights = border_weights(instances)
    np.testing.assert_allclose(weights, border_weights(instances, strength=0.0))
    assert np.isfinite(weights).all()


@pytest.mark.parametrize("wrong", [{"strength": -1.0}, {"deviation": 0.0}])
def test_wrong_numbers_are_refused(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))}={next(iter(wrong.values()))}"):
        border_weights(scattered(), **wrong)


def test_what_is_merged_split_missed_or_made_up_counts():
    truth = np.zeros((1, 8, 10), int)
    truth[0, 1:3, 1:3], truth[0, 1:3, 3:5] = 4, 2  # become one
    truth[0, 4:7, 0:4] = 1  # loses a corner
    truth[0, 1:3, 7:9] = 5  # is missed
    mask = (truth > 0).astype(int)
    mask[0, 4, 0] = mask[0, 1:3, 7:9] = 0
    mask[0, 6, 8] = 1  # is made up
    scores = TASK.score(np.eye(2)[mask], {"image": np.zeros((1, 8, 10, 3)), "instances": truth})
    # Four are there, and three predicted: the third alone is right.
    assert scores == {"ap_50": 1 / 6, "matched_iou": pytest.approx(11 / 12)}


def test_half_of_the_union_is_not_enough():
    truth = np.zeros((1, 4, 4), int)
    truth[0, 0, :2] = 1
    mask = np.zeros((1, 4, 4), int)
    mask[0, 0, 0] = 1
    examples = {"image": np.zeros((1, 4, 4, 3)), "instances": truth}
    assert TASK.score(np.eye(2)[mask], examples) == {"ap_50": 0.0, "matched_iou": 0.0}


def test_an_unpadded_network_is_judged_in_the_middle():
    model = kerascnn.create_model(
        "unet", input_shape=(20, 20, 1), filters=2, depth=1, padding="valid"
    )
    side = model.output_shape[1]
    instances = scattered(20).astype("int32")
    _, mask, weights = TASK.example({"image": np.zeros((20, 20, 1)), **tensors(instances)}, model)
    middle = slice((20 - side) // 2, (20 + side) // 2)
    np.testing.assert_array_equal(mask, separated(instances)[middle, middle])
    np.testing.assert_array_equal(weights, border_weights(instances)[middle, middle])


def tensors(instances):
    return {"instances": keras.ops.convert_to_tensor(instances)}


def test_a_model_of_other_outputs_is_refused():
    dataset = data.load("cells", count=8, size=16)
    model = kerascnn.create_model("unet", input_shape=(16, 16, 3), filters=2, num_classes=3)
    with pytest.raises(ValueError, match=r"Received: output_shape=\(None, 16, 16, 3\)"):
        TASK.check(model, dataset)


def train(**options):
    keras.utils.set_random_seed(0)
    dataset = data.load("cells")
    model = kerascnn.create_model(
        "unet", **TASK.model_options(dataset), filters=8, depth=2, dropout=0.0
    )
    TASK.check(model, dataset)
    TASK.compile(model, learning_rate=3e-3)
    examples = dataset.train.map(lambda example: TASK.example(example, model)).cache()
    model.fit(examples.shuffle(256, seed=0).batch(8), epochs=15, shuffle=False, verbose=0)
    return model, data.arrays(dataset.test)


@pytest.mark.slow
def test_a_unet_tells_cells_apart_on_a_device_too(tmp_path):
    model, examples = train()
    keras_score = TASK.score(model.predict(examples["image"], verbose=0), examples)
    path = tmp_path / "model.tflite"
    export.to_tflite(model, path, quantize="int8", calibration=examples["image"][:32])
    loaded = edge.load(path)
    score = TASK.score(loaded(examples["image"]), examples)
    print(keras_score, score)
    assert keras_score["ap_50"] >= 0.8
    assert score["ap_50"] >= keras_score["ap_50"] - 0.03


@pytest.mark.slow
def test_without_weight_on_their_borders_cells_merge(monkeypatch):
    monkeypatch.setattr(
        instance_segmentation, "border_weights", lambda maps: border_weights(maps, strength=0.0)
    )
    model, examples = train()
    score = TASK.score(model.predict(examples["image"], verbose=0), examples)
    print(score)
    assert score["ap_50"] < 0.8

import itertools

import keras
import numpy as np
import pytest

from kerascnn import data, edge, export
from kerascnn.models.dense_captioning.densecap import densecap
from kerascnn.registry import get_system
from kerascnn.tasks import get_task

TINY = get_system("densecap").tiny
RNG = np.random.default_rng(0)


def dense(given, made):
    return given * made + made


def convolutions(kernel, *widths):
    return sum(kernel**2 * a * b + b for a, b in itertools.pairwise(widths))


def test_its_parameters_are_those_of_the_paper_and_a_logit_of_the_start():
    with keras.StatelessScope(initialize_variables=False):
        model = densecap()
    blocks = [3, 64, 64, 128, 128, 256, 256, 256, 512, 512, 512, 512, 512, 512]
    anchors, units, words = 12, 512, 10_497 + 2
    proposals = convolutions(3, 512, 256) + convolutions(1, 256, 6 * anchors)
    assert proposals == 1_198_408
    assert model.proposer.count_params() == convolutions(3, *blocks) + proposals
    hidden = dense(7 * 7 * 512, 4096) + dense(4096, 4096)
    assert model.describer.count_params() == hidden + dense(4096, 4 + 1 + units)
    assert model.words.count_params() == words * units
    lstm = 4 * (2 * units * units + units)
    assert model.writer.count_params() == lstm + dense(units, words)
    assert model.count_params() - dense(units, 1) == 150_437_263


def test_the_first_proposals_are_nearly_the_anchors():
    model = densecap(**TINY)
    encoder = model.deployable["encoder"]
    found = encoder(RNG.uniform(size=(1, 16, 16, 3)))
    assert np.abs(np.asarray(found["boxes"][0]) - np.clip(model.anchors, 0, 1)).max() < 0.02
    sizes = 16 * (model.anchors[:2, 2:] - model.anchors[:2, :2])
    np.testing.assert_allclose(sizes, [[8, 8], [4, 6]], atol=1e-5)


def test_what_is_said_depends_on_the_region_and_the_words_before():
    model = densecap(**TINY)
    features = RNG.uniform(size=(1, 8, 8, 8)).astype("float32")
    boxes = np.array([[[0, 0, 0.5, 0.5], [0.5, 0.5, 1, 1], [0, 0, 0.5, 0.5], [0, 0, 1, 1]]])
    codes = np.asarray(model.describer({"features": features, "boxes": boxes})["codes"][0])
    np.testing.assert_allclose(codes[0], codes[2], atol=1e-6)
    assert np.abs(codes[0] - codes[1]).max() > 1e-3
    tokens = np.array([[1, 2, 3], [1, 4, 3]])
    said = np.asarray(model.captioner({"input": codes[[0, 0]], "tokens": tokens}))
    np.testing.assert_allclose(said[0, 0], said[1, 0], atol=1e-6)
    assert np.abs(said[0, 2] - said[1, 2]).max() > 1e-6  # the state remembers


def test_the_code_is_told_before_the_start():
    model = densecap(**TINY)
    code = RNG.uniform(size=(1, 8)).astype("float32")
    state = {name: np.zeros((1, 8), "float32") for name in ("hidden", "cell")}
    first = model.writer({"word": code, **state})
    state = {name: first[name] for name in state}
    second = model.writer({"word": model.words(np.array([1])), **state})
    said = model.captioner({"input": code, "tokens": np.array([[1]])})
    np.testing.assert_allclose(said[:, 0], second["logits"], atol=1e-6)


def test_the_device_finds_and_says_what_the_task_does(tmp_path):
    keras.utils.set_random_seed(0)
    dataset = data.load("captioned_scenes", count=40, size=16)
    task = get_task("dense_captioning")
    model = densecap(**{**TINY, **task.model_options(dataset)})
    for part in model.deployable.values():
        for weight in part.trainable_variables:
            weight.assign(RNG.normal(size=weight.shape) * 0.4)
    files = {}
    for name, part in model.deployable.items():
        path = tmp_path / f"{name}.tflite"
        export.to_tflite(part, path, metadata=edge.Metadata(**task.metadata(dataset)))
        files[name] = edge.load(path)
    examples = data.arrays(dataset.test, 3)
    examples["image"] = np.round(255 * examples["image"]) / np.float32(255)
    examples["input"] = task.inputs(model, examples)
    runs = {name: part.predict_on_batch for name, part in model.deployable.items()}
    outputs = task.predict(runs, model, examples)
    for row, image in enumerate(examples["image"]):
        found = edge.describe(
            files["encoder"],
            np.round(255 * image).astype(np.uint8),
            regions=files["regions"],
            decoder=files["decoder"],
            score_threshold=0.0,
            beams=1,
            max_length=4,
        )
        assert found
        for one, box, score, phrase in zip(
            found, *(outputs[name][row] for name in ("boxes", "scores", "phrases")), strict=False
        ):
            np.testing.assert_allclose(one.box, box, atol=1e-4)
            assert abs(one.score - score) < 1e-4
            words = [dataset.labels[word] for word in phrase]
            assert one.label == " ".join(words[: words.index("<end>")] if 0 in phrase else words)
        assert len(found) == np.sum(outputs["scores"][row] > 0)


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"regions": 1}, "regions=1"),
        ({"regions": 129}, r"2 to 128 regions.*regions=129"),
        ({"weights": "imagenet"}, "weights='imagenet'"),
    ],
)
def test_wrong_arguments_are_refused(wrong, message):
    with pytest.raises(ValueError, match=message):
        densecap(**{**TINY, **wrong})

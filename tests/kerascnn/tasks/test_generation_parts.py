"""What the task of generation does with the parts that a GAN deploys beside its generator."""

import functools

import numpy as np
import pytest

from kerascnn import create_model, data
from kerascnn.registry import get_system
from kerascnn.tasks import get_task
from kerascnn.training import parts

TASK = get_task("generation")


@pytest.fixture(scope="module")
def dataset():
    return data.load("digits", size=8)


def built(name):
    return create_model(
        name, **{**get_system(name).tiny, **({"num_classes": 10} if "semi" in name else {})}
    )


def ran(model, examples):
    examples["input"] = TASK.inputs(model, examples)
    runs = {name: functools.partial(part.predict, verbose=0) for name, part in parts(model).items()}
    return TASK.predict(runs, model, examples)


def test_an_encoder_draws_the_images_again(dataset):
    model, examples = built("bigan"), data.arrays(dataset.test, 30)
    outputs = ran(model, examples)
    codes = model.encoder.predict(2 * examples["image"] - 1, verbose=0)
    expected = model.generator.predict(codes, verbose=0)
    np.testing.assert_allclose(outputs["reconstruction"], expected, atol=1e-5)
    drawn = (expected + 1) / 2
    own = np.mean((drawn - examples["image"]) ** 2)
    others = np.mean((drawn[np.arange(30) - 1] - examples["image"]) ** 2)
    scores = TASK.score(outputs, examples)
    np.testing.assert_allclose(scores["reconstruction_error"], own / others, rtol=1e-4)
    assert {"fdd", "cover", "entropy"} < set(scores)


def test_perfect_reconstructions_have_no_error(dataset):
    examples = data.arrays(dataset.test, 30)
    images = 2 * examples["image"] - 1
    outputs = {"generated": images, "reconstruction": images}
    assert TASK.score(outputs, examples)["reconstruction_error"] == 0
    outputs["reconstruction"] = np.repeat(images[:1], 30, axis=0)
    np.testing.assert_allclose(TASK.score(outputs, examples)["reconstruction_error"], 1)


def test_a_classifier_is_scored_by_its_accuracy(dataset):
    model, examples = built("semi_supervised_gan"), data.arrays(dataset.test, 30)
    outputs = ran(model, examples)
    expected = model.classifier.predict(2 * examples["image"] - 1, verbose=0)
    np.testing.assert_allclose(outputs["probabilities"], expected, atol=1e-5)
    outputs["probabilities"] = np.eye(10)[examples["label"]]
    assert TASK.score(outputs, examples)["accuracy"] == 1
    outputs["probabilities"] = np.roll(outputs["probabilities"], 3, axis=1)
    assert TASK.score(outputs, examples)["accuracy"] == 0


@pytest.mark.parametrize(
    ("part", "task"),
    [("generator", "generation"), ("encoder", "embedding"), ("classifier", "classification")],
)
def test_a_file_is_described_by_what_it_does(dataset, part, task):
    described = TASK.metadata(dataset, part)
    assert described["task"] == task
    assert ("labels" in described) == (part != "encoder")
    assert described["mean"] == (127.5,)


def test_a_picture_shows_what_was_drawn_again(dataset):
    examples = data.arrays(dataset.test, 30)
    images = 2 * examples["image"] - 1
    plain = TASK.picture(examples, images, dataset)
    more = TASK.picture(examples, {"generated": images, "reconstruction": images}, dataset)
    assert more.height > plain.height
    assert more.width == plain.width

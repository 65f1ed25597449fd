import keras
import numpy as np
import pytest

from kerascnn import data, edge, export
from kerascnn.models.captioning.aoanet import aoanet
from kerascnn.registry import get_system
from kerascnn.tasks import get_task

TINY = {**get_system("aoanet").tiny, "num_tokens": 9}
RNG = np.random.default_rng(0)


def dense(given, made):
    return given * made + made


def test_its_parameters_are_those_of_the_paper_but_for_a_bias():
    with keras.StatelessScope(initialize_variables=False):
        model = aoanet()
    d, words = 1024, 9488
    gated = 2 * dense(2 * d, d)
    encoder = dense(2048, d) + 6 * (3 * dense(d, d) + gated + 2 * d) + 2 * d + 2 * dense(d, d)
    lstm = 4 * d * (2 * d + d) + 4 * d
    decoder = words * d + lstm + dense(d, d) + 2 * d + gated + dense(d, words)
    assert model.encoder.count_params() == encoder
    assert model.decoder.count_params() == decoder
    # The authors' LSTM has two biases, whose sum is what counts.
    assert encoder + decoder + 4 * d == 85_562_640


def test_a_word_depends_on_what_was_said_and_on_the_picture():
    model = aoanet(**TINY)
    images = RNG.uniform(size=(2, 8, 8, 3)).astype("float32")
    tokens = np.array([[1, 2, 3], [1, 4, 3]])

    def said(images, tokens):
        return np.asarray(model({"input": images, "tokens": tokens}))

    before, other = said(images[:1], tokens[:1]), said(images[:1], tokens[1:])
    np.testing.assert_allclose(before[:, 0], other[:, 0], atol=1e-6)
    assert not np.allclose(before[:, 1], other[:, 1])
    assert not np.allclose(before[:, 2], other[:, 2])  # the state remembers
    assert not np.allclose(before[:, 0], said(images[1:], tokens[:1])[:, 0])


def test_regions_of_a_detector_need_no_convolutions():
    model = aoanet(**{**TINY, "input_shape": (5, 12), "filters": ()})
    given = model({"input": np.ones((2, 5, 12)), "tokens": np.ones((2, 4), int)})
    assert given.shape == (2, 4, 9)


def test_the_device_says_what_the_task_writes(tmp_path):
    keras.utils.set_random_seed(0)
    dataset = data.load("captioned_scenes", count=40, size=16)
    task = get_task("captioning")
    model = aoanet(**{**TINY, **task.model_options(dataset), "units": 16})
    for part in model.deployable.values():
        for weight in part.trainable_variables:
            weight.assign(RNG.normal(size=weight.shape) * 0.7)
    files = {}
    for name, part in model.deployable.items():
        path = tmp_path / f"{name}.tflite"
        export.to_tflite(part, path, metadata=edge.Metadata(**task.metadata(dataset)))
        files[name] = edge.load(path)
    examples = data.arrays(dataset.test)
    examples["input"] = task.inputs(model, examples)
    runs = {name: loaded.run for name, loaded in files.items()}
    written = task.predict(runs, model, examples)
    assert len(np.unique(written, axis=0)) > 3
    for row in range(4):
        pixels = np.round(255 * examples["image"][row]).astype(np.uint8)
        (best,) = edge.caption(
            files["encoder"], pixels, decoder=files["decoder"], beams=1, max_length=9
        )
        words = [dataset.labels[token] for token in written[row]]
        ends = words.index("<end>") if "<end>" in words else len(words)
        assert best.text == " ".join(words[:ends])


@pytest.mark.parametrize(
    "wrong", [{"filters": ()}, {"input_shape": (5, 12)}, {"length": 0}], ids=str
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="Images need filters"):
        aoanet(**{**TINY, **wrong})

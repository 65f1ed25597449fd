"""Sentences, one word after the other, by whatever runs the parts."""

import json

import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.cli import main
from kerascnn.tasks import get_task
from kerascnn.tasks.sequences import END, START, spoken
from kerascnn.training import SequenceToSequence

RNG = np.random.default_rng(0)
WORDS = 6


def stepwise():
    """A decoder of one word after the other, with a state that starts at zero."""
    keras.utils.set_random_seed(0)
    spread = keras.initializers.RandomNormal(stddev=2.0, seed=1)
    source = keras.Input((3,), dtype="int32", name="source")
    codes = keras.layers.Embedding(WORDS, 4, embeddings_initializer=spread)(source)
    features = keras.layers.Flatten()(codes)
    token = keras.Input((), dtype="int32", name="token")
    given = keras.Input((12,), name="features")
    state = keras.Input((5,), name="state")
    word = keras.layers.Embedding(WORDS, 4, embeddings_initializer=spread)(token)
    joined = keras.layers.Concatenate()([word, given])
    output, states = keras.layers.GRUCell(5, kernel_initializer=spread)(joined, [state])
    logits = keras.layers.Dense(WORDS, kernel_initializer=spread)(output)
    return SequenceToSequence(
        keras.Model(source, {"features": features}),
        keras.Model(
            {"token": token, "features": given, "state": state},
            {"logits": logits, "state": states[0]},
        ),
    )


@pytest.fixture(scope="module")
def written():
    model, task = stepwise(), get_task("translation")
    examples = {"source": RNG.integers(0, WORDS, (20, 3)), "tokens": np.zeros((20, 4), int)}
    examples["input"] = task.inputs(model, examples)
    runs = {name: part.predict_on_batch for name, part in model.deployable.items()}
    return model, examples, task.predict(runs, model, examples)


def test_each_word_is_the_most_probable_one_behind_those_before(written):
    model, examples, words = written
    assert words.shape == (20, 5)
    assert len(np.unique(words, axis=0)) > 5
    before = np.concatenate([np.full((20, 1), START), words[:, :-1]], axis=1)
    logits = model({"input": examples["input"], "tokens": before})
    np.testing.assert_array_equal(words, np.argmax(logits, axis=-1))


def test_the_decoder_is_fed_what_it_meets_inside_of_sentences(written):
    model, examples, _ = written
    examples = {**examples, "tokens": np.array([[2, 3, 0, 0], [4, 0, 0, 0]] * 10)}
    feeds = get_task("translation").feeds(model, examples)
    np.testing.assert_array_equal(feeds["encoder"], examples["source"])
    fed = feeds["decoder"]
    assert fed["token"].tolist() == [START, 2, 3, START, 4] * 10
    assert not fed["state"][[0, 3]].any()
    assert fed["state"][[1, 2, 4]].any(axis=1).all()
    outputs = model.decoder.predict_on_batch(fed)
    np.testing.assert_allclose(outputs["state"][0], fed["state"][1], atol=1e-5)


def test_what_stands_behind_the_end_is_not_said():
    assert spoken([[3, END, 4], [END, 2, 2], [2, 3, 4]]) == [(3,), (), (2, 3, 4)]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda: keras.Sequential([keras.Input((3,))]), "SequenceToSequence. Received: sequential"),
        (stepwise, "num_tokens=7. Received: 6 logits"),
    ],
)
def test_a_model_that_cannot_say_it_is_refused(change, message):
    texts = ["abc", "bcd", "dea"] * 3
    with pytest.raises(ValueError, match=message):
        get_task("translation").check(change(), data.from_texts("mine", texts, texts))


def test_each_part_becomes_a_file_and_both_are_scored_together(tmp_path, capsys):
    def run(*words):
        with pytest.raises(SystemExit) as exit_:
            main([str(word) for word in words])
        return exit_.value.code, capsys.readouterr()

    folder = tmp_path / "run"
    options = ["filters=4", "sets=1", "dilation_rates=[2]"]
    words = [word for option in options for word in ("--model-option", option)]
    words += ["--data-option", "count=40", "--epochs", 1, "--run", folder]
    assert run("train", "bytenet", *words)[0] == 0
    code, said = run("export", folder, "--quantize", "float32", "--json")
    assert code == 0
    assert list(json.loads(said.out)) == ["encoder", "decoder"]
    code, said = run("evaluate", folder, "--json")
    assert code == 0
    scores = json.loads(said.out)
    assert scores["encoder_float32.tflite, decoder_float32.tflite"] == scores["keras"]
    (folder / "decoder_float32.tflite").unlink()
    code, said = run("evaluate", folder)
    assert code == 1
    assert "made of encoder_<form>.tflite, decoder_<form>.tflite" in said.err.replace("\n", " ")
    code, said = run("export", folder, "--output", tmp_path / "x.tflite")
    assert code == 1
    assert "--part" in said.err

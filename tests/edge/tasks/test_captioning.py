"""A sentence about a picture, by an encoder and the step of a decoder."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge

WORDS = ("<s>", "a", "red", "house", "</s>")
START, END = 0, 4
# How likely a word is after another, before the picture says something.
FOLLOWS = np.random.default_rng(3).normal(size=(5, 5)) * 2
FEATURES = np.array([[-9.0, 0.5, 0.0, 1.0, 0.0]])
TOKENS = {"start": START, "end": END}


@pytest.fixture
def decoder(write_model):
    """Give the function that loads a decoder of words that follow each other.

    Every run adds 1 to its state, which makes the end more likely by a half.
    """

    def load(token="token", shape=(1,), *, state=(1, 1), **fields):
        tensors = {
            "words": (shape, "int32"),
            "features": ((1, 5), "float32"),
            "state": (state, "float32"),
            "table": ((5, 5), "float32", None, 0, FOLLOWS),
            "step": ((1,), "float32", None, 0, [1.0]),
            "ending": ((5,), "float32", None, 0, [0, 0, 0, 0, 0.5]),
            "rows": ((*shape, 5), "float32"),
            "seen": ((*shape, 5), "float32"),
            "later": (state, "float32"),
            "pull": ((1, 5), "float32"),
            "logits": ((*shape, 5), "float32"),
        }
        operators = [
            ("GATHER", ["table", "words"], ["rows"], schema.GatherOptionsT()),
            ("ADD", ["rows", "features"], ["seen"], schema.AddOptionsT()),
            ("ADD", ["state", "step"], ["later"], schema.AddOptionsT()),
            ("MUL", ["later", "ending"], ["pull"], schema.MulOptionsT()),
            ("ADD", ["seen", "pull"], ["logits"], schema.AddOptionsT()),
        ]
        path = write_model(
            tensors,
            operators,
            ["words", "features", "state"],
            ["logits", "later"],
            signature={
                "words": token,
                "features": "features",
                "state": "state",
                "logits": "logits",
                "later": "state",
            },
            name="decoder.tflite",
        )
        edge.write_metadata(path, edge.Metadata(**{"labels": WORDS, "tokens": TOKENS, **fields}))
        return edge.load(path)

    return load


@pytest.fixture
def encoder(constant):
    return constant({"features": FEATURES}, "encoder.tflite", task="captioning")


def step(tokens, state):
    """Do what the decoder does."""
    logits = FOLLOWS[tokens[-1]] + FEATURES[0] + len(tokens) * 0.5 * np.eye(5)[END]
    return logits - np.log(np.exp(logits).sum()), None


@pytest.mark.parametrize("beams", [1, 3, 8])
@pytest.mark.parametrize(("token", "shape"), [("token", (1,)), ("token", (1, 1)), ("tokens", (1,))])
def test_the_files_give_the_sentences_of_their_formula(
    encoder, decoder, black, beams, token, shape
):
    expected = edge.beam_search(step, start=START, end=END, beams=beams, max_length=6)
    found = edge.caption(encoder, black, decoder=decoder(token, shape), beams=beams, max_length=6)
    assert [one.text for one in found] == [
        " ".join(WORDS[token] for token in sentence.tokens) for sentence in expected
    ]
    np.testing.assert_allclose(
        [one.score for one in found], [sentence.score for sentence in expected], rtol=1e-4
    )


def test_a_decoder_may_take_the_whole_sentence(encoder, decoder, black):
    whole = decoder("tokens", (1, 8))
    found = edge.caption(encoder, black, decoder=whole)
    one = edge.caption(encoder, black, decoder=decoder(), max_length=8)
    assert [text.text for text in found] == [text.text for text in one]
    np.testing.assert_allclose(
        [text.score for text in found], [text.score for text in one], rtol=1e-4
    )
    for length in (0, 9):
        with pytest.raises(ValueError, match=f"max_length={length}"):
            edge.caption(encoder, black, decoder=whole, max_length=length)


def test_the_encoder_may_give_the_first_state(constant, decoder, black):
    plain = constant({"features": FEATURES}, "plain.tflite")
    tired = constant({"features": FEATURES, "state": [[99.0]]}, "tired.tflite")
    assert edge.caption(plain, black, decoder=decoder())[0].text
    assert edge.caption(tired, black, decoder=decoder())[0].text == ""


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"tokens": None}, "start and end"),
        ({"tokens": {"start": 0}}, "start and end"),
        ({"tokens": {"start": 0, "end": 5}}, "5 words"),
        ({"labels": WORDS[:4]}, "5, 4 labels"),
    ],
)
def test_a_decoder_knows_its_words(encoder, decoder, black, fields, message):
    with pytest.raises(edge.ModelError, match=message):
        edge.caption(encoder, black, decoder=decoder(**fields))


def test_files_that_do_not_fit_are_errors(constant, encoder, decoder, black):
    with pytest.raises(edge.ModelError, match="token or tokens"):
        edge.caption(encoder, black, decoder=decoder("word"))
    with pytest.raises(edge.ModelError, match="'features'; the encoder gives \\['other'\\]"):
        edge.caption(constant({"other": FEATURES}), black, decoder=decoder())
    with pytest.raises(edge.ModelError, match=r"\(1, 5\).*shape=\(1, 4\)"):
        edge.caption(constant({"features": FEATURES[:, :4]}), black, decoder=decoder())

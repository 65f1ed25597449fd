"""One text from another, by an encoder and the step of a decoder."""

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge

LETTERS = ("<end>", "<start>", "a", "b", "c")
MARKS = {"start": 1, "end": 0}
# What follows: letters get near the end, and the table of the source says what comes first.
FOLLOWS = np.array(
    [[9, 0, 0, 0, 0], [0, 0, 0, 0, 0], [0, 0, 0, 9, 0], [0, 0, 0, 0, 9], [9, 0, 0, 0, 0]]
)
FIRST = 4.0 * np.eye(5)


@pytest.fixture
def files(write_model):
    """Give the function that loads the encoder, of one letter, and the decoder."""

    def load(length=1, **fields):
        tensors = {
            "letters": ((1, length), "int32"),
            "table": ((5, 5), "float32", None, 0, FIRST),
            "size": ((2,), "int32", None, 0, [length, 5]),
            "rows": ((1, length, 5), "float32"),
            "features": ((length, 5), "float32"),
        }
        operators = [
            ("GATHER", ["table", "letters"], ["rows"], schema.GatherOptionsT()),
            ("RESHAPE", ["rows", "size"], ["features"], None),
        ]
        encoder = write_model(
            tensors,
            operators,
            ["letters"],
            ["features"],
            signature={"letters": "source", "features": "features"},
            name="encoder.tflite",
        )
        tensors = {
            "letter": ((1,), "int32"),
            "features": ((1, 5), "float32"),
            "table": ((5, 5), "float32", None, 0, FOLLOWS),
            "rows": ((1, 5), "float32"),
            "logits": ((1, 5), "float32"),
        }
        operators = [
            ("GATHER", ["table", "letter"], ["rows"], schema.GatherOptionsT()),
            ("ADD", ["rows", "features"], ["logits"], schema.AddOptionsT()),
        ]
        decoder = write_model(
            tensors,
            operators,
            ["letter", "features"],
            ["logits"],
            signature={"letter": "token", "features": "features", "logits": "logits"},
            name="decoder.tflite",
        )
        for path in (encoder, decoder):
            edge.write_metadata(
                path, edge.Metadata(**{"labels": LETTERS, "tokens": MARKS, **fields})
            )
        return edge.load(encoder), edge.load(decoder)

    return load


@pytest.mark.parametrize(("text", "expected"), [("a", "abc"), ("b", "bc"), ("c", "c")])
def test_a_text_is_encoded_and_its_translation_spelled(files, text, expected):
    encoder, decoder = files()
    best, *_ = edge.translate(encoder, text, decoder=decoder, beams=1)
    assert best.text == expected


def test_labels_of_several_letters_are_words(files):
    encoder, decoder = files(labels=("<end>", "<start>", "one", "two", "six"))
    best, *_ = edge.translate(encoder, "one", decoder=decoder, beams=1)
    assert best.text == "one two six"


@pytest.mark.parametrize(
    ("text", "message"), [("d", "Received: 'd'"), ("ab", "Received: 2"), ("", "Received: 0")]
)
def test_what_the_model_does_not_know_is_refused(files, text, message):
    encoder, decoder = files()
    with pytest.raises(ValueError, match=message):
        edge.translate(encoder, text, decoder=decoder)


def test_an_encoder_without_a_vocabulary_is_refused(files):
    encoder, decoder = files(tokens=None)
    with pytest.raises(edge.ModelError, match="which of them is the end"):
        edge.translate(encoder, "a", decoder=decoder)

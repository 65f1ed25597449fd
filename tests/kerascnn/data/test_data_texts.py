"""Pairs of texts, generated and one's own."""

import numpy as np
import pytest

from kerascnn import data
from kerascnn.data.number_words import WORDS


def read(row, labels):
    return "".join(labels[token] for token in row if token)


def test_numbers_are_their_words_and_digits_in_reverse():
    dataset = data.load("number_words", count=200)
    examples = data.arrays(dataset.train)
    assert examples["source"].shape[1:] == dataset.shape == (23,)
    lengths = set()
    for source, tokens in zip(examples["source"], examples["tokens"], strict=True):
        words = read(source, dataset.labels).split(" ")
        digits = [WORDS.index(word) for word in words]
        assert read(tokens, dataset.labels) == "".join(map(str, digits[::-1]))
        lengths.add(len(words))
    assert lengths == {2, 3, 4}


def test_the_seed_decides_the_pairs():
    first, again, other = (
        data.arrays(data.load("number_words", count=8, seed=seed).test)["source"]
        for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first, again)
    assert not np.array_equal(first, other)


def test_ones_own_texts_become_tokens_of_one_vocabulary():
    texts = ["ab", "b", "aa", "ba"], ["c", "cb", "b", "cc"]
    dataset = data.from_texts("mine", *texts, validation=0.25, test=0.25)
    assert dataset.labels == ("<end>", "<start>", "a", "b", "c")
    pairs = {}
    for split in (dataset.train, dataset.validation, dataset.test):
        for example in split.as_numpy_iterator():
            pairs[read(example["source"], dataset.labels)] = read(example["tokens"], dataset.labels)
    assert pairs == {"ab": "c", "b": "cb", "aa": "b", "ba": "cc"}


@pytest.mark.parametrize(
    ("load", "message"),
    [
        (lambda: data.from_texts("mine", ["a", "b"], ["c"]), "2 sources, 1 targets"),
        (lambda: data.from_texts("mine", ["a", ""], ["c", "d"]), "no text be empty"),
        (lambda: data.load("number_words", count=3), "count=3"),
    ],
)
def test_what_makes_no_pairs_is_refused(load, message):
    with pytest.raises(ValueError, match=message):
        load()

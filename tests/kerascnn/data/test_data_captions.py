"""Images with sentences about them, generated and one's own."""

import numpy as np
import pytest

from kerascnn import data
from kerascnn.data.captioned_scenes import COLOURS

RNG = np.random.default_rng(0)


def read(row, labels):
    return " ".join(labels[token] for token in row if token)


def test_sentences_say_which_colours_are_seen_and_which_is_more_to_the_left():
    dataset = data.load("captioned_scenes", count=200, noise=0.0)
    examples = data.arrays(dataset.train)
    checked = 0
    for image, tokens in zip(examples["image"], examples["tokens"], strict=True):
        words = read(tokens, dataset.labels).split()
        seen = [word for word in words if word in COLOURS]
        near = {
            name: np.abs(image - colour).max(axis=-1) < 0.15 for name, colour in COLOURS.items()
        }
        assert {name for name, inside in near.items() if inside.sum() > 8} == set(seen)
        if "left" in words and len(set(seen)) == 2:
            places = [np.argwhere(near[name]).mean(axis=0)[1] for name in seen]
            assert places[0] < places[1]
            checked += 1
    assert checked > 30


def test_all_references_are_about_the_same_shapes():
    dataset = data.load("captioned_scenes", count=50)
    examples = data.arrays(dataset.train)
    counts = set()
    for tokens, references in zip(examples["tokens"], examples["references"], strict=True):
        texts = [read(row, dataset.labels) for row in references if row.any()]
        assert texts[0] == read(tokens, dataset.labels)
        assert len(set(texts)) == len(texts)
        named = {tuple(sorted(set(text.split()) & set(dataset.labels[3:10]))) for text in texts}
        assert len(named) == 1
        counts.add(len(texts))
    assert counts == {1, 4}


def test_the_first_of_ones_own_sentences_is_learned_and_all_are_kept():
    images = RNG.uniform(size=(8, 6, 6, 3))
    sentences = [["a cat", "the black cat"], ["a dog"]] * 4
    dataset = data.from_captions("mine", images, sentences, validation=0.25, test=0.25)
    assert dataset.labels == ("<end>", "<start>", "a", "black", "cat", "dog", "the")
    for example in dataset.train.as_numpy_iterator():
        texts = [read(row, dataset.labels) for row in example["references"] if row.any()]
        assert texts in sentences
        assert read(example["tokens"], dataset.labels) == texts[0]


@pytest.mark.parametrize("sentences", [[["a"]] * 3, [["a"], [], ["b"], ["c"]], [["a"], [""]] * 2])
def test_images_without_a_sentence_are_refused(sentences):
    with pytest.raises(ValueError, match="Received: 4 images"):
        data.from_captions("mine", RNG.uniform(size=(4, 6, 6, 3)), sentences)

"""Images with phrases about their regions, generated and one's own."""

import numpy as np
import pytest

from kerascnn import data
from kerascnn.data.captioned_scenes import COLOURS

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(8, 6, 6, 3))
BOXES = [[[0, 0, 0.5, 1], [0.5, 0, 1, 1]], [[0, 0, 1, 1]]] * 4
PHRASES = [["a cat", "the black cat"], ["a dog"]] * 4


def read(row, labels):
    return " ".join(labels[token] for token in row if token)


def test_each_shape_has_a_box_with_its_colour_and_a_name():
    dataset = data.load("captioned_scenes", count=60, noise=0.0)
    examples = data.arrays(dataset.train)
    for image, boxes, phrases in zip(
        *(examples[name] for name in ("image", "boxes", "phrases")), strict=True
    ):
        for (top, left, bottom, right), phrase in zip(boxes * 32, phrases, strict=True):
            if not phrase.any():
                assert bottom == right == 0
                continue
            _, colour, _ = read(phrase, dataset.labels).split()
            middle = image[int(top + bottom) // 2, int(left + right) // 2]
            np.testing.assert_allclose(middle, COLOURS[colour], atol=0.1)


def test_regions_of_ones_own_keep_their_boxes_and_phrases():
    dataset = data.from_regions("mine", IMAGES, BOXES, PHRASES, validation=0.25, test=0.25)
    assert dataset.labels == ("<end>", "<start>", "a", "black", "cat", "dog", "the")
    for example in dataset.train.as_numpy_iterator():
        texts = [read(row, dataset.labels) for row in example["phrases"] if row.any()]
        index = PHRASES.index(texts)
        np.testing.assert_allclose(example["boxes"][: len(texts)], BOXES[index])
        assert not example["boxes"][len(texts) :].any()


@pytest.mark.parametrize(
    ("boxes", "phrases", "message"),
    [
        (BOXES[:7], PHRASES, "8 images, 11 boxes, 12 phrases"),
        (BOXES, [["a"], ["b"]] * 4, "12 boxes, 8 phrases"),
        (BOXES, [["a", ""], ["b"]] * 4, "a phrase of a word at least"),
        ([[[0, 0, 2, 1]], [[0, 0, 1, 1]]] * 4, [["a"], ["b"]] * 4, r"boxes\[0\]\[0\]"),
    ],
)
def test_regions_without_a_box_or_a_phrase_are_refused(boxes, phrases, message):
    with pytest.raises(ValueError, match=message):
        data.from_regions("mine", IMAGES, boxes, phrases)

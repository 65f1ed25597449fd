"""What is in a picture, in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from PIL import Image
from pycocoevalcap.bleu.bleu_scorer import BleuScorer
from pycocoevalcap.cider.cider_scorer import CiderScorer

from kerascnn.data import Dataset
from kerascnn.tasks.drawing import Section, Tile, gallery
from kerascnn.tasks.sequences import Sequences, spoken

_COLUMNS = 6
_ACROSS = 18  # letters of a line below a picture


class Captioning(Sequences):
    """Describe an image in a sentence.

    An example may hold `references`, `(sentences, words)`, all sentences that are right, with zeros
    behind each; without them its `tokens` are the only one.
    """

    name = "captioning"
    data = "captioned_scenes"
    needs = ("image", "tokens")

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure `exact`, the share of sentences that are a right one, `bleu_4` and `cider`.

        The latter two, from 0 to 1 and to 10, compare the words in a row with those of the
        references, as the evaluation of COCO's captions does, without its rules for punctuation.
        """
        given, right = spoken(outputs), _references(examples)
        bleu, cider = BleuScorer(n=4), CiderScorer(n=4, sigma=6.0)
        for sentence, references in zip(given, right, strict=True):
            texts = _text(sentence), [_text(one) for one in references]
            bleu += texts
            cider += texts
        exact = [one in references for one, references in zip(given, right, strict=True)]
        return {
            "exact": float(np.mean(exact)),
            "bleu_4": float(bleu.compute_score(option="closest", verbose=0)[0][3]),
            "cider": float(cider.compute_score()[0]),
        }

    def picture(
        self, examples: Mapping[str, np.ndarray], outputs: Any, dataset: Dataset
    ) -> Image.Image:
        """Draw the first images with what was said of them, red where it is not right."""
        tiles = []
        rows = zip(examples["image"], spoken(outputs), _references(examples), strict=True)
        for image, sentence, right in list(rows)[: 4 * _COLUMNS]:
            lines = [""]
            for token in sentence:
                word = dataset.labels[token]
                fits = len(lines[-1]) + len(word) < _ACROSS
                lines = [*lines[:-1], f"{lines[-1]} {word}"] if fits else [*lines, word]
            caption = "\n".join(line[:_ACROSS] for line in lines[:3]).strip() or "(nothing)"
            tiles.append(Tile(image, caption, sentence not in right))
        return gallery([Section("Captions", tiles)], columns=_COLUMNS)


def _references(examples: Mapping[str, np.ndarray]) -> list[list[tuple[int, ...]]]:
    """Give the sentences that are right of each image."""
    if "references" not in examples:
        return [[one] for one in spoken(examples["tokens"])]
    return [[one for one in spoken(rows) if one] for rows in examples["references"]]


def _text(tokens: tuple[int, ...]) -> str:
    """Write numbers as words, which is all that the scores compare."""
    return " ".join(map(str, tokens))

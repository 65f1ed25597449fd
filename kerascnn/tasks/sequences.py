"""Sentences about whatever a model is fed."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from keras import ops, tree

from kerascnn.data import Dataset
from kerascnn.losses import SequenceCrossentropy
from kerascnn.tasks.deployment import Predict
from kerascnn.tasks.shapes import check_images, check_words
from kerascnn.tasks.task import Task
from kerascnn.tasks.writing import END, START, named, write
from kerascnn.training import SequenceToSequence

_CLIP = 5.0  # most that the gradients of all weights together are long


class Sequences(Task):
    """Give words, one after the other, for models that are a `SequenceToSequence`.

    `tokens` of an example are its words, integers from 2, with zeros behind them.
    """

    metric = "exact"

    def model_options(self, dataset: Dataset) -> dict[str, Any]:
        """Give the shape of the input, the number of words, and the length with the end."""
        return {
            **super().model_options(dataset),
            "num_tokens": len(dataset.labels),
            "length": dataset.train.element_spec["tokens"].shape[0] + 1,
        }

    def example(self, example: Mapping[str, tf.Tensor], model: keras.Model) -> tuple[Any, ...]:
        """Pair the input and the start before the words with the words and their end."""
        words = example["tokens"]
        fed = {"input": self.scale(example[self.needs[0]]), "tokens": _begun(words)}
        return fed, tf.concat([words, [END]], axis=0)

    def compile(self, model: keras.Model, *, learning_rate: float | None = None) -> None:
        """Minimise the cross entropy of the words, in nats, by Adam at 1e-3.

        The gradient of all weights is shortened to 5, as that of a recurrent layer may explode.
        """
        model.compile(
            optimizer=keras.optimizers.Adam(learning_rate or 1e-3, global_clipnorm=_CLIP),
            loss=SequenceCrossentropy(label_smoothing=model.label_smoothing),
        )

    def feeds(self, model: keras.Model, examples: Mapping[str, np.ndarray]) -> dict[str, Any]:
        """Feed the encoder the inputs, and the decoder what is true up to each word."""
        inputs = self.inputs(model, examples)
        features = model.encoder.predict_on_batch(inputs)
        words = np.asarray(examples["tokens"], np.int32)
        tokens = np.concatenate([np.full((len(words), 1), START, np.int32), words], axis=1)
        given = (features, tokens)
        fed = [
            {name: ops.convert_to_numpy(value) for name, value in one.items()}
            for one, _ in model.steps(*tree.map_structure(ops.convert_to_tensor, given))
        ]
        if len(fed) == 1:
            return {"encoder": inputs, "decoder": fed[0]}
        counts = np.cumsum(tokens == END, axis=1) == 0
        # (examples, places, ...), of which those in the sentence
        steps = {name: np.stack([one[name] for one in fed], axis=1)[counts] for name in fed[0]}
        return {"encoder": inputs, "decoder": steps}

    def predict(
        self,
        runs: Mapping[str, Predict],
        model: keras.Model,
        examples: Mapping[str, np.ndarray],
    ) -> np.ndarray:
        """Take the most probable word every time: int32 `(batch, length)`, with the end."""
        count, places = examples["tokens"].shape
        features = named(runs["encoder"](examples["input"]), model.encoder)
        words, _ = write(runs["decoder"], model.decoder, features, count, places + 1)
        return words

    def score(self, outputs: Any, examples: Mapping[str, np.ndarray]) -> dict[str, float]:
        """Measure `exact`, the share of sentences without an error."""
        pairs = zip(spoken(outputs), spoken(examples["tokens"]), strict=True)
        return {"exact": float(np.mean([given == true for given, true in pairs]))}

    def metadata(self, dataset: Dataset, part: str = "model") -> dict[str, Any]:
        """Add the words, and which of them are the start and the end."""
        return {
            **super().metadata(dataset, part),
            "labels": dataset.labels,
            "tokens": {"start": START, "end": END},
        }

    def check(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model that is no `SequenceToSequence`."""
        if not isinstance(model, SequenceToSequence):
            raise ValueError(
                f"The task {self.name} trains a kerascnn.training.SequenceToSequence. "
                f"Received: {model.name}, a {type(model).__name__}"
            )
        super().check(model, dataset)

    def check_shape(self, model: keras.Model, dataset: Dataset) -> None:
        """Refuse a model of other inputs, or with fewer words than the data has."""
        check_images("The encoder's input", model.encoder.input_shape[1:], dataset)
        check_words(model.decoder, dataset)


def spoken(tokens: np.ndarray) -> list[tuple[int, ...]]:
    """Give the words of each row, up to the first end."""
    rows = np.asarray(tokens).tolist()
    return [tuple(itertools.takewhile(lambda token: token != END, row)) for row in rows]


def _begun(words: tf.Tensor) -> tf.Tensor:
    return tf.concat([[START], words], axis=0)

"""Training of an encoder and of a decoder that gives one word after the other."""

from collections.abc import Iterator
from functools import cached_property
from typing import Any

import keras
from keras import ops

from kerascnn.training.networks import Networks


@keras.saving.register_keras_serializable(package="kerascnn")
class SequenceToSequence(Networks):
    """Trains an encoder and a decoder by telling the decoder the true words so far.

    The decoder takes its inputs and gives its outputs by name. Its input `token`, int32 `(batch,)`,
    is the word before, and its output `logits`, `(batch, num_tokens)`, is for the next word; or its
    input `tokens`, int32 `(batch, length)`, is all words before, and `logits`,
    `(batch, length, num_tokens)`, is for the word behind each. All other inputs come from the
    decoder's last output of that name, if it has one, before the first word from the encoder's
    output of that name, and start at zero where the encoder has none. A device runs the two in the
    same way: `kerascnn.edge.caption`.

    Args:
        encoder: Functional model that gives its outputs by name.
        decoder: Functional model from such outputs and words to logits.
        label_smoothing: Share of the target that is spread over all words, in [0, 1), for whoever
            calls `compile`.
        **kwargs: `name`, `dtype` and the like.

    Raises:
        ValueError: If inputs and outputs are not named as above.

    Example:
        >>> model = SequenceToSequence(encoder, decoder)
        >>> model.compile("adam", kerascnn.losses.SequenceCrossentropy())
        >>> model.fit({"input": images, "tokens": before}, words)

    Reference:
        https://arxiv.org/abs/1409.3215
    """

    def __init__(
        self,
        encoder: keras.Model,
        decoder: keras.Model,
        *,
        label_smoothing: float = 0.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        _check(encoder, decoder)
        self.encoder = encoder
        self.decoder = decoder
        self.label_smoothing = label_smoothing
        self.built = True

    @cached_property
    def deployable(self) -> dict[str, keras.Model]:
        """The encoder and the decoder, which a device runs in turn."""
        return {"encoder": self.encoder, "decoder": self.decoder}

    def call(self, inputs, training=None):
        """Give the logits for the word behind each of the true ones.

        Args:
            inputs: `input`, what the encoder takes, and `tokens`, int32 `(batch, length)`.
            training: Whether the networks train.

        Returns:
            `(batch, length, num_tokens)`.
        """
        features = self.encoder(inputs["input"], training=training)
        steps = self.steps(features, inputs["tokens"], training=training)
        logits = [outputs["logits"] for _, outputs in steps]
        return logits[0] if "tokens" in self.decoder.input else ops.stack(logits, axis=1)

    def steps(self, features, tokens, training=None) -> Iterator[tuple[dict, dict]]:
        """Run the decoder over true words.

        Args:
            features: What the encoder gave.
            tokens: int32 `(batch, length)`.
            training: Whether the decoder trains.

        Yields:
            What the decoder is fed and what it gives: once for each word, or once for all.
        """
        inputs = self.decoder.input
        words = (
            {"tokens": [tokens]} if "tokens" in inputs else {"token": ops.unstack(tokens, axis=1)}
        )
        ((name, values),) = words.items()
        state = {
            key: features[key] if key in features else _zeros(tokens, inputs[key])
            for key in inputs
            if key != name
        }
        for value in values:
            fed = {name: value, **state}
            outputs = self.decoder(fed, training=training)
            yield fed, outputs
            state = {key: outputs.get(key, old) for key, old in state.items()}


def _zeros(tokens, like):
    return ops.zeros((ops.shape(tokens)[0], *like.shape[1:]), like.dtype)


def _check(encoder: keras.Model, decoder: keras.Model) -> None:
    taken, given = decoder.input, decoder.output
    if not all(isinstance(ports, dict) for ports in (encoder.output, taken, given)):
        raise ValueError(
            "The encoder's outputs and the decoder's inputs and outputs must be dicts. "
            f"Received: {type(encoder.output)}, {type(taken)} and {type(given)}"
        )
    words = {"token", "tokens"} & set(taken)
    foreign = set(taken) - words - set(given) - set(encoder.output)
    if len(words) != 1 or "logits" not in given or foreign:
        raise ValueError(
            "The decoder must take token or tokens, and what it gives itself or the encoder gives, "
            f"and give logits. Received: {sorted(taken)} to {sorted(given)}, "
            f"from the encoder {sorted(encoder.output)}"
        )

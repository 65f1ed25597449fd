"""A network that writes one word after the other, and what it is told before the first."""

import keras
from keras import layers, ops

_STATE = ("hidden", "cell")


def lstm_writer(num_tokens: int, units: int) -> keras.Model:
    """Make an LSTM that gives logits of the next word.

    Args:
        num_tokens: Number of words, the end and the start included.
        units: Width of words and of the LSTM.

    Returns:
        A model from `word`, `hidden` and `cell`, `(batch, units)` each, to `logits`,
        `(batch, num_tokens)`, `hidden` and `cell`.
    """
    inputs = {name: keras.Input((units,), name=name) for name in ("word", *_STATE)}
    cell = layers.LSTMCell(units, name="lstm")
    hidden, (_, memory) = cell(inputs["word"], [inputs["hidden"], inputs["cell"]])
    logits = layers.Dense(num_tokens, name="logits", dtype="float32")(hidden)
    outputs = {"logits": logits, "hidden": hidden, "cell": memory}
    return keras.Model(inputs, outputs, name="writer")


def told(writer: keras.Model) -> keras.Model:
    """Make a model from a code to the state of a writer that was told it, with its layers."""
    code = keras.Input(writer.input["word"].shape[1:], name="code")
    zeros = {name: ops.zeros_like(code) for name in _STATE}
    given = writer({"word": code, **zeros})
    return keras.Model(code, {name: given[name] for name in zeros}, name="start")


def step(words: keras.Model, writer: keras.Model) -> keras.Model:
    """Make a model from `token` and a state to what the writer gives, with the layers of both."""
    state = {name: keras.Input(writer.input[name].shape[1:], name=name) for name in _STATE}
    token = keras.Input((), dtype="int32", name="token")
    outputs = writer({"word": words(token), **state})
    return keras.Model({"token": token, **state}, outputs, name="decoder")

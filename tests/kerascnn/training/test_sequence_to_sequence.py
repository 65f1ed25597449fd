"""An encoder and a decoder that are trained on the true words so far."""

import keras
import numpy as np
import pytest

from kerascnn.losses import SequenceCrossentropy
from kerascnn.training import SequenceToSequence

RNG = np.random.default_rng(0)
INPUTS = RNG.normal(size=(5, 3)).astype("float32")
TOKENS = RNG.integers(0, 7, (5, 4))


def encoder():
    given = keras.Input((3,), name="given")
    features = keras.layers.Dense(4, name="seen")(given)
    return keras.Model(given, {"features": features})


def step():
    """A decoder of one word, with a state that the encoder does not give."""
    token = keras.Input((), dtype="int32", name="token")
    features, state = keras.Input((4,), name="features"), keras.Input((4,), name="state")
    x = keras.layers.Embedding(7, 4)(token)
    new = keras.layers.Add(name="new")([x, features, state])
    logits = keras.layers.Dense(7, name="words")(new)
    inputs = {"token": token, "features": features, "state": state}
    return keras.Model(inputs, {"logits": logits, "state": new})


def window():
    """A decoder of all words at once."""
    tokens = keras.Input((4,), dtype="int32", name="tokens")
    features = keras.Input((4,), name="features")
    x = keras.layers.Embedding(7, 4)(tokens)
    x = keras.layers.Add()([x, keras.layers.Reshape((1, 4))(features)])
    logits = keras.layers.Dense(7, name="words")(x)
    return keras.Model({"tokens": tokens, "features": features}, {"logits": logits})


def fed(model):
    return keras.ops.convert_to_numpy(model({"input": INPUTS, "tokens": TOKENS}))


def test_a_state_goes_from_word_to_word_and_starts_at_zero():
    model = SequenceToSequence(encoder(), step())
    table, kernel, bias = model.decoder.get_weights()
    features = model.encoder.predict(INPUTS, verbose=0)["features"]
    state = np.zeros((5, 4))
    for place, logits in enumerate(np.swapaxes(fed(model), 0, 1)):
        state = state + features + table[TOKENS[:, place]]
        np.testing.assert_allclose(logits, state @ kernel + bias, rtol=1e-4, atol=1e-5)


def test_all_words_are_taken_at_once():
    model = SequenceToSequence(encoder(), window())
    table, kernel, bias = model.decoder.get_weights()
    features = model.encoder.predict(INPUTS, verbose=0)["features"]
    expected = (features[:, np.newaxis] + table[TOKENS]) @ kernel + bias
    np.testing.assert_allclose(fed(model), expected, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("decoder", [step, window])
def test_both_learn_and_are_restored(decoder, tmp_path):
    model = SequenceToSequence(encoder(), decoder(), label_smoothing=0.1)
    model.compile(keras.optimizers.Adam(0.1), SequenceCrossentropy())
    examples = {"input": INPUTS, "tokens": TOKENS}
    history = model.fit(examples, TOKENS, epochs=20, verbose=0).history["loss"]
    assert history[-1] < 0.5 * history[0]
    path = tmp_path / "model.keras"
    model.save(path)
    restored = keras.saving.load_model(path)
    assert restored.label_smoothing == 0.1
    assert list(restored.deployable) == ["encoder", "decoder"]
    np.testing.assert_allclose(fed(restored), fed(model), rtol=1e-5)


@pytest.mark.parametrize("given", ["token and tokens", "no logits", "foreign", "list"])
def test_ports_have_names(given):
    right = step()
    inputs, outputs = dict(right.input), dict(right.output)
    if given == "token and tokens":
        inputs["tokens"] = keras.Input((4,), dtype="int32", name="tokens")
    elif given == "no logits":
        del outputs["logits"]
    elif given == "foreign":
        inputs["colour"] = keras.Input((4,), name="colour")
    else:
        outputs = list(outputs.values())
    with pytest.raises(ValueError, match="Received"):
        SequenceToSequence(encoder(), keras.Model(inputs, outputs))

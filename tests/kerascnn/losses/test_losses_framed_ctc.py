import itertools

import keras
import numpy as np
import pytest

from kerascnn.losses import framed_ctc

RNG = np.random.default_rng(0)


def slow_ctc(logits, tokens):
    """The probability of every alignment that becomes the tokens, one after the other."""
    probabilities = np.exp(logits) / np.exp(logits).sum(-1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(logits.shape[1]), repeat=len(logits)):
        merged = [token for token, _ in itertools.groupby(path) if token]
        if merged == tokens:
            total += np.prod(probabilities[np.arange(len(path)), path])
    return -np.log(total)


@pytest.mark.parametrize("tokens", [[1, 2], [2, 2], [1], []])
@pytest.mark.parametrize("frames", [3, 4, 5])
def test_it_sums_over_all_alignments_of_the_frames_that_are_heard(frames, tokens):
    logits = RNG.normal(size=(1, 5, 3))
    target = [[frames, *tokens, *(2 - len(tokens)) * [0]]]
    loss = framed_ctc(np.array(target), logits.astype("float32"))
    np.testing.assert_allclose(loss, [slow_ctc(logits[0, :frames], tokens)], rtol=1e-5)


def test_a_token_of_one_frame_costs_its_own_probability():
    logits = RNG.normal(size=(1, 1, 4)).astype("float32")
    expected = -keras.ops.log_softmax(logits)[0, 0, 3]
    np.testing.assert_allclose(framed_ctc(np.array([[1, 3]]), logits), [expected], rtol=1e-5)


def test_where_every_frame_is_heard_it_is_that_of_keras():
    logits = RNG.normal(size=(4, 6, 3)).astype("float32")
    tokens = np.array([[1, 2, 1], [2, 0, 0], [1, 1, 0], [2, 1, 0]])
    own = framed_ctc(np.insert(tokens, 0, 6, axis=1), logits)
    np.testing.assert_allclose(own, keras.losses.ctc(tokens, logits), rtol=1e-5)

import numpy as np
import pytest

from kerascnn.losses import sequence_crossentropy

RNG = np.random.default_rng(0)
LOGITS = RNG.normal(size=(3, 4, 5))
WORDS = np.array([[2, 4, 0, 0], [1, 0, 3, 2], [3, 3, 1, 2]])
COUNTED = (3, 2, 4)  # words and the first end


@pytest.mark.parametrize("share", [0.0, 0.2])
def test_it_equals_the_definition(share):
    expected = []
    for words, logits, count in zip(WORDS, LOGITS, COUNTED, strict=True):
        nats = 0.0
        for place in range(count):
            logs = logits[place] - np.log(np.sum(np.exp(logits[place])))
            nats -= (1 - share) * logs[words[place]] + share * np.mean(logs)
        expected.append(nats / count)
    values = sequence_crossentropy(WORDS, LOGITS, label_smoothing=share)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_what_stands_behind_the_end_does_not_count():
    other = LOGITS.copy()
    other[1, 2:] += RNG.normal(size=(2, 5))
    values = sequence_crossentropy(WORDS, LOGITS), sequence_crossentropy(WORDS, other)
    np.testing.assert_allclose(*values, rtol=1e-6)

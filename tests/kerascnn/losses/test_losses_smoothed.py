import numpy as np
import pytest

from kerascnn.losses import SmoothedCrossentropy, smoothed_crossentropy

RNG = np.random.default_rng(0)
LABELS = np.array([0, 2, 1, 2])
PROBABILITIES = RNG.dirichlet(np.ones(3), 4)


def smoothed(labels, share):
    """The target, one class at a time."""
    targets = np.full((len(labels), 3), share / 3)
    for row, label in enumerate(labels):
        targets[row, label] += 1 - share
    return targets


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5])
@pytest.mark.parametrize("labels", [LABELS, LABELS[:, np.newaxis], np.eye(3)[LABELS]], ids=np.shape)
def test_it_equals_the_definition(labels, share):
    expected = -np.sum(smoothed(LABELS, share) * np.log(PROBABILITIES), axis=-1)
    values = smoothed_crossentropy(labels, PROBABILITIES, label_smoothing=share)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_logits_cost_what_their_softmax_does():
    logits = np.log(PROBABILITIES) + 3.0
    values = SmoothedCrossentropy(from_logits=True, reduction=None)(LABELS, logits)
    expected = SmoothedCrossentropy(reduction=None)(LABELS, PROBABILITIES)
    np.testing.assert_allclose(values, expected, rtol=1e-5)


def test_the_least_is_the_entropy_of_the_target_and_stands_at_the_target():
    targets = smoothed(LABELS, 0.1)
    least = smoothed_crossentropy(LABELS, targets)
    np.testing.assert_allclose(least, -np.sum(targets * np.log(targets), axis=-1), atol=1e-6)
    assert np.all(smoothed_crossentropy(LABELS, PROBABILITIES) > least)
    assert np.all(smoothed_crossentropy(LABELS, np.eye(3)[LABELS]) > least)

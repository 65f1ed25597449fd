"""From frames to symbols."""

import itertools

import numpy as np
import pytest

from kerascnn import edge


def frames_of(seed, frames, symbols):
    logits = 2 * np.random.default_rng(seed).normal(size=(frames, symbols))
    return logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))


def collapsed(alignment, blank):
    """Merge what repeats, then leave out the blanks."""
    return tuple(symbol for symbol, _ in itertools.groupby(alignment) if symbol != blank)


def every_sequence(frames, blank):
    """Probability of each sequence, summed over all alignments there are."""
    sums = {}
    for alignment in itertools.product(range(frames.shape[1]), repeat=len(frames)):
        total = np.exp(sum(frames[t, symbol] for t, symbol in enumerate(alignment)))
        sequence = collapsed(alignment, blank)
        sums[sequence] = sums.get(sequence, 0.0) + total
    return sums


@pytest.mark.parametrize(("frames", "symbols"), [(5, 3), (4, 4), (1, 3), (7, 2)])
@pytest.mark.parametrize("blank", [-1, 0])
def test_enough_beams_sum_over_every_alignment(frames, symbols, blank):
    values = frames_of(frames, frames, symbols)
    expected = every_sequence(values, blank % symbols)
    found = edge.ctc_beam_search(values, beams=10_000, blank=blank)
    assert {one.tokens for one in found} == set(expected)
    for one in found:
        assert np.exp(one.score) == pytest.approx(expected[one.tokens])
    scores = [one.score for one in found]
    assert scores == sorted(scores, reverse=True)
    assert np.exp(scores).sum() == pytest.approx(1)


@pytest.mark.parametrize("beams", [1, 2, 4, 16])
def test_few_beams_give_lower_bounds(beams):
    for seed in range(20):
        values = frames_of(seed, 6, 3)
        exact = every_sequence(values, 2)
        found = edge.ctc_beam_search(values, beams=beams)
        assert len(found) <= beams
        assert all(np.exp(one.score) <= exact[one.tokens] * (1 + 1e-9) for one in found)


def test_a_search_beats_the_best_alignment_where_alignments_add_up():
    # The example of Graves' thesis: every frame's best is the blank, yet "a" is more probable.
    values = np.log([[0.4, 0.6], [0.4, 0.6]])
    assert edge.ctc_greedy(values).tokens == ()
    best = edge.ctc_beam_search(values)[0]
    assert best.tokens == (0,)
    assert np.exp(best.score) == pytest.approx(1 - 0.36)


@pytest.mark.parametrize(
    ("alignment", "expected"),
    [
        ("--", ""),
        ("aa", "a"),
        ("a-a", "aa"),
        ("aab-b", "abb"),
        ("-a--b-", "ab"),
        ("", ""),
    ],
)
def test_certain_frames_collapse_as_written(alignment, expected):
    values = np.full((len(alignment), 3), -np.inf)
    for frame, symbol in enumerate(alignment):
        values[frame, "ab-".index(symbol)] = 0.0
    symbols = tuple("ab-".index(symbol) for symbol in expected)
    assert edge.ctc_greedy(values) == edge.Sentence(symbols, 0.0)
    assert edge.ctc_beam_search(values, beams=3) == [edge.Sentence(symbols, 0.0)]


@pytest.mark.parametrize("blank", [-1, 1])
def test_greedy_follows_the_best_alignment(blank):
    for seed in range(20):
        values = frames_of(seed, 9, 3)
        best = values.argmax(axis=1).tolist()
        found = edge.ctc_greedy(values, blank=blank)
        assert found.tokens == collapsed(best, blank % 3)
        assert found.score == pytest.approx(sum(values[t, s] for t, s in enumerate(best)))


@pytest.mark.parametrize(
    ("values", "options", "message"),
    [
        (np.zeros(3), {}, r"shape=\(3,\)"),
        (np.zeros((3, 0)), {}, r"shape=\(3, 0\)"),
        (np.full((3, 2), np.nan), {}, "nan"),
        (np.zeros((3, 2)), {"blank": 2}, "blank=2"),
        (np.zeros((3, 2)), {"blank": -3}, "blank=-3"),
        (np.zeros((3, 2)), {"beams": 0}, "beams=0"),
    ],
)
def test_what_does_not_fit_is_an_error(values, options, message):
    with pytest.raises(ValueError, match=message):
        edge.ctc_beam_search(values, **options)

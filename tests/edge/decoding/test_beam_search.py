"""The most probable sentence."""

import itertools
import math

import numpy as np
import pytest

from kerascnn import edge

WORDS, START, END = 4, 0, 3


def table(seed, spread=1.0):
    """A model of language: log-probabilities of the next word that depend on all before."""

    def step(tokens, state):
        random = np.random.default_rng([seed, *tokens])
        logits = spread * random.normal(size=WORDS)
        return logits - np.log(np.exp(logits).sum()), None

    return step


def score_of(step, words, *, length_penalty=0.0):
    """Log-probability of words, the end among them if they have one."""
    total = sum(step((START, *words[:i]), None)[0][word] for i, word in enumerate(words))
    return total / ((5 + len(words)) / 6) ** length_penalty


def every_sentence(length):
    """All sentences that end, and all of the full length that don't."""
    for size in range(1, length + 1):
        for words in itertools.product(range(WORDS), repeat=size):
            inside = END not in words[:-1]
            if inside and (words[-1] == END or size == length):
                yield words


def shown(words):
    return tuple(word for word in words if word != END)


@pytest.mark.parametrize("penalty", [0.0, 0.7, 2.0])
@pytest.mark.parametrize("seed", range(4))
def test_enough_beams_find_the_best_of_all_sentences(seed, penalty):
    step = table(seed)
    found = edge.beam_search(
        step, start=START, end=END, beams=300, max_length=4, length_penalty=penalty
    )
    scores = {words: score_of(step, words, length_penalty=penalty) for words in every_sentence(4)}
    best = sorted(scores, key=lambda words: -scores[words])
    assert len(found) == len(best)
    np.testing.assert_allclose([one.score for one in found], [scores[words] for words in best])
    assert [one.tokens for one in found[:10]] == [shown(words) for words in best[:10]]


@pytest.mark.parametrize("seed", range(10))
def test_one_beam_takes_the_best_word_every_time(seed):
    step, words = table(seed), []
    while len(words) < 6 and END not in words:
        words.append(int(np.argmax(step((START, *words), None)[0])))
    (found,) = edge.beam_search(step, start=START, end=END, beams=1, max_length=6)
    assert found.tokens == shown(words)
    assert found.score == pytest.approx(score_of(step, words))


def naive_beams(step, beams, length):
    """Without an early stop, one list of candidates after the other."""
    live, done = [((), 0.0)], []
    for _ in range(length):
        grown = [
            ((*words, word), total + step((START, *words), None)[0][word])
            for words, total in live
            for word in range(WORDS)
        ]
        grown = sorted(grown, key=lambda entry: -entry[1])[:beams]
        done += [entry for entry in grown if entry[0][-1] == END]
        live = [entry for entry in grown if entry[0][-1] != END]
    return sorted(done + live, key=lambda entry: -entry[1])[:beams]


@pytest.mark.parametrize("beams", [1, 2, 3, 5])
def test_stopping_early_changes_nothing(beams):
    for seed in range(10):
        expected = naive_beams(table(seed, spread=2.0), beams, 8)
        found = edge.beam_search(
            table(seed, spread=2.0), start=START, end=END, beams=beams, max_length=8
        )
        assert [one.tokens for one in found] == [shown(words) for words, _ in expected]
        np.testing.assert_allclose([one.score for one in found], [total for _, total in expected])


def test_the_search_stops_when_nothing_better_can_come():
    calls = []

    def step(tokens, state):
        calls.append(tokens)
        return np.log([0.05, 0.03, 0.02, 0.9]), None

    edge.beam_search(step, start=START, end=END, beams=1, max_length=1000)
    assert calls == [(START,)]


def test_a_length_penalty_favours_long_sentences():
    def step(tokens, state):
        return np.log([1e-9, 0.49, 0.01, 0.5]), None

    lengths = [
        len(edge.beam_search(step, start=START, end=END, beams=4, length_penalty=p)[0].tokens)
        for p in (0.0, 3.0)
    ]
    assert lengths[0] == 0
    assert lengths[1] > 3


def test_each_sentence_has_its_own_state():
    words = table(1)

    def step(tokens, state):
        assert state == tokens[:-1]
        return words(tokens, None)[0], tokens

    assert edge.beam_search(step, (), start=START, end=END, beams=5) == edge.beam_search(
        words, start=START, end=END, beams=5
    )


def test_impossible_words_are_never_taken():
    def step(tokens, state):
        return np.array([-np.inf, 0.0, -np.inf, -np.inf]), None

    (found,) = edge.beam_search(step, start=START, end=END, beams=3, max_length=4)
    assert found == edge.Sentence((1, 1, 1, 1), 0.0)
    assert not edge.beam_search(
        lambda tokens, state: (np.full(WORDS, -math.inf), None), start=START, end=END
    )


@pytest.mark.parametrize("options", [{"beams": 0}, {"max_length": 0}, {"length_penalty": -1.0}])
def test_numbers_out_of_range_are_errors(options):
    with pytest.raises(ValueError, match="=".join(map(str, next(iter(options.items()))))):
        edge.beam_search(table(0), start=START, end=END, **options)

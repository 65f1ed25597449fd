"""What is heard when in a recording."""

import numpy as np
import pytest

from kerascnn import edge

STATES = ("silence", "a", "b")


@pytest.fixture
def hearer(identity):
    """Give the function that loads a model whose logits are its features: 6 frames, 3 states."""

    def load(shape=(1, 6, 3), result=(1, 6, 3), **fields):
        path = identity(shape, result, signature={"x": "sound", "y0": "logits"})
        edge.write_metadata(path, edge.Metadata(**{"labels": STATES, **fields}))
        return edge.load(path)

    return load


def heard(*states):
    return (20 * np.eye(3)[list(states)]).astype(np.float32)


def test_equal_neighbours_are_one_stretch(hearer):
    found = edge.segment_sound(hearer(), heard(0, 1, 1, 2, 2, 1))
    assert [(one.label, one.start, one.end) for one in found] == [
        ("silence", 0.0, 1.0),
        ("a", 1.0, 3.0),
        ("b", 3.0, 5.0),
        ("a", 5.0, 6.0),
    ]
    assert all(one.score == pytest.approx(1, abs=1e-4) for one in found)
    assert [one.index for one in found] == [0, 1, 2, 1]


def test_frames_that_were_filled_up_are_left_out(hearer):
    found = edge.segment_sound(hearer(), heard(2, 2, 1))
    assert [(one.label, one.end) for one in found] == [("b", 2.0), ("a", 3.0)]


def test_places_are_seconds_where_samples_have_a_rate(hearer):
    model = hearer((1, 18), (1, 6, 3), sample_rate=9)
    found = edge.segment_sound(model, heard(0, 0, 1, 1, 1, 1).ravel())
    ends = [one.end for one in found]
    np.testing.assert_allclose(ends, [2 * 3 / 9, 2.0])


@pytest.mark.parametrize(
    ("result", "fields", "message"),
    [((1, 18), {}, "scores"), ((1, 6, 3), {"labels": ("a", "b")}, "2 labels")],
)
def test_a_model_of_something_else_is_refused(hearer, result, fields, message):
    with pytest.raises(edge.ModelError, match=message):
        edge.segment_sound(hearer((1, 6, 3), result, **fields), heard(0))

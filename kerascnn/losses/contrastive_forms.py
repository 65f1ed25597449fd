"""The contrastive losses in circulation, by name: what a pair at a distance costs."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops


class Form(NamedTuple):
    """What a pair costs.

    Attributes:
        matched: Function of the distance of a matching pair.
        unmatched: Function of the distance of another pair, and of the margin.
    """

    matched: Callable[[Any], Any]
    unmatched: Callable[[Any, float], Any]


def _hinge(distances, margin):
    return ops.relu(margin - distances)


def _square(values):
    return values * values


FORMS = {
    "lecun": Form(lambda d: 0.5 * _square(d), lambda d, margin: 0.5 * _square(_hinge(d, margin))),
    "squared": Form(_square, lambda d, margin: _square(_hinge(d, margin))),
    "legacy": Form(_square, lambda d, margin: _hinge(_square(d), margin)),
    "survey": Form(lambda d: d, _hinge),
}

"""The f-divergences by name: the function, and what a variational bound of it needs."""

import math
from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

_LARGEST = 80.0  # exp of more leaves float32


class Divergence(NamedTuple):
    """An f-divergence, `D(P, Q) = sum q f(p / q)`.

    For any function `v` of the samples, `E_P[g(v)] - E_Q[f*(g(v))]` is at most `D(P, Q)`, and a
    discriminator that maximises it estimates the divergence.

    Attributes:
        function: `f`, convex, of a positive ratio.
        conjugate: `f*(t) = sup_u (u t - f(u))`.
        activation: `g`, which brings any number into the domain of the conjugate.
        activated: `f*(g(v))`, finite where the two one after the other are not.
    """

    function: Callable[[Any], Any]
    conjugate: Callable[[Any], Any]
    activation: Callable[[Any], Any]
    activated: Callable[[Any], Any]


def _exp(values):
    return ops.exp(ops.minimum(values, _LARGEST))


def _square(values):
    return values * values


def _same(values):
    return values


DIVERGENCES = {
    "gan": Divergence(  # 2 JSD - log 4, the value of the game
        function=lambda u: u * ops.log(u) - (u + 1.0) * ops.log1p(u),
        conjugate=lambda t: -ops.log(-ops.expm1(t)),
        activation=lambda v: -ops.softplus(-v),
        activated=ops.softplus,
    ),
    "jensen_shannon": Divergence(
        function=lambda u: 0.5 * (u * ops.log(u) - (u + 1.0) * ops.log(0.5 * (u + 1.0))),
        conjugate=lambda t: -0.5 * ops.log(2.0 - ops.exp(2.0 * t)),
        activation=lambda v: 0.5 * (math.log(2.0) - ops.softplus(-v)),
        activated=lambda v: 0.5 * (ops.softplus(v) - math.log(2.0)),
    ),
    "kl": Divergence(
        function=lambda u: u * ops.log(u),
        conjugate=lambda t: _exp(t - 1.0),
        activation=_same,
        activated=lambda v: _exp(v - 1.0),
    ),
    "neyman": Divergence(
        function=lambda u: _square(1.0 - u) / u,
        conjugate=lambda t: 2.0 - 2.0 * ops.sqrt(1.0 - t),
        activation=lambda v: 1.0 - _exp(-v),
        activated=lambda v: 2.0 - 2.0 * _exp(-0.5 * v),
    ),
    "pearson": Divergence(
        function=lambda u: _square(u - 1.0),
        conjugate=lambda t: 0.25 * _square(t) + t,
        activation=_same,
        activated=lambda v: 0.25 * _square(v) + v,
    ),
    "reverse_kl": Divergence(
        function=lambda u: -ops.log(u),
        conjugate=lambda t: -1.0 - ops.log(-t),
        activation=lambda v: -_exp(-v),
        activated=lambda v: v - 1.0,
    ),
    "squared_hellinger": Divergence(
        function=lambda u: _square(ops.sqrt(u) - 1.0),
        conjugate=lambda t: t / (1.0 - t),
        activation=lambda v: 1.0 - _exp(-v),
        activated=lambda v: ops.expm1(ops.minimum(v, _LARGEST)),
    ),
    "total_variation": Divergence(
        function=lambda u: 0.5 * ops.abs(u - 1.0),
        conjugate=_same,
        activation=lambda v: 0.5 * ops.tanh(v),
        activated=lambda v: 0.5 * ops.tanh(v),
    ),
}

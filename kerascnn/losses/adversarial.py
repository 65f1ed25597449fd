"""What the two networks of a GAN minimise, from the discriminator's scores."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops

from kerascnn.losses.f_divergence import find_divergence


class AdversarialLosses(NamedTuple):
    """The losses of the two players, each a function of scores that gives one value a sample.

    Attributes:
        discriminator: Function of the scores of real and of generated images.
        generator: Function of the scores of generated images.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]


def adversarial_losses(name: str, **options: Any) -> AdversarialLosses:
    """Find the loss pair of this name.

    | name | discriminator minimises | generator minimises |
    |---|---|---|
    | `"minimax"` | `-log D(x) - log(1 - D(G(z)))` | `log(1 - D(G(z)))` |
    | `"non_saturating"` | the same | `-log D(G(z))` |
    | `"least_squares"` | `(r - 1)^2 + f^2` | `(f - 1)^2` |
    | `"hinge"` | `max(0, 1 - r) + max(0, 1 + f)` | `-f` |
    | `"wasserstein"` | `f - r + drift r^2` | `-f` |
    | `"energy"` | `r + max(0, margin - f)` | `f` |
    | `"variational"` | `f*(g(f)) - g(r)` | `-g(f)` |

    `r` and `f` are the scores of real and generated images, `(batch, ...)`: logits in the first
    two, energies, low for real images, in `"energy"`, and any number elsewhere. The values of
    several patches are averaged, so a value is `(batch,)`. All are finite at any logit and
    computed in float32.

    Args:
        name: One of those above. `"wasserstein"` needs a discriminator whose slope is bounded,
            such as by `kerascnn.training.gradient_penalty`.
        **options: `drift` of `"wasserstein"`, how much scores are kept near 0, by default 0;
            `margin` of `"energy"`, by default 10; `divergence` of `"variational"`, a name of
            `find_divergence`, by default `"kl"`.

    Raises:
        ValueError: If there is no such pair, or an option is out of its range.
        TypeError: If the pair has no such option.

    Example:
        >>> pair = adversarial_losses("non_saturating")
        >>> float(pair.generator(keras.ops.zeros((1, 1)))[0])
        0.693147...

    Reference:
        https://arxiv.org/abs/1406.2661, https://arxiv.org/abs/1611.04076 (least squares),
        https://arxiv.org/abs/1705.02894 (hinge), https://arxiv.org/abs/1701.07875 (Wasserstein),
        https://arxiv.org/abs/1609.03126 (energy), https://arxiv.org/abs/1606.00709 (variational)
    """
    if name not in _PAIRS:
        raise ValueError(f"The loss must be one of {tuple(_PAIRS)}. Received: loss={name!r}")
    return _PAIRS[name](**options)


def gan_value(real, fake):
    """Estimate the value of the game, `E[log D(x)] + E[log(1 - D(G(z)))]`, in nats.

    The discriminator maximises it and the generator minimises it; it is `-log 4` where the
    discriminator cannot tell the two apart.

    Args:
        real: Logits of real images, `(batch, ...)`.
        fake: Logits of generated images, `(batch, ...)`.

    Returns:
        A scalar, at most 0.
    """
    return -ops.mean(adversarial_losses("minimax").discriminator(real, fake))


def _per_sample(function):
    """Average what a function of one set of scores gives over all axes but the first."""

    def compute(scores):
        values = function(ops.cast(scores, "float32"))
        return ops.mean(ops.reshape(values, (ops.shape(values)[0], -1)), axis=-1)

    return compute


def _pair(real, fake, generator):
    """Make the discriminator's loss of its two terms."""
    on_real, on_fake = _per_sample(real), _per_sample(fake)
    return AdversarialLosses(lambda r, f: on_real(r) + on_fake(f), _per_sample(generator))


def _minimax():
    return _pair(lambda r: ops.softplus(-r), ops.softplus, lambda f: -ops.softplus(f))


def _non_saturating():
    return _pair(lambda r: ops.softplus(-r), ops.softplus, lambda f: ops.softplus(-f))


def _least_squares():
    return _pair(lambda r: (r - 1.0) * (r - 1.0), lambda f: f * f, lambda f: (f - 1.0) * (f - 1.0))


def _hinge():
    return _pair(lambda r: ops.relu(1.0 - r), lambda f: ops.relu(1.0 + f), lambda f: -f)


def _wasserstein(drift: float = 0.0):
    if drift < 0:
        raise ValueError(f"drift must be at least 0. Received: drift={drift}")
    return _pair(lambda r: drift * r * r - r, lambda f: f, lambda f: -f)


def _energy(margin: float = 10.0):
    if margin <= 0:
        raise ValueError(f"margin must be above 0. Received: margin={margin}")
    return _pair(lambda r: r, lambda f: ops.relu(margin - f), lambda f: f)


def _variational(divergence: str = "kl"):
    row = find_divergence(divergence)
    # The generator's own term of the bound vanishes while the discriminator wins, section 3.2.
    return _pair(lambda r: -row.activation(r), row.activated, lambda f: -row.activation(f))


_PAIRS = {
    "minimax": _minimax,
    "non_saturating": _non_saturating,
    "least_squares": _least_squares,
    "hinge": _hinge,
    "wasserstein": _wasserstein,
    "energy": _energy,
    "variational": _variational,
}

"""What the two networks of a GAN minimise, from the discriminator's logits."""

from collections.abc import Callable
from typing import Any, NamedTuple

from keras import ops


class AdversarialLosses(NamedTuple):
    """The losses of the two players, each a function of logits that gives one value a sample.

    Attributes:
        discriminator: Function of the logits of real and of generated images.
        generator: Function of the logits of generated images.
    """

    discriminator: Callable[[Any, Any], Any]
    generator: Callable[[Any], Any]


def adversarial_losses(name: str) -> AdversarialLosses:
    """Find the loss pair of this name.

    - `"minimax"`: both play for the value function; the generator minimises `log(1 - D(G(z)))`,
      whose gradient vanishes while the discriminator wins.
    - `"non_saturating"`: the generator minimises `-log D(G(z))` instead.

    Logits are `(batch, ...)`; scores of several patches are averaged, so a value is `(batch,)`, in
    nats. Everything is a softplus of logits, finite at any logit.

    Args:
        name: `"minimax"` or `"non_saturating"`.

    Raises:
        ValueError: If there is no such pair.

    Example:
        >>> pair = adversarial_losses("non_saturating")
        >>> float(pair.generator(keras.ops.zeros((1, 1)))[0])
        0.693147...

    Reference:
        https://arxiv.org/abs/1406.2661
    """
    if name not in _PAIRS:
        raise ValueError(f"The loss must be one of {tuple(_PAIRS)}. Received: loss={name!r}")
    return _PAIRS[name]


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
    return -ops.mean(_binary(real, fake))


def _per_sample(values):
    return ops.mean(ops.reshape(ops.cast(values, "float32"), (ops.shape(values)[0], -1)), axis=-1)


def _binary(real, fake):
    return _per_sample(ops.softplus(-_float32(real))) + _per_sample(ops.softplus(_float32(fake)))


def _float32(logits):
    return ops.cast(logits, "float32")


def _minimax(fake):
    return -_per_sample(ops.softplus(_float32(fake)))


def _non_saturating(fake):
    return _per_sample(ops.softplus(-_float32(fake)))


_PAIRS = {
    "minimax": AdversarialLosses(_binary, _minimax),
    "non_saturating": AdversarialLosses(_binary, _non_saturating),
}

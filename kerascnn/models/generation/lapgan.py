"""LAPGAN, which draws a small image and then adds details, size by size."""

import keras

from kerascnn.models.adversaries import ADAM
from kerascnn.models.laplacian_pyramid import pyramid, pyramid_discriminator, pyramid_generator
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1506.05751",
    tiny={"input_shape": (8, 8, 1), "levels": 2, "latent_dim": 8, "units": 16, "filters": 4},
    params=2_229_350,
    experiment=Experiment(
        data="digits",
        data_options={"size": 16},
        model_options={
            "levels": 2,
            "latent_dim": 64,
            "units": 512,
            "filters": 32,
            "dropout": 0.0,
        },
        epochs=150,
        learning_rate=1e-3,
        passes=("fdd <= 35", "cover >= 10"),
    ),
)
def lapgan(
    input_shape: tuple[int, int, int] = (32, 32, 3),
    *,
    levels: int = 3,
    latent_dim: int = 100,
    units: int = 1200,
    filters: int = 64,
    dropout: float = 0.5,
    ema_decay: float | None = None,
) -> GAN:
    """Build LAPGAN: a generative adversarial network for each level of a Laplacian pyramid.

    The first level draws a small image by dense layers. Each further one is given the image so
    far, enlarged, and noise as one more channel, and draws the residual to the sharp image by
    convolutions. Its discriminator sees residual and enlarged image. Every level is trained on
    the pyramids of real images, whatever the others draw; the deployable generator is their chain.

    Differs from the paper: Adam, noise of a normal distribution, and no classes.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1].
        levels: Number of sizes, at least 2; each is twice the one before.
        latent_dim: Number of latent variables of the first level, standard normal.
        units: Width of the first level's hidden layers; those of its discriminator have half.
        filters: Channels of the convolutions of all others.
        dropout: Share of the discriminators' units dropped in training, in [0, 1).
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent8` (or whatever side is the first one),
        `(batch, latent_dim)`, and `latent16` and so on, `(batch, side, side, 1)`, to images, about
        in [-1, 1], in float32.

    Raises:
        ValueError: If there is one level, the sides cannot be halved so often, or a number is out
            of its range.

    Example:
        >>> gan = lapgan((32, 32, 3))
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1506.05751
    """
    shrunk = 2 ** (levels - 1)
    if levels < 2 or input_shape[0] != input_shape[1] or input_shape[0] % shrunk:
        raise ValueError(
            "There are two levels or more, and equal sides are halved for each but the first. "
            f"Received: levels={levels}, input_shape={tuple(input_shape)}"
        )
    sizes = [input_shape[0] // shrunk * 2**level for level in range(levels)]
    return LAPGAN(
        pyramid_generator(sizes, input_shape[-1], latent_dim, units, filters),
        pyramid_discriminator(sizes, input_shape[-1], units // 2, filters, dropout),
        loss="non_saturating",
        optimizer=ADAM,
        ema_decay=ema_decay,
        name="lapgan",
    )


@keras.saving.register_keras_serializable(package="kerascnn")
class LAPGAN(GAN):
    """Trains a generator for each level of the pyramids of real images.

    Takes the arguments of `GAN`. The generator is a chain of models called `level8`, `level16` and
    so on, with an input `latent8` and so on for each. The discriminator takes `image8`, and the
    enlarged image `low16` and the `residual16` of each further size, and gives a logit for each.
    """

    def discriminator_loss(self, real, labels, latents, training=True):
        """Add up what the levels' discriminators minimise."""
        pairs = zip(*self._logits(real, latents, training), strict=True)
        return sum(self.pair.discriminator(*pair) for pair in pairs)

    def generator_loss(self, real, labels, latents, training=True):
        """Add up what the levels' generators minimise."""
        _, drawn = self._logits(real, latents, training)
        return sum(self.pair.generator(logit) for logit in drawn)

    def _logits(self, real, latents, training):
        true = pyramid(real, len(latents))
        levels = {
            name: self.generator.get_layer(name.replace("latent", "level")) for name in latents
        }
        drawn = dict(true)
        for name, level in levels.items():
            size = name.removeprefix("latent")
            if f"image{size}" in true:
                drawn[f"image{size}"] = level(latents[name], training=training)
            else:
                given = {"latent": latents[name], "low": true[f"low{size}"]}
                drawn[f"residual{size}"] = level(given, training=training)
        return [self.discriminator(given, training=training) for given in (true, drawn)]

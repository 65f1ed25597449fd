"""Your Local GAN (YLG), whose attention is sparse and keeps to neighbourhoods."""

from kerascnn.layers import LocalSparseAttention2D
from kerascnn.models.attentive import attentive_gan
from kerascnn.models.residual_generator import ImageShape
from kerascnn.registry import Experiment, register
from kerascnn.training import GAN


@register(
    paper="https://arxiv.org/abs/1911.12287",
    tiny={
        "input_shape": (8, 8, 1),
        "num_classes": 3,
        "latent_dim": 16,
        "filters": 32,
        "heads": 4,
        "attention_size": 8,
    },
    params=42_111_623,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 32, "latent_dim": 32, "attention_size": 8, "heads": 4},
        epochs=100,
        learning_rate=2e-4,
        passes=("class_accuracy >= 0.95", "fdd <= 30", "cover >= 10"),
    ),
)
def ylg(
    input_shape: ImageShape = (128, 128, 3),
    *,
    num_classes: int = 1000,
    latent_dim: int = 128,
    filters: int = 64,
    attention_size: int = 32,
    heads: int = 8,
    ema_decay: float | None = None,
) -> GAN:
    """Build YLG: SAGAN's networks with attention in two sparse steps instead of a full one.

    Half of the heads see neighbourhoods and the others pass on what these saw, so that together
    every pixel reaches every other one. Neighbours are near in the image, not in its rows.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides that halve
            at least once to 4 or more pixels.
        num_classes: Number of classes.
        latent_dim: Number of latent variables, standard normal.
        filters: Channels next to the image, doubled at each halving of the sides up to 16 times.
        attention_size: Side of the maps with attention, in pixels; where no maps have it, there is
            none.
        heads: Heads of the attention, a multiple of 4.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GAN`; its deployable generator maps `latent`, `(batch, latent_dim)`, and `label`, one-hot
        `(batch, num_classes)`, to images in [-1, 1] in float32.

    Raises:
        ValueError: If the sides differ or cannot be halved, or the heads do not divide the channels
            of the attention.

    Example:
        >>> gan = ylg((32, 32, 3), num_classes=10, filters=32, attention_size=16)
        >>> gan.compile()
        >>> gan.fit(images, labels, epochs=20)

    Reference:
        https://arxiv.org/abs/1911.12287
    """

    def attend(x):
        return LocalSparseAttention2D(heads=heads, spectral_normalization=True, name="attention")(x)

    sizes = num_classes, latent_dim, filters, attention_size
    return attentive_gan(attend, input_shape, *sizes, ema_decay=ema_decay, name="ylg")

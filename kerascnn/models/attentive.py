"""GANs whose networks attend to other places of the image."""

from typing import Any

from kerascnn.models.projection_discriminator import projection_discriminator
from kerascnn.models.residual_generator import Attend, ImageShape, conditional_generator, doubled
from kerascnn.training import GAN

_OPTIMIZERS = {
    name: {"class_name": "Adam", "config": {"learning_rate": rate, "beta_1": 0.0, "beta_2": 0.9}}
    for name, rate in (("generator", 1e-4), ("discriminator", 4e-4))
}


def attentive_gan(
    attend: Attend,
    input_shape: ImageShape,
    num_classes: int,
    latent_dim: int,
    filters: int,
    attention_size: int,
    **options: Any,
) -> GAN:
    """Build a GAN with attention in both networks, spectral normalisation and hinge losses.

    Args:
        attend: Makes the layer of attention, and calls it.
        input_shape: Height, width and channels of the images.
        num_classes: Number of classes.
        latent_dim: Number of latent variables.
        filters: Channels next to the image.
        attention_size: Side of the maps with attention, in pixels.
        **options: `name` and `ema_decay` of the GAN.
    """
    widths = doubled(input_shape, filters)
    shared: dict[str, Any] = {
        "initializer": "glorot_uniform",
        "attention": (attention_size, attend),
    }
    return GAN(
        conditional_generator(input_shape, num_classes, latent_dim, widths, **shared),
        projection_discriminator(input_shape, num_classes, widths, **shared),
        loss="hinge",
        optimizer=_OPTIMIZERS,
        **options,
    )

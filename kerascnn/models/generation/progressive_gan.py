"""Progressive GAN (ProGAN), which grows from images of 4 pixels a side to those of 1024."""

import keras
from keras import layers

from kerascnn.models.equalized_players import block, color, judge, multi_scale_generator, sizes
from kerascnn.registry import Experiment, register
from kerascnn.training import GrowingGAN


@register(
    paper="https://arxiv.org/abs/1710.10196",
    tiny={
        "input_shape": (8, 8, 1),
        "latent_dim": 8,
        "filters": 8,
        "phase_steps": 1,
        "ema_decay": 0.5,
    },
    params=23_071_507,
    experiment=Experiment(
        data="digits",
        data_options={"size": 8},
        model_options={"filters": 64, "latent_dim": 32, "phase_steps": 400, "ema_decay": 0.99},
        epochs=150,
        passes=("fdd <= 25", "cover >= 10", "entropy >= 0.9"),
    ),
)
def progressive_gan(
    input_shape: tuple[int, int, int] = (1024, 1024, 3),
    *,
    latent_dim: int = 512,
    filters: int = 512,
    capacity: int = 16_384,
    phase_steps: int = 37_500,
    ema_decay: float | None = 0.999,
) -> GrowingGAN:
    """Build the progressive GAN: both networks grow while they train.

    Convolutions whose rates are equalised, pixels normalised in the generator, the deviation
    within a batch shown to the discriminator, and the Wasserstein distance with a penalty on the
    slope. The average of the generator is deployed, with its largest images.

    Args:
        input_shape: Height, width and channels of the images, in [-1, 1]; equal sides of 8 pixels,
            or twice that, and so on.
        latent_dim: Number of latent variables, standard normal; only their direction counts.
        filters: The most channels of maps.
        capacity: Channels of maps times their side in pixels, where that is less.
        phase_steps: Steps in which a size fades in, and as many in which it is trained; 37,500
            with 16 images are the paper's code's 600,000 images.
        ema_decay: Decay of the average of the generator that is deployed, in (0, 1); None for none.

    Returns:
        A `GrowingGAN`; its deployable generator maps `(batch, latent_dim)` to images, about in
        [-1, 1], in float32.

    Raises:
        ValueError: If the sides are no such numbers, or a number is out of its range.

    Example:
        >>> gan = progressive_gan((32, 32, 3), phase_steps=1000)
        >>> gan.compile()
        >>> gan.fit(images, epochs=20)

    Reference:
        https://arxiv.org/abs/1710.10196
    """
    adam = {"learning_rate": 1e-3, "beta_1": 0.0, "beta_2": 0.99, "epsilon": 1e-8}
    return GrowingGAN(
        multi_scale_generator(input_shape, latent_dim, filters, capacity),
        _discriminator(input_shape, filters, capacity),
        phase_steps=phase_steps,
        loss="wasserstein",
        loss_options={"drift": 1e-3},
        gradient_penalty=10.0,
        optimizer={"class_name": "Adam", "config": adam},
        ema_decay=ema_decay,
        name="progressive_gan",
    )


def _discriminator(input_shape, filters, capacity):
    alpha = keras.Input((1, 1, 1), name="alpha")
    inputs, logits, colors, blocks = {"alpha": alpha}, [], {}, {}
    halve, last = layers.AveragePooling2D(2, name="halve"), judge(filters, capacity)
    for size in sizes(input_shape):
        name = f"image{size}"
        image = inputs[name] = keras.Input((size, size, input_shape[-1]), name=name)
        colors[size] = color(size, filters, capacity)
        x = colors[size](image)
        if logits:
            blocks[size] = block(size, filters, capacity)
            before = colors[size // 2](halve(image))
            x = before + alpha * (blocks[size](x) - before)
        for smaller in list(blocks)[-2::-1]:
            x = blocks[smaller](x)
        logits.append(last(x))
    return keras.Model(inputs, logits, name="discriminator")

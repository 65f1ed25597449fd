"""The residual dense network, in which each layer sees all before it in its block."""

import keras
from keras import layers, ops

from kerascnn.registry import Experiment, register
from kerascnn.training import Restorer


@register(
    paper="https://arxiv.org/abs/1812.10477",
    tiny={"input_shape": (16, 16, 3), "blocks": 2, "convolutions": 2, "filters": 8, "growth": 4},
    params=22_123_395,
    experiment=Experiment(
        data="photographs",
        data_options={"count": 3000, "size": 32, "channels": 1},
        model_options={"blocks": 2, "convolutions": 3, "filters": 16, "growth": 16},
        epochs=16,
        batch_size=16,
        passes=("gain >= 0.7",),
    ),
)
def rdn(
    input_shape: tuple[int | None, int | None, int] = (96, 96, 3),
    *,
    scale: int = 2,
    noise: float = 0.0,
    blocks: int = 16,
    convolutions: int = 8,
    filters: int = 64,
    growth: int = 64,
) -> Restorer:
    """Build the residual dense network, which enlarges images, or restores them at one size.

    In a block each convolution sees the block's input and all that the ones before it gave, and
    the block adds a fusion of all to its input. The outputs of all blocks are fused in turn, and
    only at the end are pixels shuffled to their larger image.

    Args:
        input_shape: Height, width and channels of the images that come out, sides divisible by
            `scale`; a side may be None.
        scale: Factor between the sides of the images that go in and come out: 1, 2, 3, 4 or 8.
        noise: Standard deviation of the noise that it learns to remove, for images in [0, 1].
        blocks: Residual dense blocks, at least 1.
        convolutions: Convolutions of a block, at least 1.
        filters: Channels between blocks.
        growth: Channels of a convolution in a block.

    Returns:
        A `Restorer`; its deployable network maps `(batch, height / scale, width / scale, channels)`
        to `(batch, height, width, channels)` in float32.

    Raises:
        ValueError: If `scale` is another number or does not divide the sides, or there is no
            block.

    Example:
        >>> rdn(scale=4).count_params()
        22271107

    Reference:
        https://arxiv.org/abs/1812.10477
    """
    *sides, channels = input_shape
    if scale not in _SHUFFLES or any(side and side % scale for side in sides):
        raise ValueError(
            f"scale must be one of {[*_SHUFFLES]} and divide the sides. "
            f"Received: input_shape={tuple(input_shape)}, scale={scale}"
        )
    if blocks < 1 or convolutions < 1:
        raise ValueError(
            "There must be a block with a convolution. "
            f"Received: blocks={blocks}, convolutions={convolutions}"
        )
    image = keras.Input((*(side and side // scale for side in sides), channels), name="image")
    shallow = _convolution(filters, "shallow1")(image)
    x = _convolution(filters, "shallow2")(shallow)
    outputs = []
    for number in range(1, blocks + 1):
        x = _dense_block(x, convolutions, growth, f"block{number}")
        outputs.append(x)
    x = layers.Concatenate(name="blocks")(outputs) if blocks > 1 else x
    x = layers.Conv2D(filters, 1, name="fusion1")(x)
    x = _convolution(filters, "fusion2")(x)
    x = layers.Add(name="global_shortcut")([x, shallow])
    for number, factor in enumerate(_SHUFFLES[scale], 1):
        x = _convolution(filters * factor**2, f"upscale{number}")(x)
        x = ops.depth_to_space(x, factor)
    x = _convolution(channels, "restored", dtype="float32")(x)
    network = keras.Model(image, x, name="network")
    loss = "mean_absolute_error"
    return Restorer(network, shrink=scale, noise=noise, loss=loss, name="rdn")


_SHUFFLES = {1: (), 2: (2,), 3: (3,), 4: (2, 2), 8: (2, 2, 2)}


def _convolution(filters, name, **options):
    return layers.Conv2D(filters, 3, padding="same", name=name, **options)


def _dense_block(x, convolutions, growth, name):
    seen = [x]
    for number in range(1, convolutions + 1):
        joined = layers.Concatenate(name=f"{name}_seen{number}")(seen) if number > 1 else x
        conv = _convolution(growth, f"{name}_conv{number}", activation="relu")
        seen.append(conv(joined))
    joined = layers.Concatenate(name=f"{name}_seen")(seen)
    fused = layers.Conv2D(x.shape[-1], 1, name=f"{name}_fusion")(joined)
    return layers.Add(name=f"{name}_shortcut")([fused, x])

"""RED-Net, a deep chain of convolutions and its mirror, with shortcuts between them."""

import keras
from keras import layers

from kerascnn.layers import BicubicResampling
from kerascnn.registry import Experiment, register
from kerascnn.training import Restorer


@register(
    paper="https://arxiv.org/abs/1603.09056",
    tiny={"input_shape": (16, 16, 3), "depth": 6, "filters": 8},
    params=1_035_201,
    experiment=Experiment(
        data="photographs",
        data_options={"count": 2000, "size": 32, "channels": 1},
        model_options={"noise": 25 / 255, "depth": 30, "filters": 16},
        epochs=8,
        batch_size=16,
        passes=("gain >= 6.8",),
    ),
)
def red_net(
    input_shape: tuple[int | None, int | None, int] = (50, 50, 1),
    *,
    depth: int = 30,
    filters: int = 64,
    noise: float = 30 / 255,
    scale: int = 1,
) -> Restorer:
    """Build RED-Net: half convolutions, half transposed ones, that learn what to add to an image.

    From every second convolution a shortcut leads to the transposed convolution that mirrors it,
    and from the image to the end. Nothing is pooled, so it takes images of any size.

    Differs from the paper: it is trained on one level of noise, and weights start at
    Glorot's scale.

    Args:
        input_shape: Height, width and channels of the images that come out, sides divisible by
            `scale`; a side may be None.
        depth: Layers, an even number from 4.
        filters: Channels of the layers.
        noise: Standard deviation of the noise that it learns to remove, for images in [0, 1].
        scale: Factor between the sides of the images that go in, which are enlarged by bicubic
            convolution first, and those that come out, at least 1.

    Returns:
        A `Restorer`; its deployable network maps `(batch, height / scale, width / scale, channels)`
        to `(batch, height, width, channels)` in float32.

    Raises:
        ValueError: If the depth is odd or too small, or `scale` does not divide the sides.

    Example:
        >>> red_net().count_params()
        1035201

    Reference:
        https://arxiv.org/abs/1603.09056
    """
    *sides, channels = input_shape
    if depth < 4 or depth % 2:
        raise ValueError(f"depth must be an even number from 4. Received: depth={depth}")
    if scale < 1 or any(side and side % scale for side in sides):
        raise ValueError(
            "scale must be at least 1 and divide the sides. "
            f"Received: input_shape={tuple(input_shape)}, scale={scale}"
        )
    image = keras.Input((*(side and side // scale for side in sides), channels), name="image")
    same = {"kernel_size": 3, "padding": "same"}
    x = image if scale == 1 else BicubicResampling(up=scale, name="upscale")(image)
    seen = [x]
    half = depth // 2
    for number in range(1, half + 1):
        x = layers.Conv2D(filters, activation="relu", name=f"conv{number}", **same)(x)
        seen.append(x)
    for number in range(1, half):
        x = layers.Conv2DTranspose(filters, name=f"deconv{number}", **same)(x)
        mirrored = half - number
        if mirrored % 2 == 0:
            x = layers.Add(name=f"shortcut{mirrored}")([x, seen[mirrored]])
        x = layers.ReLU(name=f"deconv{number}_relu")(x)
    x = layers.Conv2DTranspose(channels, name=f"deconv{half}", **same)(x)
    x = layers.Add(name="restored", dtype="float32")([x, seen[0]])
    network = keras.Model(image, x, name="network")
    return Restorer(network, shrink=scale, noise=noise, name="red_net")

"""SRCNN, three convolutions that sharpen an enlarged image."""

import keras
from keras import layers

from kerascnn.layers import BicubicResampling
from kerascnn.registry import Experiment, register
from kerascnn.training import Restorer


@register(
    paper="https://arxiv.org/abs/1501.00092",
    tiny={"input_shape": (18, 18, 3), "filters": (8, 4), "kernel_sizes": (5, 1, 3)},
    params=8_129,
    experiment=Experiment(
        data="photographs",
        data_options={"count": 3000, "size": 32, "channels": 1},
        model_options={"scale": 2},
        epochs=16,
        batch_size=16,
        passes=("gain >= 0.5",),
    ),
)
def srcnn(
    input_shape: tuple[int | None, int | None, int] = (252, 252, 1),
    *,
    scale: int = 3,
    filters: tuple[int, int] = (64, 32),
    kernel_sizes: tuple[int, int, int] = (9, 1, 5),
    upscale: str = "bicubic",
) -> Restorer:
    """Build SRCNN: enlarge, extract patches, map them non-linearly, put them together.

    Differs from the paper: convolutions are padded, weights start at Glorot's scale, and one
    optimizer serves all layers.

    Args:
        input_shape: Height, width and channels of the images that come out, sides divisible by
            `scale`; a side may be None.
        scale: Factor between the sides of the images that go in and come out, at least 2.
        filters: Channels of the first two convolutions.
        kernel_sizes: Sides of the three kernels, in pixels.
        upscale: `"bicubic"`, or `"transpose"` for a transposed convolution that is learned.

    Returns:
        A `Restorer`; its deployable network maps `(batch, height / scale, width / scale, channels)`
        in [0, 1] to `(batch, height, width, channels)` in float32.

    Raises:
        ValueError: If a side is not divisible by `scale`, or `upscale` is unknown.

    Example:
        >>> srcnn((None, None, 3), scale=2).deployable.output_shape
        (None, None, None, 3)

    Reference:
        https://arxiv.org/abs/1501.00092
    """
    *sides, channels = input_shape
    if scale < 2 or any(side and side % scale for side in sides):
        raise ValueError(
            "scale must be at least 2 and divide the sides. "
            f"Received: input_shape={tuple(input_shape)}, scale={scale}"
        )
    if upscale not in _UPSCALES:
        raise ValueError(f"upscale must be one of {[*_UPSCALES]}. Received: upscale={upscale!r}")
    image = keras.Input((*(side and side // scale for side in sides), channels), name="image")
    x = _UPSCALES[upscale](scale, channels)(image)
    widths = (*filters, channels)
    for number, (width, size) in enumerate(zip(widths, kernel_sizes, strict=True), 1):
        last = {"dtype": "float32"} if number == 3 else {"activation": "relu"}
        x = layers.Conv2D(width, size, padding="same", name=f"conv{number}", **last)(x)
    return Restorer(keras.Model(image, x, name="network"), shrink=scale, name="srcnn")


def _bicubic(scale, channels):
    return BicubicResampling(up=scale, name="upscale")


def _transpose(scale, channels):
    return layers.Conv2DTranspose(channels, 2 * scale, scale, "same", name="upscale")


_UPSCALES = {"bicubic": _bicubic, "transpose": _transpose}

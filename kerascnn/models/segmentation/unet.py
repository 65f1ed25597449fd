"""U-Net, the encoder and decoder with shortcuts at every scale."""

import keras
from keras import layers

from kerascnn.layers import ConcatShortcut
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1505.04597",
    tiny={"input_shape": (32, 32, 3), "filters": 4, "depth": 2},
    params=31_031_810,
    experiment=Experiment(
        data="shapes",
        data_options={"size": 32},
        model_options={"filters": 16, "depth": 3, "dropout": 0.0},
        epochs=20,
        batch_size=8,
        passes=("mean_iou >= 0.91",),
    ),
)
def unet(
    input_shape: tuple[int | None, int | None, int] = (256, 256, 3),
    *,
    num_classes: int = 2,
    filters: int = 64,
    depth: int = 4,
    padding: str = "same",
    dropout: float = 0.5,
) -> keras.Model:
    """Build U-Net: an encoder, a decoder, and a concatenation shortcut at every scale.

    Differs from the paper: convolutions are padded, so that an image and its mask have one size;
    `padding="valid"` is the paper's, in which 572 pixels give a mask of 388.

    Args:
        input_shape: Height, width and channels; with `padding="same"` a side may be None.
        num_classes: Number of classes, the background included.
        filters: Channels of the first scale, doubled at each of the next ones.
        depth: Number of halvings of the sides.
        padding: `"same"` or `"valid"`.
        dropout: Share of the features dropped at the end of the encoder, in [0, 1).

    Returns:
        A model from images `(batch, height, width, channels)` to logits
        `(batch, height, width, num_classes)` in float32; smaller with `padding="valid"`.

    Raises:
        ValueError: If the sides cannot be halved `depth` times, or the padding is unknown.

    Example:
        >>> unet().count_params()
        31031810

    Reference:
        https://arxiv.org/abs/1505.04597
    """
    _check(input_shape, depth, padding)
    x = image = keras.Input(input_shape, name="image")
    skips = []
    for level in range(depth):
        x = _convolutions(x, filters * 2**level, padding, f"encoder{level + 1}")
        if level == depth - 1:
            x = layers.Dropout(dropout, name=f"encoder{level + 1}_dropout")(x)
        skips.append(x)
        x = layers.MaxPooling2D(2, name=f"encoder{level + 1}_pool")(x)
    x = _convolutions(x, filters * 2**depth, padding, "bottom")
    x = layers.Dropout(dropout, name="bottom_dropout")(x)
    for level in reversed(range(depth)):
        name = f"decoder{level + 1}"
        x = layers.Conv2DTranspose(
            filters * 2**level, 2, 2, kernel_initializer="he_normal", name=f"{name}_up"
        )(x)
        x = ConcatShortcut(name=f"{name}_shortcut")([skips[level], x])
        x = _convolutions(x, filters * 2**level, padding, name)
    x = layers.Conv2D(num_classes, 1, name="logits", dtype="float32")(x)
    return keras.Model(image, x, name="unet")


def _convolutions(x, filters, padding, name):
    for number in (1, 2):
        x = layers.Conv2D(
            filters,
            3,
            padding=padding,
            activation="relu",
            kernel_initializer="he_normal",
            name=f"{name}_conv{number}",
        )(x)
    return x


def _check(input_shape, depth, padding):
    received = f"Received: input_shape={tuple(input_shape)}, depth={depth}"
    if padding not in ("same", "valid"):
        raise ValueError(f"padding must be 'same' or 'valid'. Received: padding={padding!r}")
    if padding == "same":
        if any(side and side % 2**depth for side in input_shape[:2]):
            raise ValueError(f"Sides must be divisible by {2**depth}. {received}")
        return
    if None in input_shape[:2]:
        raise ValueError(f"Valid convolutions need sides that are known. {received}")
    for side in input_shape[:2]:
        for _ in range(depth):
            side -= 4
            if side % 2 or side < 2:
                raise ValueError(
                    "Sides must stay even after the two valid convolutions of each scale, such as "
                    f"572 at depth 4. {received}"
                )
            side //= 2

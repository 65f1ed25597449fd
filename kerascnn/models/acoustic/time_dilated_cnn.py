"""Sercu and Goel's dense acoustic model: dilated in time where others have strides."""

import keras
from keras import layers

from kerascnn.models.sounds import classified, heard
from kerascnn.registry import Experiment, register


@register(
    paper="https://arxiv.org/abs/1611.09288",
    tiny={"input_shape": (960,), "bands": 8, "filters": (2, 4), "blocks": (1, 1), "units": (8,)},
    params=17_084_096,
    experiment=Experiment(
        data="spoken_digits",
        data_options={"count": 1000},
        model_options={
            "bands": 32,
            "filters": (8, 16, 32),
            "blocks": (1, 1, 1),
            "units": (64,),
        },
        epochs=4,
        batch_size=16,
        learning_rate=2e-3,
        passes=("frame_accuracy >= 0.95",),
    ),
)
def time_dilated_cnn(
    input_shape: tuple[int] = (160_000,),
    *,
    num_states: int = 512,
    sample_rate: int = 16_000,
    bands: int = 64,
    hop: float = 0.01,
    filters: tuple[int, ...] = (64, 128, 256, 512),
    blocks: tuple[int, ...] = (2, 2, 3, 3),
    units: tuple[int, ...] = (2048, 2048),
    dropout: float = 0.0,
) -> keras.Model:
    """Build VGG over time and frequency, in which pools in time have no strides.

    A pool halves the bands. In time it gives the maximum of every two neighbours, and all that
    follows is dilated by 2 more, so that each frame gets what a network with strides would give
    for the window around it, in one pass. Convolutions are not padded in time; the recording is
    filled up with zeros at both ends.

    Differs from the paper: the network is trained by cross entropy alone. The paper tries many
    sizes; this is one of them.

    Args:
        input_shape: Number of samples.
        num_states: Number of states.
        sample_rate: Samples a second, in Hz.
        bands: Bands of the mel scale, divisible by 2 for each block.
        hop: Time between two frames, in seconds.
        filters: Channels of each block.
        blocks: Convolutions of each block, before its pool.
        units: Widths of the dense layers.
        dropout: Share of the dense units dropped in training, in [0, 1).

    Returns:
        A model from sounds `(batch, samples)` in [-1, 1] to logits `(batch, frames, num_states)`
        in float32.

    Raises:
        ValueError: If the blocks and their channels are not as many, or the bands cannot be halved
            that often.

    Example:
        >>> time_dilated_cnn((16_000,)).output_shape
        (None, 99, 512)

    Reference:
        https://arxiv.org/abs/1611.09288
    """
    if len(filters) != len(blocks) or bands % 2 ** len(blocks):
        raise ValueError(
            f"Bands must be divisible by {2 ** len(blocks)}, and each block have channels. "
            f"Received: bands={bands}, filters={tuple(filters)}, blocks={tuple(blocks)}"
        )
    sound = keras.Input(input_shape, name="sound")
    x = heard(sound, bands, sample_rate, hop)
    x = layers.Reshape((*x.shape[1:], 1), name="image")(x)
    around = sum((2 * count + 1) * 2**number for number, count in enumerate(blocks))
    x = layers.ZeroPadding2D(((around // 2, around - around // 2), (0, 0)), name="context")(x)
    for number, (width, count) in enumerate(zip(filters, blocks, strict=True), 1):
        apart = 2 ** (number - 1)  # frames between neighbours, behind as many pools
        for convolution in range(1, count + 1):
            x = _convolved(x, width, apart, f"block{number}_conv{convolution}")
        x = _pooled(x, apart, f"block{number}_pool")
    return classified(sound, x, units, dropout, num_states, "time_dilated_cnn")


def _convolved(x, filters, apart, name):
    """Convolve 3 by 3, padded in frequency alone, normalise and rectify."""
    x = layers.ZeroPadding2D((0, 1), name=f"{name}_padding")(x)
    x = layers.Conv2D(filters, 3, dilation_rate=(apart, 1), use_bias=False, name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_bn")(x)
    return layers.ReLU(name=f"{name}_relu")(x)


def _pooled(x, apart, name):
    """Take the maximum of two frames that are as far apart, and of two bands, which become one."""
    x = layers.MaxPooling2D((1, 2), name=name)(x)
    now = layers.Cropping2D(((0, apart), (0, 0)), name=f"{name}_now")(x)
    later = layers.Cropping2D(((apart, 0), (0, 0)), name=f"{name}_later")(x)
    return layers.Maximum(name=f"{name}_time")([now, later])

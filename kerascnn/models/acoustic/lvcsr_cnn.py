"""Sainath et al.'s deep convolutional acoustic model for large vocabulary speech recognition."""

import keras
from keras import layers

from kerascnn.layers import Deltas, LogMel
from kerascnn.registry import Experiment, register


@register(
    paper="https://ieeexplore.ieee.org/document/6639347",
    tiny={
        "input_shape": (960,),
        "bands": 8,
        "kernel_sizes": ((3, 3), (2, 2)),
        "filters": 12,
        "units": (16,),
    },
    params=6_358_864,
    experiment=Experiment(
        data="spoken_digits",
        data_options={"count": 1000},
        model_options={"filters": 16, "units": (64, 64)},
        epochs=6,
        batch_size=16,
        learning_rate=2e-3,
        passes=("frame_accuracy >= 0.95",),
    ),
)
def lvcsr_cnn(
    input_shape: tuple[int] = (160_000,),
    *,
    num_states: int = 512,
    sample_rate: int = 16_000,
    bands: int = 40,
    hop: float = 0.01,
    kernel_sizes: tuple[tuple[int, int], tuple[int, int]] = ((9, 9), (3, 4)),
    filters: int = 256,
    pool_size: int = 3,
    units: tuple[int, ...] = (1024, 1024, 1024, 1024),
    dropout: float = 0.0,
) -> keras.Model:
    """Build two convolutions over time and frequency, a pool in frequency, and dense layers.

    A window of 11 frames slides over the recording, filled up with zeros at both ends; one pass
    gives the states of all frames.

    Differs from the paper: bands are not warped for each speaker, hidden units are rectified, as
    its authors did later, and the network is trained by cross entropy alone.

    Args:
        input_shape: Number of samples.
        num_states: Number of states.
        sample_rate: Samples a second, in Hz.
        bands: Bands of the mel scale; to them come their speeds and accelerations.
        hop: Time between two frames, in seconds.
        kernel_sizes: Sides of the kernels of both convolutions, as (frames, bands).
        filters: Channels of both convolutions.
        pool_size: Bands of which one is left behind the first convolution.
        units: Widths of the dense layers.
        dropout: Share of the dense units dropped in training, in [0, 1).

    Returns:
        A model from sounds `(batch, samples)` in [-1, 1] to logits `(batch, frames, num_states)`
        in float32.

    Raises:
        ValueError: If the kernels are not two, or span more bands than there are.

    Example:
        >>> lvcsr_cnn((16_000,)).output_shape
        (None, 99, 512)

    Reference:
        https://ieeexplore.ieee.org/document/6639347
    """
    (time1, bands1), (time2, bands2) = _checked(kernel_sizes, bands, pool_size)
    sound = keras.Input(input_shape, name="sound")
    context = time1 + time2 - 2  # frames that a frame sees besides itself
    x = framed(sound, bands, sample_rate, hop, context)
    x = layers.Conv2D(filters, (time1, bands1), activation="relu", name="conv1")(x)
    x = layers.MaxPooling2D((1, pool_size), name="pool")(x)
    x = layers.Conv2D(filters, (time2, bands2), activation="relu", name="conv2")(x)
    return classified(sound, x, units, dropout, num_states, "lvcsr_cnn")


def framed(sound, bands, sample_rate, hop, context):
    """Give bands with their speeds and accelerations, `(batch, frames + context, bands, 3)`."""
    x = Deltas(name="deltas")(heard(sound, bands, sample_rate, hop))
    before = context // 2
    return layers.ZeroPadding2D(((before, context - before), (0, 0)), name="context")(x)


def heard(sound, bands, sample_rate, hop):
    """Give the loudness in bands, each of mean 0 and deviation 1, `(batch, frames, bands)`."""
    x = LogMel(bands, sample_rate=sample_rate, hop=hop, name="log_mel")(sound)
    return layers.BatchNormalization(
        momentum=0.9, center=False, scale=False, name="normalized_bands"
    )(x)


def classified(sound, x, units, dropout, num_states, name):
    """Put dense layers behind each frame of maps `(batch, frames, bands, channels)`."""
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="frames")(x)
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    x = layers.Dense(num_states, name="logits", dtype="float32")(x)
    return keras.Model(sound, x, name=name)


def _checked(kernel_sizes, bands, pool_size):
    if len(kernel_sizes) != 2:
        raise ValueError(
            f"There are two convolutions. Received: kernel_sizes={tuple(kernel_sizes)}"
        )
    (_, first), (_, second) = kernel_sizes
    if (bands - first + 1) // pool_size < second:
        raise ValueError(
            "Kernels must fit into the bands, the second behind the pool. "
            f"Received: kernel_sizes={tuple(kernel_sizes)}, bands={bands}, pool_size={pool_size}"
        )
    return kernel_sizes

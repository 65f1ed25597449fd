"""Sainath et al.'s deep convolutional acoustic model for large vocabulary speech recognition."""

import keras
from keras import layers

from kerascnn.models.sounds import classified, framed
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

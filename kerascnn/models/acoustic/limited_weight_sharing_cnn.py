"""Abdel-Hamid et al.'s acoustic model, whose convolution differs from band to band."""

import keras

from kerascnn.layers import LimitedWeightSharing
from kerascnn.models.sounds import classified, framed
from kerascnn.registry import Experiment, register


@register(
    paper="https://ieeexplore.ieee.org/document/6857341",
    tiny={
        "input_shape": (960,),
        "bands": 8,
        "context": 3,
        "filters": 4,
        "kernel_size": 3,
        "pool_size": 2,
        "units": (8,),
    },
    params=2_785_799,
    experiment=Experiment(
        data="spoken_digits",
        data_options={"count": 1000},
        model_options={"filters": 12, "units": (64, 64)},
        epochs=6,
        batch_size=16,
        learning_rate=2e-3,
        passes=("frame_accuracy >= 0.95",),
    ),
)
def limited_weight_sharing_cnn(
    input_shape: tuple[int] = (160_000,),
    *,
    num_states: int = 183,
    sample_rate: int = 16_000,
    bands: int = 40,
    hop: float = 0.01,
    context: int = 15,
    filters: int = 84,
    kernel_size: int = 8,
    pool_size: int = 6,
    pool_strides: int = 2,
    units: tuple[int, ...] = (1000, 1000),
    dropout: float = 0.0,
) -> keras.Model:
    """Build a convolution and a pool along frequency, with weights of each section, and two layers.

    A window of 15 frames slides over the recording, filled up with zeros at both ends; one pass
    gives the states of all frames.

    Differs from the paper: hidden units are rectified, and nothing is trained in advance. It tries
    many numbers of filters; this is one of them.

    Args:
        input_shape: Number of samples.
        num_states: Number of states; the paper's are three for each of 61 phones.
        sample_rate: Samples a second, in Hz.
        bands: Bands of the mel scale; to them come their speeds and accelerations.
        hop: Time between two frames, in seconds.
        context: Frames that a window spans, at least 1.
        filters: Channels of each section.
        kernel_size: Side of the kernels, in bands.
        pool_size: Places of which the largest is left: a section.
        pool_strides: Places from one section to the next.
        units: Widths of the dense layers.
        dropout: Share of the dense units dropped in training, in [0, 1).

    Returns:
        A model from sounds `(batch, samples)` in [-1, 1] to logits `(batch, frames, num_states)`
        in float32.

    Raises:
        ValueError: If a number is not positive, or there are too few bands for one section.

    Example:
        >>> limited_weight_sharing_cnn((16_000,)).output_shape
        (None, 99, 183)

    Reference:
        https://ieeexplore.ieee.org/document/6857341
    """
    sound = keras.Input(input_shape, name="sound")
    x = framed(sound, bands, sample_rate, hop, context - 1)
    x = LimitedWeightSharing(
        filters,
        kernel_size,
        context=context,
        pool_size=pool_size,
        pool_strides=pool_strides,
        activation="relu",
        name="sections",
    )(x)
    return classified(sound, x, units, dropout, num_states, "limited_weight_sharing_cnn")

"""Deep Speech 2, convolutions over time and frequency before recurrent layers."""

import keras
from keras import layers

from kerascnn.layers import LogMel
from kerascnn.registry import Experiment, register

# Kernel and strides of each convolution, as (frames, bands).
_CONVOLUTIONS = (((11, 41), (2, 2)), ((11, 21), (1, 2)), ((11, 21), (1, 2)))
_MOST = 20.0  # at which activations are clipped


@register(
    paper="https://arxiv.org/abs/1512.02595",
    tiny={"input_shape": (960,), "bands": 16, "filters": (4, 4), "units": 6, "depth": 1},
    params=55_602_237,
    experiment=Experiment(
        data="spoken_digits",
        model_options={"bands": 32, "hop": 0.015, "filters": (8, 16), "units": 48, "depth": 1},
        epochs=10,
        batch_size=16,
        learning_rate=3e-3,
        passes=("token_error_rate <= 0.05",),
        # Half of the frames lie behind the end of a recording, where nothing is learned.
        lost={"answers": 0.2},
    ),
)
def deep_speech_2(
    input_shape: tuple[int] = (160_000,),
    *,
    num_tokens: int = 29,
    sample_rate: int = 16_000,
    bands: int = 80,
    hop: float = 0.01,
    filters: tuple[int, ...] = (32, 32, 96),
    units: int = 800,
    depth: int = 7,
) -> keras.Model:
    """Build Deep Speech 2: convolutions, bidirectional recurrent layers and a layer of tokens.

    Every layer but the last is normalised over the whole sequences of a batch.

    Differs from the paper: power is measured in bands of the mel scale instead of 161 even ones,
    recurrent layers are gated units and normalised behind, not inside, and batches are not sorted
    by length in the first epoch. The paper tries many sizes; this is one of them.

    Args:
        input_shape: Number of samples.
        num_tokens: Number of tokens, the blank included, which is the first.
        sample_rate: Samples a second, in Hz.
        bands: Bands of the mel scale.
        hop: Time between two frames, in seconds, at most 0.02; the first convolution halves them.
        filters: Channels of the one to three convolutions.
        units: Width of the recurrent layers, of which both directions are added.
        depth: Number of recurrent layers, at least 1.

    Returns:
        A model from sounds `(batch, samples)` in [-1, 1] to logits `(batch, frames, num_tokens)`
        in float32.

    Raises:
        ValueError: If there is no convolution, more than three, or no recurrent layer.

    Example:
        >>> deep_speech_2().output_shape
        (None, 500, 29)

    Reference:
        https://arxiv.org/abs/1512.02595
    """
    if not 1 <= len(filters) <= len(_CONVOLUTIONS) or depth < 1:
        raise ValueError(
            f"There must be 1 to {len(_CONVOLUTIONS)} convolutions and a recurrent layer. "
            f"Received: filters={tuple(filters)}, depth={depth}"
        )
    x = sound = keras.Input(input_shape, name="sound")
    x = LogMel(bands, sample_rate=sample_rate, hop=hop, name="log_mel")(x)
    x = layers.Reshape((*x.shape[1:], 1), name="image")(x)
    for number, (width, (size, strides)) in enumerate(zip(filters, _CONVOLUTIONS, strict=False), 1):
        x = layers.Conv2D(width, size, strides, "same", name=f"conv{number}")(x)
        x = layers.BatchNormalization(name=f"conv{number}_norm")(x)
        x = layers.ReLU(_MOST, name=f"conv{number}_relu")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="sequence")(x)
    for number in range(1, depth + 1):
        unit = layers.GRU(units, return_sequences=True, name=f"gru{number}_unit")
        x = layers.Bidirectional(unit, merge_mode="sum", name=f"gru{number}")(x)
        x = layers.BatchNormalization(name=f"gru{number}_norm")(x)
    x = layers.Dense(num_tokens, name="logits", dtype="float32")(x)
    return keras.Model(sound, x, name="deep_speech_2")

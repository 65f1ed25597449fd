"""Zhang et al.'s convolutions that write down speech without recurrent layers."""

import keras
from keras import layers

from kerascnn.layers import Deltas, Maxout
from kerascnn.models.sounds import heard
from kerascnn.registry import Experiment, register

_KERNEL = (5, 3)  # frames, bands
_PIECES = 2


@register(
    paper="https://arxiv.org/abs/1701.02720",
    tiny={"input_shape": (1280,), "bands": 9, "filters": (4, 8), "units": (8,)},
    params=5_867_278,
    experiment=Experiment(
        data="spoken_digits",
        model_options={
            "bands": 30,
            "filters": (16, 16, 32, 32),
            "units": (64,),
            "dropout": 0.0,
        },
        epochs=7,
        batch_size=16,
        learning_rate=2e-3,
        passes=("token_error_rate <= 0.05",),
        # Half of the frames lie behind the end of a recording, where nothing is learned.
        lost={"answers": 0.2},
    ),
)
def cnn_ctc(
    input_shape: tuple[int] = (160_000,),
    *,
    num_tokens: int = 62,
    sample_rate: int = 16_000,
    bands: int = 40,
    hop: float = 0.01,
    filters: tuple[int, ...] = (128,) * 4 + (256,) * 6,
    pool_size: int = 3,
    units: tuple[int, ...] = (1024, 1024, 1024),
    dropout: float = 0.3,
) -> keras.Model:
    """Build convolutions over time and frequency, all of maxout units, and dense layers.

    Only bands are pooled, behind the first convolution, so that there are logits for each frame.

    Differs from the paper: there is no energy beside the bands, and Adam trains it to the end.

    Args:
        input_shape: Number of samples.
        num_tokens: Number of tokens, the blank included, which is the first.
        sample_rate: Samples a second, in Hz.
        bands: Bands of the mel scale; to them come their speeds and accelerations.
        hop: Time between two frames, in seconds.
        filters: Channels of each convolution, even; a half of them are left by maxout.
        pool_size: Bands of which one is left behind the first convolution.
        units: Widths of the dense layers, even; a half is left by maxout.
        dropout: Share of the outputs of each layer dropped in training, in [0, 1).

    Returns:
        A model from sounds `(batch, samples)` in [-1, 1] to logits `(batch, frames, num_tokens)`
        in float32.

    Raises:
        ValueError: If there is no convolution, or a width is odd.

    Example:
        >>> cnn_ctc().output_shape
        (None, 999, 62)

    Reference:
        https://arxiv.org/abs/1701.02720
    """
    if not filters or any(width % _PIECES for width in (*filters, *units)):
        raise ValueError(
            "There must be a convolution, and all widths must be even. "
            f"Received: filters={tuple(filters)}, units={tuple(units)}"
        )
    sound = keras.Input(input_shape, name="sound")
    x = Deltas(name="deltas")(heard(sound, bands, sample_rate, hop))
    for number, width in enumerate(filters, 1):
        x = layers.Conv2D(width, _KERNEL, padding="same", name=f"conv{number}")(x)
        x = Maxout(_PIECES, name=f"conv{number}_maxout")(x)
        if number == 1:
            x = layers.MaxPooling2D((1, pool_size), name="pool")(x)
        x = layers.Dropout(dropout, name=f"conv{number}_dropout")(x)
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="frames")(x)
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, name=f"dense{number}")(x)
        x = Maxout(_PIECES, name=f"dense{number}_maxout")(x)
        x = layers.Dropout(dropout, name=f"dense{number}_dropout")(x)
    x = layers.Dense(num_tokens, name="logits", dtype="float32")(x)
    return keras.Model(sound, x, name="cnn_ctc")

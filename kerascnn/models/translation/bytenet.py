"""ByteNet, dilated convolutions over characters, the decoder stacked on the encoder."""

from collections.abc import Sequence

import keras
from keras import layers

from kerascnn.registry import Experiment, register
from kerascnn.training import SequenceToSequence


@register(
    paper="https://arxiv.org/abs/1610.10099",
    tiny={"input_shape": (7,), "filters": 4, "sets": 1, "dilation_rates": (2,)},
    params=273_169_856,
    unsupported={
        "mixed_precision": "Keras's loss scaling overlooks infinite gradients of an Embedding"
    },
    experiment=Experiment(
        data="number_words",
        model_options={"filters": 24, "sets": 1},
        epochs=12,
        learning_rate=3e-3,
        passes=("exact >= 0.9",),
        # Places behind the end of a translation are not learned.
        lost={"answers": 0.05},
    ),
)
def bytenet(
    input_shape: tuple[int] = (256,),
    *,
    num_tokens: int = 256,
    length: int = 308,
    filters: int = 800,
    sets: int = 6,
    dilation_rates: Sequence[int] = (1, 2, 4, 8, 16),
    kernel_size: int = 3,
) -> SequenceToSequence:
    """Build ByteNet: an encoder that sees the whole source, and a decoder that sees no future.

    Each character of the translation is made of what the encoder gives at its own place, and of
    the characters before. There are as many places as the translation may be long: 1.2 times the
    source in the paper.

    Differs from the paper: what the encoder gives and the characters are added up, as it does not
    say how they are joined, and sources are filled up to one length.

    Args:
        input_shape: Characters of the source, filled up with 0.
        num_tokens: Number of characters of the vocabulary, the end, 0, and the start, 1, included.
        length: Most characters of the translation, the end included.
        filters: Channels inside the residual blocks; outside there are twice as many.
        sets: How often the dilation rates are repeated in either network.
        dilation_rates: Dilation rate of each block of a set.
        kernel_size: Side of the dilated kernels, odd.

    Returns:
        A `SequenceToSequence`, whose `encoder` maps `source`, int32 `(batch, characters)`, to
        `features`, `(batch, length, 2 * filters)`, and whose `decoder` maps these and `tokens`,
        int32 `(batch, length)`, to `logits`, `(batch, length, num_tokens)`, in float32.

    Raises:
        ValueError: If the kernel is even, or there is no block.

    Example:
        >>> model = bytenet((23,), num_tokens=40, length=5, filters=16, sets=1)
        >>> model.decoder.output["logits"].shape
        (None, 5, 40)

    Reference:
        https://arxiv.org/abs/1610.10099
    """
    if kernel_size % 2 == 0 or sets < 1 or not dilation_rates:
        raise ValueError(
            "The kernel must be odd, and there must be a block. Received: "
            f"kernel_size={kernel_size}, sets={sets}, dilation_rates={tuple(dilation_rates)}"
        )
    blocks = (filters, kernel_size, tuple(dilation_rates) * sets)
    return SequenceToSequence(
        _encoder(input_shape, num_tokens, length, *blocks),
        _decoder(num_tokens, length, *blocks),
        name="bytenet",
    )


def _encoder(input_shape, num_tokens, length, filters, kernel_size, rates):
    source = keras.Input(input_shape, dtype="int32", name="source")
    x = layers.Embedding(num_tokens, 2 * filters, name="characters")(source)
    missing = length - x.shape[1]
    if missing > 0:
        x = layers.ZeroPadding1D((0, missing), name="places")(x)
    x = _blocks(x, filters, kernel_size, rates, "same")
    if missing < 0:
        x = layers.Cropping1D((0, -missing), name="places")(x)
    return keras.Model(source, {"features": x}, name="encoder")


def _decoder(num_tokens, length, filters, kernel_size, rates):
    tokens = keras.Input((length,), dtype="int32", name="tokens")
    features = keras.Input((length, 2 * filters), name="features")
    x = layers.Embedding(num_tokens, 2 * filters, name="characters")(tokens)
    x = layers.Add(name="stacked")([x, features])
    x = _blocks(x, filters, kernel_size, rates, "causal")
    x = layers.ReLU(name="relu")(layers.LayerNormalization(name="norm")(x))
    x = layers.Dense(2 * filters, activation="relu", name="dense")(x)
    x = layers.Dense(num_tokens, name="logits", dtype="float32")(x)
    return keras.Model({"tokens": tokens, "features": features}, {"logits": x}, name="decoder")


def _blocks(x, filters, kernel_size, rates, padding):
    """Add to what there is what a dilated convolution between two narrow ones makes of it."""
    for number, rate in enumerate(rates, 1):
        name, y = f"block{number}", x
        for part, (width, side) in enumerate(
            ((filters, 1), (filters, kernel_size), (2 * filters, 1)), 1
        ):
            y = layers.LayerNormalization(name=f"{name}_norm{part}")(y)
            y = layers.ReLU(name=f"{name}_relu{part}")(y)
            dilation = {"dilation_rate": rate, "padding": padding} if side > 1 else {}
            y = layers.Conv1D(width, side, name=f"{name}_conv{part}", **dilation)(y)
        x = layers.Add(name=f"{name}_sum")([x, y])
    return x

"""Attention on attention: regions refined by it, and an LSTM that looks at them by it."""

from collections.abc import Sequence

import keras
from keras import layers

from kerascnn.layers import AttentionOnAttention
from kerascnn.registry import Experiment, register
from kerascnn.training import SequenceToSequence


@register(
    paper="https://arxiv.org/abs/1908.06954",
    tiny={"input_shape": (8, 8, 3), "filters": (4, 4), "units": 8, "num_heads": 2, "depth": 1},
    params=85_558_544,
    unsupported={
        "mixed_precision": "Keras's loss scaling overlooks infinite gradients of an Embedding"
    },
    experiment=Experiment(
        data="captioned_scenes",
        data_options={"count": 8000},
        model_options={
            "filters": (16, 32, 32),
            "units": 64,
            "num_heads": 4,
            "depth": 1,
            "dropout": 0.0,
            "label_smoothing": 0.0,
        },
        epochs=12,
        batch_size=32,
        learning_rate=2e-3,
        passes=("exact >= 0.8",),
        lost={"answers": 0.06},
    ),
)
def aoanet(
    input_shape: tuple[int, ...] = (36, 2048),
    *,
    num_tokens: int = 9488,
    length: int = 17,
    filters: Sequence[int] = (),
    units: int = 1024,
    num_heads: int = 8,
    depth: int = 6,
    dropout: float = 0.3,
    label_smoothing: float = 0.2,
) -> SequenceToSequence:
    """Build AoANet: a refining encoder of regions, and a decoder of one word after the other.

    Each refining layer adds to its normalised regions what they attend to among themselves. The
    decoder is an LSTM that is told the last word, the mean of the regions and what it said last,
    and that attends to the regions; both weigh what they attend to by a gate.

    Differs from the paper: it is trained by cross entropy alone, without the reward of whole
    sentences, and always told the true words.

    Args:
        input_shape: Regions and the features of each, as a detector gives them, or height, width
            and channels of images.
        num_tokens: Number of words, the end, 0, and the start, 1, included.
        length: Most words of a sentence, the end included; it does not change the networks.
        filters: Channels of the convolutions that halve the sides of images until their pixels are
            regions; none where regions are given.
        units: Channels of regions, words and states.
        num_heads: Heads of each attention, a divisor of `units`.
        depth: Number of refining layers.
        dropout: Share of regions, words and answers dropped in training, in [0, 1).
        label_smoothing: Share of the target that is spread over all words, in [0, 1).

    Returns:
        A `SequenceToSequence`, whose `encoder` gives `mean`, `keys` and `values` of the regions,
        and whose `decoder` is a step: it maps these, `token`, int32 `(batch,)`, and its own
        `hidden`, `cell` and `context`, to `logits`, `(batch, num_tokens)`, and these again.

    Raises:
        ValueError: If the filters do not fit the input, or the heads the units.

    Example:
        >>> model = aoanet((32, 32, 3), num_tokens=20, filters=(16, 32), units=64)
        >>> model.decoder.output["logits"].shape
        (None, 20)

    Reference:
        https://arxiv.org/abs/1908.06954
    """
    if (len(input_shape) == 3) != bool(filters) or length < 1:
        raise ValueError(
            "Images need filters, such as (16, 32, 32), regions none, and a sentence its end. "
            f"Received: input_shape={tuple(input_shape)}, filters={tuple(filters)}, "
            f"length={length}"
        )
    encoder = _encoder(input_shape, filters, units, num_heads, depth, dropout)
    return SequenceToSequence(
        encoder,
        _decoder(encoder.output, num_tokens, units, num_heads, dropout),
        label_smoothing=label_smoothing,
        name="aoanet",
    )


def _encoder(input_shape, filters, units, num_heads, depth, dropout):
    x = given = keras.Input(input_shape, name="image" if filters else "regions")
    for number, width in enumerate(filters, 1):
        x = layers.Conv2D(width, 3, 2, "same", activation="relu", name=f"conv{number}")(x)
    if filters:
        x = layers.Reshape((x.shape[1] * x.shape[2], x.shape[3]), name="pixels")(x)
    x = layers.Dense(units, activation="relu", name="embedded")(x)
    x = layers.Dropout(dropout, name="embedded_dropout")(x)
    for number in range(1, depth + 1):
        y = layers.LayerNormalization(name=f"refined{number}_norm")(x)
        y = AttentionOnAttention(num_heads, name=f"refined{number}")([y, y, y])
        y = layers.Dropout(dropout, name=f"refined{number}_dropout")(y)
        x = layers.Add(name=f"refined{number}_sum")([x, y])
    x = layers.LayerNormalization(name="norm")(x)
    outputs = {name: layers.Dense(units, name=name)(x) for name in ("keys", "values")}
    mean = layers.GlobalAveragePooling1D(name="mean")(x)
    return keras.Model(given, {"mean": mean, **outputs}, name="encoder")


def _decoder(seen, num_tokens, units, num_heads, dropout):
    inputs = {
        "token": keras.Input((), dtype="int32", name="token"),
        **{name: keras.Input(one.shape[1:], name=name) for name, one in seen.items()},
        **{name: keras.Input((units,), name=name) for name in ("hidden", "cell", "context")},
    }
    word = layers.Embedding(num_tokens, units, name="words")(inputs["token"])
    word = layers.Dropout(dropout, name="words_dropout")(layers.ReLU(name="words_relu")(word))
    said = layers.Dropout(dropout, name="context_dropout")(inputs["context"])
    told = layers.Add(name="told")([inputs["mean"], said])
    x = layers.Concatenate(name="heard")([word, told])
    hidden, (_, cell) = layers.LSTMCell(units, name="lstm")(x, [inputs["hidden"], inputs["cell"]])
    query = layers.Reshape((1, units), name="query")(hidden)
    attention = AttentionOnAttention(num_heads, project=False, normalize=True, name="attention")
    x = attention([query, inputs["keys"], inputs["values"]])
    context = layers.Reshape((units,), name="answer")(x)
    x = layers.Dropout(dropout, name="answer_dropout")(context)
    logits = layers.Dense(num_tokens, name="logits", dtype="float32")(x)
    outputs = {"logits": logits, "hidden": hidden, "cell": cell, "context": context}
    return keras.Model(inputs, outputs, name="decoder")

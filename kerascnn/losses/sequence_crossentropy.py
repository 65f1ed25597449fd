"""Cross entropy of the words of sentences of different lengths."""

import keras
from keras import ops

from kerascnn.losses.smoothed import check_smoothing, smoothed_crossentropy


def sequence_crossentropy(y_true, y_pred, *, label_smoothing=0.0):
    """Compute the mean cross entropy, in nats, of a sentence's words and of its end.

    `-1/n sum_i sum_k t_ik log p_ik` over the `n` places up to the first end, with targets smoothed
    as in `smoothed_crossentropy`. Places behind the first end do not count. Computed in float32 or
    wider.

    Args:
        y_true: Words from 1 up with zeros, the end, behind them, integer `(batch, length)`.
        y_pred: Logits of the word at each place, `(batch, length, num_tokens)`.
        label_smoothing: Share of the target that is spread over all words, in [0, 1).

    Returns:
        `(batch,)`, one cost a sentence.

    Raises:
        ValueError: If the smoothing is out of its range.

    Example:
        >>> sequence_crossentropy([[1, 0, 0]], [[[0.0, 0.0], [0.0, 0.0], [9.0, 0.0]]]).numpy()
        array([0.6931472], dtype=float32)

    Reference:
        https://arxiv.org/abs/1409.3215
    """
    words = ops.cast(y_true, "int32")
    targets = ops.one_hot(words, y_pred.shape[-1])
    nats = smoothed_crossentropy(targets, y_pred, label_smoothing=label_smoothing, from_logits=True)
    ends = ops.cast(words == 0, "int32")
    counts = ops.cast(ops.cumsum(ends, axis=-1) - ends == 0, nats.dtype)
    return ops.sum(counts * nats, axis=-1) / ops.sum(counts, axis=-1)


@keras.saving.register_keras_serializable(package="kerascnn")
class SequenceCrossentropy(keras.losses.Loss):
    """Compute `sequence_crossentropy`.

    Args:
        label_smoothing: Share of the target that is spread over all words, in [0, 1).
        reduction: How the sentences are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Raises:
        ValueError: If the smoothing is out of its range.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.SequenceCrossentropy())

    Reference:
        https://arxiv.org/abs/1409.3215
    """

    def __init__(
        self,
        label_smoothing=0.0,
        reduction="sum_over_batch_size",
        name="sequence_crossentropy",
        dtype=None,
    ):
        super().__init__(name=name, reduction=reduction, dtype=dtype)
        check_smoothing(label_smoothing)
        self.label_smoothing = label_smoothing

    def call(self, y_true, y_pred):
        """Give one cost a sentence."""
        return sequence_crossentropy(y_true, y_pred, label_smoothing=self.label_smoothing)

    def get_config(self):
        """Describe the arguments."""
        return {**super().get_config(), "label_smoothing": self.label_smoothing}

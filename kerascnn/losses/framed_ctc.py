"""Connectionist temporal classification of recordings that end before their last frame."""

import keras
from keras import ops

from kerascnn.losses.targets import wide


def framed_ctc(y_true, y_pred):
    """Give how improbable a sequence of tokens is, whatever frames its tokens stand in.

    `-log sum_alignments prod_t p_t(alignment_t)`, over the alignments of the first frames that
    become the sequence once equal neighbours are merged and blanks are left out. `keras.losses.CTC`
    takes all frames to be heard. Computed in float32 or wider.

    Args:
        y_true: `(batch, 1 + tokens)`: how many frames are heard, then tokens from 1, then zeros.
        y_pred: Logits, `(batch, frames, tokens)`, of which 0 is the blank.

    Returns:
        `(batch,)`, one cost a sample, in nats.

    Example:
        >>> framed_ctc([[1, 1]], [[[0.0, 0.0], [9.0, 9.0]]]).numpy()
        array([0.6931472], dtype=float32)

    Reference:
        Graves et al., Connectionist Temporal Classification, 2006
    """
    targets = ops.cast(y_true, "int32")
    frames, tokens = targets[:, 0], targets[:, 1:]
    lengths = ops.sum(ops.cast(tokens != 0, "int32"), axis=-1)
    return ops.ctc_loss(tokens, wide(y_pred), lengths, frames, mask_index=0)


@keras.saving.register_keras_serializable(package="kerascnn")
class FramedCTC(keras.losses.Loss):
    """Compute `framed_ctc`.

    Args:
        reduction: How the samples are reduced, as in every Keras loss.
        name: Name of the loss.
        dtype: Precision of the computation.

    Example:
        >>> model.compile("adam", loss=kerascnn.losses.FramedCTC())

    Reference:
        Graves et al., Connectionist Temporal Classification, 2006
    """

    def __init__(self, reduction="sum_over_batch_size", name="framed_ctc", dtype=None):
        super().__init__(name=name, reduction=reduction, dtype=dtype)

    def call(self, y_true, y_pred):
        """Give one cost a sample."""
        return framed_ctc(y_true, y_pred)

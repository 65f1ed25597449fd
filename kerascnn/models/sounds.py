"""What the networks of recordings begin and end with."""

import keras
from keras import layers

from kerascnn.layers import Deltas, LogMel


def heard(sound, bands, sample_rate, hop):
    """Give the loudness in bands, each of mean 0 and deviation 1, `(batch, frames, bands)`."""
    x = LogMel(bands, sample_rate=sample_rate, hop=hop, name="log_mel")(sound)
    return layers.BatchNormalization(
        momentum=0.9, center=False, scale=False, name="normalized_bands"
    )(x)


def framed(sound, bands, sample_rate, hop, context):
    """Give bands with their speeds and accelerations, `(batch, frames + context, bands, 3)`."""
    x = Deltas(name="deltas")(heard(sound, bands, sample_rate, hop))
    before = context // 2
    return layers.ZeroPadding2D(((before, context - before), (0, 0)), name="context")(x)


def classified(sound, x, units, dropout, num_states, name):
    """Put dense layers behind each frame of maps `(batch, frames, bands, channels)`."""
    x = layers.Reshape((x.shape[1], x.shape[2] * x.shape[3]), name="frames")(x)
    for number, width in enumerate(units, 1):
        x = layers.Dense(width, activation="relu", name=f"dense{number}")(x)
        x = layers.Dropout(dropout, name=f"dropout{number}")(x)
    x = layers.Dense(num_states, name="logits", dtype="float32")(x)
    return keras.Model(sound, x, name=name)

import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import LogMel

RNG = np.random.default_rng(0)
SOUND = RNG.uniform(-1, 1, size=(2, 1000)).astype("float32")


def slow_log_mel(sound, bands, rate, length, step, floor):
    """One frame and one band after the other, by the fast transform and triangles in mels."""
    window = np.hanning(length + 1)[:-1]
    mels = 2595 * np.log10(1 + np.fft.rfftfreq(length, 1 / rate) / 700)
    width = 2595 * np.log10(1 + rate / 2 / 700) / (bands + 1)
    frames = []
    for start in range(0, len(sound) - length + 1, step):
        power = np.abs(2 / window.sum() * np.fft.rfft(window * sound[start : start + length])) ** 2
        triangles = [np.maximum(0, 1 - np.abs(mels / width - band - 1)) for band in range(bands)]
        frames.append([np.log(np.dot(triangle, power) + floor) for triangle in triangles])
    return np.array(frames)


@pytest.mark.parametrize(("window", "hop"), [(0.02, 0.01), (0.02, 0.015), (0.016, 0.016)])
def test_it_is_the_logarithm_of_the_power_in_triangular_bands(window, hop):
    layer = LogMel(7, sample_rate=4000, window=window, hop=hop, floor=0.01)
    sizes = round(4000 * window), round(4000 * hop)
    expected = [slow_log_mel(sound, 7, 4000, *sizes, 0.01) for sound in SOUND]
    np.testing.assert_allclose(layer(SOUND), expected, rtol=1e-4, atol=1e-4)


def test_a_sine_of_amplitude_1_has_a_power_of_1_in_all_bands_together():
    time = np.arange(800) / 8000
    bands = LogMel(20, sample_rate=8000, floor=1e-9)(np.sin(2 * np.pi * 1000 * time)[np.newaxis])
    # A Hann window leaves a quarter of the peak's power in either neighbour.
    np.testing.assert_allclose(np.exp(bands).sum(axis=-1), 1.5, rtol=0.02)


def test_silence_is_at_the_floor():
    layer = LogMel(5, floor=1e-2)
    np.testing.assert_allclose(layer(np.zeros((1, 640))), np.full((1, 3, 5), np.log(1e-2)), 1e-5)


def test_what_lies_behind_the_last_frame_is_not_heard():
    layer = LogMel(5, sample_rate=4000)  # frames of 80 samples, every 40
    np.testing.assert_allclose(layer(SOUND[:, :999]), layer(SOUND[:, :960]), rtol=1e-5)


def test_it_works_without_the_fast_transform():
    layer = LogMel(5, sample_rate=4000)
    concrete = tf.function(layer).get_concrete_function(tf.TensorSpec((1, 1000)))
    assert not [op.type for op in concrete.graph.get_operations() if "FFT" in op.type]


@pytest.mark.parametrize("shape", [(1, 319), (1, 640, 1)])
def test_what_holds_no_frame_is_refused(shape):
    with pytest.raises(ValueError, match=r"must have 320 samples.*Received: input_shape="):
        LogMel(5)(keras.ops.zeros(shape))

import keras
import numpy as np
import pytest

from kerascnn.layers import LimitedWeightSharing

RNG = np.random.default_rng(0)
BANDS = RNG.normal(size=(2, 17, 3)).astype("float32")


def built(**options):
    layer = LimitedWeightSharing(4, 3, **{"pool_size": 5, "pool_strides": 2, **options})
    layer.build(BANDS.shape)
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return layer


def slow(layer, x, activate):
    """One number after the other."""
    sections = (len(x) - 3 - 5 + 1) // 2 + 1
    pooled = np.zeros((sections, 4))
    for section, out in np.ndindex(sections, 4):
        kernel, bias = layer.sections[section].get_weights()
        places = [
            activate(np.sum(x[first : first + 3] * kernel[..., out]) + bias[out])
            for first in range(2 * section, 2 * section + 5)
        ]
        pooled[section, out] = max(places)
    return pooled


@pytest.mark.parametrize(("activation", "activate"), [(None, float), ("relu", lambda x: max(x, 0))])
def test_each_section_is_convolved_by_its_own_kernel_and_pooled(activation, activate):
    layer = built(activation=activation)
    expected = [slow(layer, x, activate) for x in BANDS]
    np.testing.assert_allclose(layer(BANDS), expected, rtol=1e-5, atol=1e-5)


def test_with_one_kernel_for_all_it_is_a_convolution_and_a_pool():
    layer = built()
    kernel, bias = layer.sections[0].get_weights()
    for section in layer.sections:
        section.set_weights([kernel, bias])
    convolution = keras.layers.Conv1D(4, 3)
    convolution.build(BANDS.shape)
    convolution.set_weights([kernel, bias])
    expected = keras.layers.MaxPooling1D(5, 2)(convolution(BANDS))
    np.testing.assert_allclose(layer(BANDS), expected, rtol=1e-5, atol=1e-5)


def test_it_has_a_kernel_and_a_bias_for_each_section_of_the_paper():
    layer = LimitedWeightSharing(80, 8)
    layer.build((None, 40, 45))
    assert layer.count_params() == 14 * (8 * 45 * 80 + 80)


@pytest.mark.parametrize("shape", [(None, 6, 3), (None, None, 3)])
def test_too_few_bands_are_refused(shape):
    with pytest.raises(ValueError, match="7 bands at least"):
        LimitedWeightSharing(4, 3, pool_size=5).build(shape)


def test_over_frames_a_kernel_spans_its_context():
    sound = RNG.normal(size=(2, 6, 17, 3)).astype("float32")
    layer = LimitedWeightSharing(4, 3, context=2, pool_size=5, pool_strides=2)
    given = np.asarray(layer(sound))
    for frame in range(5):
        together = np.concatenate([sound[:, frame], sound[:, frame + 1]], axis=-1)
        alone = LimitedWeightSharing(4, 3, pool_size=5, pool_strides=2)
        alone.build(together.shape)
        for section, whole in zip(alone.sections, layer.sections, strict=True):
            kernel, bias = whole.get_weights()
            section.set_weights([np.concatenate(kernel, axis=1), bias])
        np.testing.assert_allclose(given[:, frame], alone(together), rtol=1e-4, atol=1e-5)

import keras
import numpy as np
import pytest

from kerascnn.models.speech.cnn_ctc import cnn_ctc
from kerascnn.registry import get_system

TINY = get_system("cnn_ctc").tiny


def test_it_has_the_layers_of_the_paper_and_their_parameters():
    with keras.StatelessScope(initialize_variables=False):
        model = cnn_ctc()
    count, before = 2 * 40, 3  # mean and variance of each band; bands and their two differences
    for filters in (128,) * 4 + (256,) * 6:
        count += before * 3 * 5 * filters + filters
        before = filters // 2
    for units, given in ((1024, before * (40 // 3)), (1024, 512), (1024, 512), (62, 512)):
        count += given * units + units
    assert model.count_params() == count
    assert model.get_layer("pool").output.shape == (None, 999, 13, 64)


def test_only_maxima_are_no_linear_functions_of_the_bands():
    kinds = {type(layer).__name__ for layer in cnn_ctc(**TINY).layers}
    assert not kinds & {"ReLU", "Activation", "GRU", "LSTM", "Bidirectional"}


def test_a_frame_sees_what_its_kernels_reach():
    model = cnn_ctc((16_000,), filters=(4, 4, 4), units=(8,))
    sound = np.random.default_rng(0).uniform(-1, 1, (1, 16_000)).astype("float32")
    heard = sound.copy()
    heard[:, 8000:8160] = 0.0
    moved = np.any(np.asarray(model(sound)) != np.asarray(model(heard)), axis=-1)[0]
    changed = np.flatnonzero(moved)
    reach = 3 * 2 + 2 * 2  # three kernels of 5, and differences of differences
    assert 49 - reach <= changed.min() <= changed.max() <= 50 + reach
    assert len(changed) >= 13


@pytest.mark.parametrize("wrong", [{"filters": ()}, {"filters": (3,)}, {"units": (7,)}], ids=str)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="all widths must be even"):
        cnn_ctc(**{**TINY, **wrong})

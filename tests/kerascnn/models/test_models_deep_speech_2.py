"""Deep Speech 2: its size, what its layers see, and its road to a transcript."""

import wave

import keras
import numpy as np
import pytest

from kerascnn import create_model, data, edge, export
from kerascnn.tasks import get_task

SMALL = {"sample_rate": 8000, "bands": 16, "filters": (4, 4), "units": 6, "depth": 1}


def small(samples=4000, **options):
    keras.utils.set_random_seed(0)
    return create_model("deep_speech_2", input_shape=(samples,), **{**SMALL, **options})


def conv(frames, bands, given, made):
    return frames * bands * given * made + made


def gru(given, made):
    """Both directions: kernels of three gates, and two biases of each."""
    return 2 * 3 * (given * made + made * made + 2 * made)


FRONT = conv(11, 41, 1, 32) + conv(11, 21, 32, 32) + conv(11, 21, 32, 96)


def test_the_convolutions_have_the_parameters_of_the_paper():
    assert FRONT == 960_768
    with keras.StatelessScope(initialize_variables=False):
        model = create_model("deep_speech_2", depth=1)
    counts = [layer.count_params() for layer in model.layers]
    kinds = [isinstance(layer, keras.layers.Conv2D) for layer in model.layers]
    assert sum(count for count, kind in zip(counts, kinds, strict=True) if kind) == FRONT


def test_it_has_as_many_parameters_as_its_layers_together():
    norms = 4 * (32 + 32 + 96) + 7 * 4 * 800
    recurrent = gru(10 * 96, 800) + 6 * gru(800, 800)  # 80 bands, halved three times
    assert FRONT + norms + recurrent + 800 * 29 + 29 == 55_602_237


def test_a_frame_lasts_two_hops():
    # 8 kHz: frames of 160 samples, every 80, of which every second is kept.
    assert small(4000).output_shape == (None, (4000 - 160) // 80 // 2 + 1, 29)


def test_recurrent_layers_hear_the_whole_recording_from_both_ends():
    model = small(4000)
    both = keras.Model(model.input, [model.get_layer("sequence").output, model.output])
    sound = np.zeros((1, 4000), np.float32)
    before = [np.array(value) for value in both(sound)]
    for place, far in ((slice(0, 400), -1), (slice(3600, 4000), 0)):
        changed = sound.copy()
        changed[:, place] = np.random.default_rng(0).uniform(-1, 1, 400)
        pairs = zip(both(changed), before, strict=True)
        convolved, heard = (np.abs(np.array(new) - old)[0, far].max() for new, old in pairs)
        assert convolved == 0
        assert heard > 0


def test_activations_are_clipped_at_20():
    model = small()
    clipped = keras.Model(model.input, model.get_layer("conv1_relu").output)
    model.get_layer("conv1").bias.assign([100.0, -100.0, 3.0, 0.0])
    values = np.array(clipped(np.zeros((1, 4000))))
    assert values.max() == 20
    assert values[..., 1].max() == 0


def test_the_file_writes_a_recording_down(tmp_path):
    dataset = data.load("spoken_digits", count=16)
    task = get_task("speech")
    options = {**SMALL, **task.model_options(dataset)}
    model = create_model("deep_speech_2", **options)
    model.get_layer("logits").bias.assign([0.0, 0.0, 0.0, 50.0] + 7 * [0.0])  # says "2" once
    path = tmp_path / "model.tflite"
    export.to_tflite(model, path, metadata=edge.Metadata(**task.metadata(dataset)))
    with wave.open(str(tmp_path / "words.wav"), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(dataset.sample_rate)
        file.writeframes(np.zeros(6000, np.int16).tobytes())
    best, *_ = edge.TASKS["speech"](edge.load(path), tmp_path / "words.wav")
    assert best.text == "2"


def test_a_model_of_too_few_tokens_or_another_length_is_refused():
    dataset, task = data.load("spoken_digits", count=16), get_task("speech")
    with pytest.raises(ValueError, match=r"num_tokens=11\. Received: 5 outputs"):
        task.check(small(8800, num_tokens=5), dataset)
    with pytest.raises(ValueError, match=r"input_shape=\(8800,\)\. Received: \(4000,\)"):
        task.check(small(num_tokens=11), dataset)


@pytest.mark.parametrize("wrong", [{"filters": ()}, {"filters": (1, 1, 1, 1)}, {"depth": 0}])
def test_what_is_not_the_paper_is_refused(wrong):
    with pytest.raises(ValueError, match=f"Received: .*{next(iter(wrong))}="):
        small(**wrong)

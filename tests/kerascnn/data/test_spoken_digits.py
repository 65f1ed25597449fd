"""Generated recordings and those of one's own."""

import itertools
import sys

import numpy as np
import pytest

from kerascnn import data


def splits(dataset):
    return [data.arrays(split) for split in (dataset.train, dataset.validation, dataset.test)]


def test_recordings_are_padded_with_zeros_and_in_range():
    dataset = data.load("spoken_digits", count=40)
    for split in splits(dataset):
        assert split["sound"].dtype == np.float32
        assert split["sound"].shape[1:] == dataset.shape == (8800,)
        assert np.abs(split["sound"]).max() <= 1
        heard = [np.flatnonzero(sound)[-1] + 1 for sound in split["sound"]]
        said = np.sum(split["tokens"] > 0, axis=1)
        assert set(said) <= {2, 3, 4, 5}
        # Words last 90 to 160 ms, pauses 10 to 50.
        assert all(720 * n + 80 * (n + 1) <= end + 80 for n, end in zip(said, heard, strict=True))
        assert all(end <= 1280 * n + 400 * (n + 1) for n, end in zip(said, heard, strict=True))
        last = np.take_along_axis(split["tokens"], said[:, np.newaxis] - 1, axis=1)
        assert last.min() >= 1
        assert split["tokens"].max() < len(dataset.labels) == 11


def test_splits_are_counted_and_share_no_recording():
    parts = splits(data.load("spoken_digits", count=40))
    assert [len(part["sound"]) for part in parts] == [40, 10, 10]
    sounds = {sound.tobytes() for part in parts for sound in part["sound"]}
    assert len(sounds) == 60


def test_the_seed_decides_what_is_said():
    first, again, other = (
        data.arrays(data.load("spoken_digits", count=8, seed=seed).train) for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(first["sound"], again["sound"])
    assert not np.array_equal(first["tokens"], other["tokens"])


def test_a_word_has_the_pitch_of_a_voice_and_formants_that_glide():
    dataset = data.load("spoken_digits", count=400, noise=0.0)
    examples = data.arrays(dataset.train)
    first = examples["sound"][examples["tokens"][:, 0] == 3, :2000]  # "2" glides up to 2500 Hz
    means = []
    for sound in first:
        start = np.flatnonzero(sound)[0]
        power = [np.abs(np.fft.rfft(sound[start + t : start + t + 320])) ** 2 for t in (0, 400)]
        high = np.fft.rfftfreq(320, 1 / dataset.sample_rate) > 600
        means.append([np.average(np.flatnonzero(high), weights=p[high]) * 25 for p in power])
    early, late = np.mean(means, axis=0)
    assert early + 400 < late


@pytest.mark.parametrize(
    "options", [{"count": 3}, {"noise": -0.1}, {"noise": np.nan}, {"voice": "song"}]
)
def test_what_cannot_be_generated_is_refused(options):
    with pytest.raises(ValueError, match=f"Received: .*{next(iter(options))}="):
        data.load("spoken_digits", **options)


SAYS = """#!{python}
import sys
import numpy as np, soundfile
word, file = sys.argv[-1], sys.argv[sys.argv.index("-w") + 1]
pitch, speed = (int(sys.argv[sys.argv.index(flag) + 1]) for flag in ("-p", "-s"))
if word == "seven" and {mute}:
    sys.exit("hoarse")
time = np.arange(int(22050 * 60 / speed)) / 22050
wave = 0.5 * np.sin(2 * np.pi * (200 + 40 * len(word) + pitch) * time)
soundfile.write(file, np.concatenate([np.zeros(2000), wave, np.zeros(3000)]), 22050)
"""


def install(folder, monkeypatch, mute=False):
    program = folder / "espeak-ng"
    program.write_text(SAYS.format(python=sys.executable, mute=mute))
    program.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=":")


def test_a_synthesiser_says_the_names_fast_and_slow_without_silence(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch)
    dataset = data.load("spoken_digits", count=8, noise=0.0, voice="espeak-ng")
    assert abs(dataset.shape[0] - (5 * 0.3 + 6 * 0.05) * 8000) < 20  # 200 words a minute
    examples = data.arrays(dataset.train)
    lengths = set()
    for tokens, states in zip(examples["tokens"], examples["states"], strict=True):
        heard = [int(k) for k, _ in itertools.groupby(states) if k]
        assert heard == [token for token in tokens if token]
        lengths |= {len(list(group)) for key, group in itertools.groupby(states) if key}
    assert {round(length / 8000, 2) for length in lengths} == {0.23, 0.3}


def test_without_a_synthesiser_there_is_a_remedy(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ValueError, match=r"install it, or take voice='formants'"):
        data.load("spoken_digits", voice="espeak-ng")


def test_a_word_that_is_not_said_is_refused(tmp_path, monkeypatch):
    install(tmp_path, monkeypatch, mute=True)
    with pytest.raises(ValueError, match=r"'seven', and exit code 1 \(hoarse\)"):
        data.load("spoken_digits", voice="espeak-ng")


def own(**changed):
    arguments = {
        "sounds": np.linspace(-1, 1, 200).reshape(20, 10),
        "tokens": np.ones((20, 3), int),
        "sample_rate": 100,
        "label_names": ("blank", "a"),
        **changed,
    }
    return data.from_sounds("mine", **arguments)


def test_own_recordings_are_divided():
    dataset = own()
    assert [int(split.cardinality()) for split in (dataset.train, dataset.test)] == [14, 3]
    assert (dataset.shape, dataset.sample_rate, dataset.labels) == ((10,), 100, ("blank", "a"))


@pytest.mark.parametrize(
    ("changed", "received"),
    [
        ({"sounds": np.zeros((20, 10, 1))}, r"sounds of shape \(20, 10, 1\)"),
        ({"tokens": np.ones((19, 3), int)}, r"tokens of shape \(19, 3\)"),
        ({"sounds": np.zeros((20, 10), int)}, "int64 up to 0"),
        ({"sounds": np.full((20, 10), 2.0)}, r"up to 2\.0"),
        ({"sounds": np.full((20, 10), np.nan)}, "up to nan"),
        ({"tokens": np.full((20, 3), 2)}, "with the value 2"),
        ({"tokens": np.ones((20, 3))}, "tokens of type float64"),
        ({"sample_rate": 0}, "sample_rate=0"),
    ],
)
def test_own_recordings_that_are_none_are_refused(changed, received):
    with pytest.raises(ValueError, match=f"Received: .*{received}"):
        own(**changed)

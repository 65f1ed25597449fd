"""Folders of recordings, as Speech Commands and LibriSpeech are."""

import numpy as np
import pytest
import soundfile

from kerascnn import data

RNG = np.random.default_rng(0)


def record(file, seconds=0.5, rate=8000, channels=1):
    file.parent.mkdir(parents=True, exist_ok=True)
    sound = RNG.uniform(-0.5, 0.5, (int(seconds * rate), channels))
    soundfile.write(file, sound, rate)
    return sound.mean(axis=1)


@pytest.fixture
def commands(tmp_path):
    for word in ("yes", "no"):
        for index in range(8):
            record(tmp_path / word / f"{index}.wav")
    record(tmp_path / "_background_noise_" / "rain.wav", seconds=2)
    return tmp_path


@pytest.fixture
def library(tmp_path):
    sounds = {}
    for split in ("train-clean", "dev-clean", "test-clean"):
        folder = tmp_path / split / "19" / "198"
        lines = []
        for index, text in enumerate(("IT'S A DOG", "YES", "A CAT")):
            sounds[text] = record(folder / f"19-198-{index}.flac", seconds=0.2 + 0.2 * index)
            lines.append(f"19-198-{index} {text}\n")
        (folder / "19-198.trans.txt").write_text("".join(lines))
    return tmp_path


def test_words_are_the_names_of_folders_and_noise_is_none(commands):
    dataset = data.load(commands, sample_rate=8000, validation=0.25, test=0.25)
    assert dataset.labels == ("blank", "no", "yes")
    assert (dataset.shape, dataset.sample_rate) == ((8000,), 8000)
    examples = data.arrays(dataset.train)
    assert len(examples["tokens"]) == 8
    assert set(examples["tokens"].ravel()) == {1, 2}
    assert np.abs(examples["sound"][:, :4000]).max() > 0.4
    assert not examples["sound"][:, 4000:].any()


def test_lists_decide_the_splits(commands):
    (commands / "validation_list.txt").write_text("yes/0.wav\nno/1.wav\n")
    (commands / "testing_list.txt").write_text("yes/3.wav\n")
    dataset = data.load(commands)
    splits = (dataset.train, dataset.validation, dataset.test)
    assert [int(split.cardinality()) for split in splits] == [13, 2, 1]
    assert data.arrays(dataset.test)["tokens"].tolist() == [[2]]


def test_lists_that_leave_a_split_empty_are_refused(commands):
    for name in ("validation_list.txt", "testing_list.txt"):
        (commands / name).write_text("yes/0.wav\n")
    with pytest.raises(ValueError, match="leave 15, 1, 0 to train"):
        data.load(commands)


def test_letters_are_the_tokens_and_top_folders_the_splits(library):
    dataset = data.load(library, sample_rate=8000, seconds=1)
    assert dataset.labels == ("blank", *sorted(set("IT'S A DOG YES A CAT")))
    for split in (dataset.train, dataset.validation, dataset.test):
        examples = data.arrays(split)
        texts = ["".join(dataset.labels[t] for t in row if t) for row in examples["tokens"]]
        assert texts == ["IT'S A DOG", "YES", "A CAT"]
        assert {dataset.labels[token] for token in examples["separator"]} == {" "}
        lengths = [np.flatnonzero(sound)[-1] for sound in examples["sound"]]
        np.testing.assert_allclose(lengths, [1600, 3200, 4800], atol=3)


def test_what_lasts_longer_is_left_out(library):
    dataset = data.load(library, seconds=0.45)
    assert int(dataset.train.cardinality()) == 2


def test_without_named_folders_splits_are_drawn(library):
    dataset = data.load(library / "train-clean", validation=0.34, test=0.34)
    assert int(dataset.train.cardinality()) == 1


def test_recordings_are_resampled_and_made_mono(tmp_path):
    time = np.arange(44_100) / 44_100
    wave = np.sin(2 * np.pi * 200 * time)
    for word in ("a", "b"):
        for index in range(3):
            (tmp_path / word).mkdir(exist_ok=True)
            both = np.stack([0.2 * wave, 0.6 * wave], axis=1)
            soundfile.write(tmp_path / word / f"{index}.wav", both, 44_100)
    dataset = data.load(tmp_path, validation=0.34, test=0.34)
    sound = data.arrays(dataset.train)["sound"][0]
    expected = 0.4 * np.sin(2 * np.pi * 200 * np.arange(16_000) / 16_000)
    np.testing.assert_allclose(sound[200:-200], expected[200:-200], atol=5e-3)


def test_what_cannot_be_read_is_refused(commands, library, tmp_path):
    with pytest.raises(ValueError, match="sample_rate=0"):
        data.load(commands, sample_rate=0)
    with pytest.raises(ValueError, match=r"seconds=0\.01"):
        data.load(library, seconds=0.01)
    transcript = next(library.rglob("*.trans.txt"))
    transcript.write_text("19-198-0 A DOG\n19-198-7 NOBODY\n")
    with pytest.raises(ValueError, match="'19-198-7 NOBODY'"):
        data.load(library)


def test_a_file_that_is_no_recording_is_refused(commands):
    (commands / "yes" / "9.wav").write_text("silence")
    with pytest.raises(ValueError, match=r"must be a recording.*9\.wav"):
        data.load(commands)

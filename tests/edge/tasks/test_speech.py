"""What is said in a recording."""

import wave

import numpy as np
import pytest

from kerascnn import edge
from kerascnn.edge.tasks.sound import prepare_sound, read_sound

ALPHABET = ("a", "b", " ")


@pytest.fixture
def speller(identity):
    """Give the function that loads a model whose logits are its features: 6 frames, 4 symbols."""

    def load(shape=(1, 6, 4), result=(1, 6, 4), *, name="x", **fields):
        path = identity(shape, result, signature={"x": "sound", "y0": name})
        edge.write_metadata(path, edge.Metadata(**{"labels": ALPHABET, **fields}))
        return edge.load(path)

    return load


def spelled(text, blank=3):
    """Frames that are nearly sure of the symbols; `-` is the blank."""
    symbols = [blank if letter == "-" else ALPHABET.index(letter) for letter in text]
    return (20 * np.eye(4)[symbols]).astype(np.float32)


def write_wave(path, samples, width=2, rate=16_000):
    """Write whole numbers of shape (n, channels)."""
    offset = 128 if width == 1 else 0
    content = b"".join(
        int(value + offset).to_bytes(width, "little", signed=width > 1)
        for value in np.ravel(samples)
    )
    with wave.open(str(path), "wb") as file:
        file.setnchannels(np.shape(samples)[1])
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(content)
    return path


@pytest.mark.parametrize(("frames", "text"), [("aa-a b", "aa b"), ("------", ""), ("ab", "ab")])
def test_frames_become_text(speller, frames, text):
    best, *_ = edge.transcribe(speller(), spelled(frames))
    assert best.text == text
    assert best.score == pytest.approx(0, abs=1e-4)


def test_transcripts_are_those_of_the_search(speller):
    frames = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    logs = frames - np.log(np.exp(frames).sum(axis=1, keepdims=True))
    expected = edge.ctc_beam_search(logs, beams=4)
    found = edge.transcribe(speller(), frames, beams=4)
    assert [one.text for one in found] == [
        "".join(ALPHABET[symbol] for symbol in sentence.tokens) for sentence in expected
    ]
    np.testing.assert_allclose(
        [one.score for one in found], [one.score for one in expected], rtol=1e-5
    )


def test_probabilities_are_known_by_their_name(speller):
    frames = np.random.default_rng(0).normal(size=(6, 4)).astype(np.float32)
    shares = np.exp(frames) / np.exp(frames).sum(axis=1, keepdims=True)
    named = edge.transcribe(speller(name="probabilities"), shares)
    plain = edge.transcribe(speller(), frames)
    assert [one.text for one in named] == [one.text for one in plain]
    np.testing.assert_allclose([a.score for a in named], [b.score for b in plain], rtol=1e-5)


def test_a_blank_may_be_a_symbol_with_a_label(speller):
    model = speller(labels=("-", "a", "b", " "), tokens=edge.Tokens(blank=0))
    frames = spelled("a-a", blank=3)[:, [3, 0, 1, 2]]
    assert edge.transcribe(model, frames)[0].text == "aa"


def test_a_recording_runs_through_the_model(speller, tmp_path):
    model = speller((1, 24), (1, 6, 4), sample_rate=16_000)
    samples = np.round(spelled("a-a b-") / 20 * 30_000).reshape(-1, 1)
    path = write_wave(tmp_path / "a.wav", samples)
    found = edge.transcribe(model, path)
    assert found == edge.transcribe(model, (samples[:, 0] / 2**15).astype(np.float32))
    path = write_wave(tmp_path / "b.wav", samples, rate=8_000)
    with pytest.raises(ValueError, match=r"16000 samples.*8000"):
        edge.transcribe(model, path)


@pytest.mark.parametrize("width", [1, 2, 3, 4])
@pytest.mark.parametrize("channels", [1, 2])
def test_samples_of_every_width_are_read(tmp_path, width, channels):
    top = 2 ** (8 * width - 1)
    samples = np.array([[0, 1, -1, top - 1, -top, top // 2]] * channels).T
    values, rate = read_sound(write_wave(tmp_path / "a.wav", samples, width, 8_000))
    assert (values.dtype, rate) == (np.float32, 8_000)
    np.testing.assert_allclose(values, samples.mean(axis=1) / top, rtol=1e-6)


def test_short_sounds_are_filled_up():
    spec = edge.TensorSpec("x", (1, 6, 1), np.dtype("float32"))
    batch, share = prepare_sound(np.ones(3), spec, edge.Metadata())
    np.testing.assert_array_equal(batch[0, :, 0], [1, 1, 1, 0, 0, 0])
    assert (batch.dtype, share) == (np.float32, 0.5)


@pytest.mark.parametrize(
    ("sound", "message"),
    [
        (np.zeros((7, 4), np.float32), r"shape=\(7, 4\)"),
        (np.zeros((6, 3), np.float32), r"shape=\(6, 3\)"),
        (np.zeros(6, np.float32), "features"),
        (np.zeros((0, 4), np.float32), "at least one"),
        (np.zeros((6, 4), np.int16), "int16"),
        (np.full((6, 4), np.inf), "finite"),
    ],
)
def test_what_the_model_does_not_take_is_an_error(speller, sound, message):
    with pytest.raises(ValueError, match=message):
        edge.transcribe(speller(), sound)


def test_a_file_that_is_no_recording_is_an_error(speller, tmp_path):
    with pytest.raises(FileNotFoundError, match=r"none\.wav"):
        edge.transcribe(speller(), tmp_path / "none.wav")
    path = tmp_path / "a.wav"
    for content in (b"", b"no recording", write_wave(path, [[1], [2]]).read_bytes()[:20]):
        path.write_bytes(content)
        with pytest.raises(ValueError, match=r"a\.wav"):
            edge.transcribe(speller(), path)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"labels": ()}, "0 labels"),
        ({"labels": ("a", "b")}, "2 labels"),
        ({"tokens": {"blank": 0}}, "blank=0"),
        ({"tokens": {"blank": 4}}, "blank=4"),
        ({"result": (1, 24)}, r"shape=\(1, 24\)"),
    ],
)
def test_each_symbol_has_its_label(speller, fields, message):
    with pytest.raises(edge.ModelError, match=message):
        edge.transcribe(speller(**fields), spelled("ab"))

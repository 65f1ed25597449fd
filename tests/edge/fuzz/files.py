"""Damaged files: an error, or what the file that runs says that it gives."""

import math

import numpy as np

from kerascnn import edge

LARGE = 2**20  # elements; sound files may ask for hours of work
WORDS = (0, 1, 2, 4, 0x7F, 0xFF, 0x100, 0xFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFFC, 0xFFFFFFFF)


def cut(data, random):
    return data[: random.integers(len(data))]


def flip(data, random):
    damaged = bytearray(data)
    for place in random.integers(len(data), size=random.integers(1, 9)):
        damaged[place] ^= 1 << random.integers(8)
    return bytes(damaged)


def overwrite(data, random):
    start, size = random.integers(len(data)), random.integers(1, 65)
    return data[:start] + random.bytes(size) + data[start + size :]


def put_word(data, random):
    words, places = structure(data)
    chosen = random.choice(places, size=random.integers(1, 4))
    words[chosen] = random.choice(WORDS) if random.integers(2) else random.integers(64)
    return words.tobytes() + data[words.nbytes :]


def move_word(data, random):
    """Swap two offsets or numbers, each of which is sensible somewhere."""
    words, places = structure(data)
    chosen = random.choice(places, size=2)
    words[chosen] = words[chosen[::-1]]
    return words.tobytes() + data[words.nbytes :]


def put_byte(data, random):
    """Change a small field, such as a type or an option."""
    words, places = structure(data)
    octets = words.view(np.uint8)
    octets[4 * random.choice(places) + random.integers(4)] = random.integers(256)
    return words.tobytes() + data[words.nbytes :]


def structure(data):
    """The words of a file, and the places of those that look like offsets and not like weights."""
    words = np.frombuffer(data[: len(data) // 4 * 4], "<u4").copy()
    return words, np.flatnonzero(words < len(data))


def lose(data, random):
    start, size = random.integers(8, len(data)), random.integers(1, 65)
    return data[:start] + data[start + size :]


def repeat(data, random):
    start, size = random.integers(8, len(data)), random.integers(1, 65)
    return data[: start + size] + data[start:]


def invent(data, random):
    return random.bytes(4) + b"TFL3" + random.bytes(random.integers(2048))


ROUGH = (cut, flip, overwrite, lose, repeat, invent)
FINE = (put_word, put_word, move_word, put_byte, put_byte)
DAMAGES = (*ROUGH, *FINE, *FINE)


def example(model, random):
    """A batch for each input: numbers that the file can take."""
    return {
        spec.name: random.uniform(-2, 2, spec.shape).astype(spec.dtype)
        if spec.dtype.kind == "f"
        else random.integers(0, 2, spec.shape).astype(spec.dtype)
        for spec in model.inputs
    }


def same(one, other):
    return one.keys() == other.keys() and all(
        np.array_equal(one[name], other[name], equal_nan=True) for name in one
    )


class Files:
    """Damage to files: an error, or what the file that runs says that it gives."""

    def __init__(self, seeds, path):
        self.path = path
        self.whole = []
        for path in sorted(seeds.glob("*.tflite")):
            model, data = edge.load(path), path.read_bytes()
            given = example(model, np.random.default_rng(0))
            summed = b"model.sha256" in data
            self.whole.append((data, given, model.run(given), model.metadata, summed))

    def case(self, random):
        data, given, wanted, metadata, summed = self.whole[random.integers(len(self.whole))]
        self.path.write_bytes(random.choice(DAMAGES)(data, random))
        try:
            model = edge.load(self.path)
        except edge.ModelError:
            return "refused"
        if summed:  # the model's part is as it was, else its check sum would differ
            assert same(model.run(given), wanted)
            assert model.metadata in (metadata, edge.Metadata())
            return "harmless"
        if any(math.prod(spec.shape) > LARGE for spec in (*model.inputs, *model.outputs)):
            return "large"
        given = example(model, random)
        try:
            made = model.run(given)
        except edge.ModelError:
            return "failed"
        for spec in model.outputs:
            assert made[spec.name].shape == spec.shape, (made[spec.name].shape, spec)
        assert same(model.run(given), made), "another answer the second time"
        return "ran"

"""Wrong inputs: an error; right ones in odd forms: what the plain form gives."""

import warnings

import numpy as np

from kerascnn import edge


class Inputs:
    """Wrong inputs: an error; right ones in odd forms: what the plain form gives."""

    def __init__(self, seeds, _):
        loaded = (edge.load(path) for path in sorted(seeds.glob("*.tflite")))
        self.models = [model for model in loaded if len(model.inputs) == 1]

    def case(self, random):
        model = self.models[random.integers(len(self.models))]
        (spec,) = model.inputs
        values = random.normal(size=(random.integers(1, 4), *spec.shape[1:]))
        for change in random.choice(CHANGES, size=random.integers(1, 4)):
            values = change(values, random)
        plain = plain_form(values, spec)
        try:
            made = model.run(values)
        except ValueError:
            assert plain is None, f"refused: {describe(values)}"
            return "refused"
        assert plain is not None, f"accepted: {describe(values)}"
        for name, output in made.items():
            expected = np.concatenate(
                [model.run(plain[i : i + 1])[name] for i in range(len(plain))]
            )
            np.testing.assert_array_equal(output, expected, err_msg=describe(values))
        return "ran"


def plain_form(values, spec):
    """What a call must take as float32 arrays; None for what it must refuse."""
    array = np.asarray(values)
    if array.shape[1:] != spec.shape[1:] or array.ndim != len(spec.shape) or not len(array):
        return None
    if array.dtype == spec.dtype and spec.dtype.kind in "iu":
        return (array.astype("f") - np.float32(spec.zero_point)) * np.float32(spec.scale)
    if array.dtype.kind != "f" or not np.isfinite(array).all():
        return None
    largest = np.finfo(np.float32).max
    if spec.dtype.kind == "f" and np.abs(array).max() > largest:
        return None
    return np.clip(array, -largest, largest).astype("f", order="C")


def describe(values):
    array = np.asarray(values)
    return f"{type(values)} {array.dtype} {array.shape}"


def spoil(values, random):
    """Put a number that is none, or too large, in some place."""
    array = np.array(values)
    if array.size and array.dtype.kind == "f":
        with np.errstate(over="ignore"):
            array.flat[random.integers(array.size)] = random.choice([np.nan, np.inf, -np.inf, 1e39])
    return array


def reshape(values, random):
    array = np.atleast_1d(values)
    less = array[0] if len(array) else array
    return (less, array[None], array[:0], array.T, array.ravel(), array[..., :-1])[
        random.integers(6)
    ]


def retype(values, random):
    names = ("f2", ">f4", "f8", "g", "i1", "u1", "i4", "i8", "?", "c8", "O", "U8", "m8[s]")
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore", np.exceptions.ComplexWarning)
        try:
            return np.asarray(values).astype(random.choice(names))
        except (ValueError, TypeError, OverflowError):  # a text or date that is no such number
            return values


def relay(values, random):
    """The same values in another order of memory."""
    array = np.asarray(values)
    if not array.ndim:
        return array
    forms = (np.asfortranarray(array), array[::-1], np.repeat(array, 2, 0)[::2], array.tolist())
    return forms[random.integers(4)]


CHANGES = (spoil, reshape, retype, relay, relay)

"""The promises that every registered system keeps. New systems join by existing."""

import functools
import inspect
import json
import math
import subprocess
import sys
from types import SimpleNamespace

import keras
import numpy as np
import pytest

from kerascnn import data, edge, export, registry, tasks
from kerascnn.training import parts

SYSTEMS = sorted({registry.get_system(name).name for name in registry.list_models()})
EXAMPLES = 9  # a whole batch of 4, twice, and a last batch of 1
RELOAD = """
import json, sys
import keras
import kerascnn.models
import numpy as np
from kerascnn.training import parts
for path, inputs, outputs in json.load(sys.stdin):
    keras.utils.clear_session()
    found = parts(keras.saving.load_model(path))
    feeds = np.load(inputs, allow_pickle=True).item()
    values = [found[name](given, training=False) for name, given in feeds.items()]
    flat = [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(values)]
    np.savez(outputs, *flat)
"""


def images(name, tiny):
    rng = np.random.default_rng(0)
    count, shape = EXAMPLES * 3, tiny["input_shape"]
    return data.from_arrays(
        name,
        rng.uniform(size=(count, *shape)).astype("float32"),
        labels=np.arange(count) % 3,
        masks=rng.integers(0, 3, (count, *shape[:2])),
        boxes=np.sort(rng.uniform(size=(count, 4, 2, 2)), axis=2).reshape(count, 4, 4),
        classes=rng.integers(1, 3, (count, 4)),
        keypoints=rng.uniform(size=(count, 4, 3, 3)) * [1, 1, 0] + [0, 0, 1],
        label_names=("a", "b", "c"),
        validation=1 / 3,
        test=1 / 3,
    )


def captioned(name, tiny):
    rng = np.random.default_rng(0)
    count, shape = EXAMPLES * 3, tiny["input_shape"]
    pictures = rng.uniform(size=(count, *shape)).astype("float32")
    captions = [[" ".join(rng.choice(list("abc"), 2))] for _ in range(count)]
    return data.from_captions(name, pictures, captions, validation=1 / 3, test=1 / 3)


def described(name, tiny):
    rng = np.random.default_rng(0)
    count, shape = EXAMPLES * 3, tiny["input_shape"]
    pictures = rng.uniform(size=(count, *shape)).astype("float32")
    boxes = np.sort(rng.uniform(size=(count, 2, 2, 2)), axis=2).reshape(count, 2, 4)
    phrases = [["a b", "c"]] * count
    return data.from_regions(name, pictures, boxes, phrases, validation=1 / 3, test=1 / 3)


def sounds(name, tiny):
    rng = np.random.default_rng(0)
    count = EXAMPLES * 3
    return data.from_sounds(
        name,
        rng.uniform(-1, 1, size=(count, *tiny["input_shape"])).astype("float32"),
        tokens=rng.integers(1, 3, (count, 2)),
        states=rng.integers(0, 3, (count, *tiny["input_shape"])),
        sample_rate=16_000,
        label_names=("blank", "a", "b"),
        validation=1 / 3,
        test=1 / 3,
    )


def texts(name, tiny):
    rng = np.random.default_rng(0)
    (length,) = tiny["input_shape"]
    words = ["".join(rng.choice(list("abc"), length)) for _ in range(EXAMPLES * 3)]
    return data.from_texts(name, words, [word[:2] for word in words], validation=1 / 3, test=1 / 3)


DATA = {
    ("image",): images,
    ("image", "tokens"): captioned,
    ("image", "boxes", "phrases"): described,
    ("sound",): sounds,
    ("source",): texts,
}


class Case:
    """A system in its tiny configuration, with data of its task."""

    def __init__(self, name):
        self.system = registry.get_system(name)
        self.task = tasks.get_task(self.system.task)
        needs = self.task.needs if self.task.needs in DATA else self.task.needs[:1]
        self.dataset = DATA[needs](name, self.system.tiny)

    def build(self):
        keras.utils.set_random_seed(0)
        known = self.system.takes(self.task.model_options(self.dataset))
        return self.system.builder(**{**self.system.tiny, **known})

    def fit(self, model, count=EXAMPLES):
        self.task.compile(model)
        model.run_eagerly = True  # for few steps faster than tracing
        examples = self.dataset.train.map(lambda example: self.task.example(example, model))
        batches = examples.take(count).batch(4)
        return model.fit(batches, epochs=1, shuffle=False, verbose=0).history

    def feeds(self, model):
        return self.task.feeds(model, data.arrays(self.dataset.test))


@pytest.fixture(params=SYSTEMS)
def case(request):
    return Case(request.param)


def promise(request, case, capability):
    """Expect a failure, strictly, of what the system says that it lacks."""
    if reason := case.system.unsupported.get(capability):
        request.applymarker(pytest.mark.xfail(reason=reason, strict=True))


def values(outputs):
    return [keras.ops.convert_to_numpy(value) for value in keras.tree.flatten(outputs)]


def enliven(model):
    """Give every kernel the scale at which signals neither fade nor grow, as training does."""
    for variable in model.trainable_variables:
        # Of two directions with equal kernels the converter makes one.
        initializer = keras.initializers.HeNormal(seed=int("backward" in variable.path))
        if len(variable.shape) > 1:
            variable.assign(initializer(variable.shape, variable.dtype))


def deployed(model, feeds):
    found = parts(model)
    return values([found[name](given, training=False) for name, given in feeds.items()])


def first(feeds, count):
    return keras.tree.map_structure(lambda given: given[:count], feeds)


def test_it_is_documented(case):
    text = inspect.getdoc(case.system.builder)
    for name in inspect.signature(case.system.builder).parameters:
        assert f"{name}:" in text, name
    for section in ("Args:", "Returns:", "Raises:", "Reference:"):
        assert section in text
    assert case.system.paper in text


@pytest.mark.parametrize(
    ("name", "params"),
    [(n, p) for s in SYSTEMS for n, p in registry.get_system(s).params.items()],
)
def test_parameters_are_those_of_the_paper(name, params):
    with keras.StatelessScope(initialize_variables=False):  # shapes without memory
        model = registry.create_model(name)
        weights = {id(one): one for part in parts(model).values() for one in part.weights}
        count = sum(math.prod(one.shape) for one in weights.values())
    assert count == params


def test_outputs_are_finite_and_sized_by_the_batch(case):
    model = case.build()
    feeds = case.feeds(model)
    for count in (1, 3):
        outputs = deployed(model, first(feeds, count))
        assert all(len(output) == count for output in outputs)
        assert all(np.isfinite(output).all() for output in outputs)


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Give the function that trains a system once, and tells of it without holding its model."""
    folder = tmp_path_factory.mktemp("trained")

    @functools.cache
    def train(name):
        # Names begin anew, as in the process of whoever trains one.
        keras.utils.clear_session(free_memory=False)
        case = Case(name)
        model = case.build()
        before = values(model.trainable_variables)
        history = case.fit(model)
        pairs = zip(model.trainable_variables, before, strict=True)
        numbers = [*values(model.variables), *history.values()]
        feeds, path = case.feeds(model), folder / f"{name}.keras"
        model.save(path)
        return SimpleNamespace(
            still=[one.path for one, old in pairs if np.array_equal(old, values(one)[0])],
            finite=all(np.isfinite(each).all() for each in numbers),
            path=path,
            feeds=feeds,
            outputs=deployed(model, feeds),
        )

    return train


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_trainable_weight_is_trained(trained, name):
    assert not trained(name).still


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_last_batch_of_one_leaves_everything_finite(trained, name):
    assert trained(name).finite


def test_it_trains_in_mixed_precision(case, request):
    promise(request, case, "mixed_precision")
    keras.config.set_dtype_policy("mixed_float16")
    try:
        model = case.build()
        history = case.fit(model, count=5)
        outputs = deployed(model, case.feeds(model))
    finally:
        keras.config.set_dtype_policy("float32")
    assert np.isfinite([value for series in history.values() for value in series]).all()
    assert {output.dtype for output in outputs} == {np.dtype("float32")}


def test_a_saved_model_is_the_same_in_a_fresh_process(trained, tmp_path):
    jobs = []
    for name in SYSTEMS:
        feeds, outputs = tmp_path / f"{name}.npy", tmp_path / f"{name}.npz"
        np.save(feeds, trained(name).feeds, allow_pickle=True)
        jobs.append([str(trained(name).path), str(feeds), str(outputs)])
    command = [sys.executable, "-c", RELOAD]
    subprocess.run(command, input=json.dumps(jobs), text=True, check=True, capture_output=True)
    for name, (_, _, path) in zip(SYSTEMS, jobs, strict=True):
        with np.load(path) as archive:
            for output, value in zip(archive.values(), trained(name).outputs, strict=True):
                np.testing.assert_allclose(output, value, atol=1e-6, err_msg=name)


@pytest.mark.parametrize(("quantize", "decibels"), [("float32", 80.0), ("int8", 15.0)])
def test_the_exported_file_equals_keras(case, quantize, decibels, request, tmp_path):
    promise(request, case, quantize)
    model = case.build()
    for part in parts(model).values():
        enliven(part)
    feeds = case.feeds(model)
    for name, part in parts(model).items():
        inputs, path = feeds[name], tmp_path / f"{name}.tflite"
        report = export.to_tflite(
            part, path, quantize=quantize, calibration=inputs if quantize == "int8" else None
        )
        if quantize == "int8":
            assert not report.float_operators
        outputs = values(edge.load(path).run(inputs))
        for output, value in zip(outputs, deployed(model, {name: inputs}), strict=True):
            noise = np.mean((output - value) ** 2)
            assert 10 * np.log10(np.mean(value**2) / max(noise, 1e-30)) >= decibels


def test_trained_with_rounding_it_becomes_integers_without_calibration(case, request, tmp_path):
    promise(request, case, "qat")
    model = case.build()
    for part in parts(model).values():
        enliven(part)
    feeds = case.feeds(model)
    for name, part in parts(model).items():
        becomes_integers(case, part, feeds[name], tmp_path / f"{name}.tflite")


def becomes_integers(case, part, inputs, path):
    aware = export.quantize_aware(part)
    wanted = part(inputs, training=False)
    losses = keras.tree.map_structure(lambda _: "mse", part.output)
    aware.compile(keras.optimizers.Adam(1e-4), losses, run_eagerly=True)
    aware.fit(inputs, wanted, batch_size=8, verbose=0)
    report = export.to_tflite(aware, path, quantize="int8", parity=inputs)
    assert not report.float_operators
    assert all(output.sqnr_db > 20 for output in report.parity.outputs)
    rounded, given = values(aware(inputs, training=False)), values(edge.load(path).run(inputs))
    for one, other in zip(rounded, given, strict=True) if case.task.chooses else ():
        ordered = np.sort(one, axis=-1)
        lead = ordered[..., -1] - ordered[..., -2:-1].max(-1, initial=-np.inf)
        decided = lead > 4 * np.ptp(one) / 255  # weights are random: many places are a tie
        same = one.argmax(-1) == other.argmax(-1)
        # Who amplifies the last bit of a kernel does so with the one of the rounding here.
        assert np.mean(same[decided]) >= (0.9 if "equal_bits" in case.system.unsupported else 0.99)

"""An interrupted run goes on where it was, and ends where an uninterrupted one does."""

import shutil
import signal
import threading
from typing import NamedTuple

import keras
import numpy as np
import pytest
from PIL import Image

from kerascnn import data
from kerascnn.tasks import get_task, train
from kerascnn.tasks.backup import Backup
from kerascnn.tasks.history import read_history
from kerascnn.training import GAN

RNG = np.random.default_rng(0)
IMAGES = RNG.uniform(size=(60, 8, 8, 1)).astype("float32")
LABELS = np.arange(60) % 3
DATASET = data.from_arrays("mine", IMAGES, LABELS)


def classifier(*, classes=3, units=8, shape=(8, 8, 1)):
    keras.utils.set_random_seed(0)
    image = keras.Input(shape)
    x = keras.layers.Dense(units, activation="relu")(keras.layers.Flatten()(image))
    x = keras.layers.Dropout(0.5)(keras.layers.BatchNormalization()(x))
    return keras.Model(image, keras.layers.Dense(classes, activation="softmax")(x))


def gan():
    keras.utils.set_random_seed(0)
    latent, image = keras.Input((4,)), keras.Input((8, 8, 1))
    x = keras.layers.Dense(64, activation="tanh")(latent)
    generator = keras.Model(latent, keras.layers.Reshape((8, 8, 1))(x))
    logit = keras.layers.Dense(1)(keras.layers.Flatten()(image))
    return GAN(generator, keras.Model(image, logit), ema_decay=0.9, seed=3)


def fit(folder, model=None, *, task="classification", dataset=DATASET, **changes):
    model = model or classifier()
    settings = {"epochs": 4, "batch_size": 8, "seed": 5, **changes}
    return model, train(model, get_task(task), dataset, folder, **settings)


class Interrupt(keras.callbacks.Callback):
    """Presses Ctrl-C after some batches of an epoch."""

    def __init__(self, epoch, batch=2):
        super().__init__()
        self.when = epoch, batch

    def on_epoch_begin(self, epoch, logs=None):
        self.epoch = epoch

    def on_train_batch_end(self, batch, logs=None):
        if (self.epoch, batch) == self.when:
            signal.raise_signal(signal.SIGINT)


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    folder = tmp_path_factory.mktemp("whole")
    return folder, *fit(folder)


def variables(model):
    optimizers = [
        getattr(model, name)
        for name in ("optimizer", "generator_optimizer", "discriminator_optimizer")
        if getattr(model, name, None) is not None
    ]
    assert optimizers
    everything = [*model.variables, *(v for one in optimizers for v in one.variables)]
    return [keras.ops.convert_to_numpy(variable) for variable in everything]


@pytest.mark.parametrize("epoch", [0, 2])
@pytest.mark.parametrize(("build", "task"), [(classifier, "classification"), (gan, "generation")])
def test_a_resumed_run_ends_like_an_uninterrupted_one(tmp_path, build, task, epoch):
    trained, expected = fit(tmp_path / "whole", build(), task=task)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path / "cut", build(), task=task, callbacks=[Interrupt(epoch)])
    assert all(len(v) == epoch for v in read_history(tmp_path / "cut/history.csv").values())
    resumed, history = fit(tmp_path / "cut", build(), task=task, resume=True)
    assert history.keys() == expected.keys()
    for name, values in history.items():
        np.testing.assert_allclose(values, expected[name], rtol=1e-5, err_msg=name)
    for value, other in zip(variables(resumed), variables(trained), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-7)


def test_the_optimizer_counts_the_steps_of_both_parts(tmp_path):
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, callbacks=[Interrupt(1)])
    model, history = fit(tmp_path, resume=True)
    assert int(model.optimizer.iterations) == 4 * (42 // 8)
    assert {len(values) for values in history.values()} == {4}


def test_an_interrupt_leaves_other_files_and_no_half_written_ones(tmp_path):
    (tmp_path / "config.json").write_text("{}")
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path, callbacks=[Interrupt(1)])
    names = {path.name for path in tmp_path.iterdir()}
    assert names == {"config.json", "history.csv", "backup"}


def test_a_finished_run_can_be_prolonged(tmp_path):
    fit(tmp_path, epochs=2)
    model, history = fit(tmp_path, resume=True)
    assert int(model.optimizer.iterations) == 4 * (42 // 8)
    assert len(history["loss"]) == 4


def test_resuming_a_finished_run_changes_nothing(tmp_path):
    trained, expected = fit(tmp_path, epochs=1)
    again, history = fit(tmp_path, epochs=1, resume=True)
    assert history == expected
    for value, other in zip(again.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(value, other)


def test_ctrl_c_waits_for_a_backup_to_be_whole(tmp_path, monkeypatch):
    save = keras.Model.save_weights

    def interrupted_save(self, *args, **kwargs):
        signal.raise_signal(signal.SIGINT)
        save(self, *args, **kwargs)

    monkeypatch.setattr(keras.Model, "save_weights", interrupted_save)
    with pytest.raises(KeyboardInterrupt):
        fit(tmp_path)
    monkeypatch.undo()
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    assert len(fit(tmp_path, resume=True)[1]["loss"]) == 4


def test_a_damaged_backup_is_replaced_by_the_one_before(tmp_path, whole):
    _, trained, _ = whole
    fit(tmp_path, epochs=2)
    weights = tmp_path / "backup/latest.weights.h5"
    weights.write_bytes(weights.read_bytes()[:100])
    model, _ = fit(tmp_path, resume=True)
    for value, other in zip(variables(model), variables(trained), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-7)


def test_a_full_disk_is_seen_before_the_state_is_overwritten(tmp_path, monkeypatch, whole):
    class Fill(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 2:
                monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(free=1000))

    with pytest.raises(OSError, match=r"disk is full, with 1,000 bytes left.*resuming"):
        fit(tmp_path, callbacks=[Fill()])
    monkeypatch.undo()
    model, _ = fit(tmp_path, resume=True)
    for value, other in zip(variables(model), variables(whole[1]), strict=True):
        np.testing.assert_allclose(value, other, rtol=1e-5, atol=1e-7)


class Usage(NamedTuple):
    free: int


def test_there_must_be_something_to_resume(tmp_path):
    with pytest.raises(ValueError, match=r"no run to go on with.*without a backup"):
        fit(tmp_path, resume=True)
    assert not list(tmp_path.iterdir())


def test_a_run_is_not_resumed_with_another_model(tmp_path):
    fit(tmp_path, epochs=1)
    with pytest.raises(ValueError, match=r"the model that it began with.*does not fit"):
        fit(tmp_path, classifier(units=9), resume=True)


def test_without_resume_a_run_begins_anew(tmp_path):
    fit(tmp_path, epochs=3)
    model, history = fit(tmp_path, epochs=2)
    assert int(model.optimizer.iterations) == 2 * (42 // 8)
    assert len(history["loss"]) == 2


def test_the_results_are_written(whole):
    folder, model, history = whole
    assert {path.name for path in folder.iterdir()} == {
        "backup",
        "curves.png",
        "history.csv",
        "model.keras",
    }
    assert read_history(folder / "history.csv") == history
    assert set(history) == {"loss", "val_loss", "accuracy", "val_accuracy"}
    with Image.open(folder / "curves.png") as picture:
        assert picture.width > 400
    loaded = keras.saving.load_model(folder / "model.keras")
    np.testing.assert_array_equal(loaded(IMAGES), model(IMAGES))


def test_a_failing_save_leaves_the_older_model_whole(tmp_path, monkeypatch):
    fit(tmp_path, epochs=1)
    before = (tmp_path / "model.keras").read_bytes()

    def fail(self, path, *args, **kwargs):
        path.write_bytes(b"half")
        raise OSError("no space left on device")

    monkeypatch.setattr(keras.Model, "save", fail)
    with pytest.raises(OSError, match="no space"):
        fit(tmp_path, epochs=2)
    assert (tmp_path / "model.keras").read_bytes() == before


class Seen(keras.layers.Layer):
    """Notes what passes."""

    def __init__(self):
        super().__init__()
        self.batches = []

    def call(self, x, training=False):
        if training and not keras.utils.is_keras_tensor(x):
            self.batches.append(np.array(x)[:, 0, 0, 0])
        return x


def order_seen(folder, monkeypatch, *, dataset=DATASET, **changes):
    seen = Seen()
    image = keras.Input((8, 8, 1))
    output = keras.layers.Dense(3, activation="softmax")(keras.layers.Flatten()(seen(image)))
    model = keras.Model(image, output)
    compile_model = model.compile
    monkeypatch.setattr(model, "compile", lambda **kw: compile_model(run_eagerly=True, **kw))
    monkeypatch.setattr(model, "save", lambda path: path.write_text(""))
    fit(folder, model, dataset=dataset, **changes)
    return seen.batches


def test_every_epoch_has_its_own_order_which_the_seed_decides(tmp_path, monkeypatch):
    def epochs(name, **changes):
        batches = order_seen(tmp_path / name, monkeypatch, epochs=2, batch_size=6, **changes)
        return np.reshape(batches, (2, 42))

    first, second = epochs("a")
    assert not np.array_equal(first, second)
    np.testing.assert_array_equal(np.sort(first), np.sort(second))
    assert len(np.unique(first)) == 42
    np.testing.assert_array_equal(epochs("b"), [first, second])
    assert not np.array_equal(epochs("c", seed=6)[0], first)


def test_only_a_last_batch_that_is_smaller_is_dropped(tmp_path, monkeypatch):
    batches = order_seen(tmp_path / "a", monkeypatch, epochs=1, batch_size=8)
    assert [len(batch) for batch in batches] == [8] * 5


def test_a_set_smaller_than_a_batch_is_learned_whole(tmp_path, monkeypatch):
    batches = order_seen(tmp_path / "a", monkeypatch, epochs=2, batch_size=64)
    assert [len(batch) for batch in batches] == [42, 42]


def test_a_diverging_run_stops_and_keeps_the_last_good_state(tmp_path):
    class Explode(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch, logs=None):
            if epoch == 1:
                self.model.layers[-1].bias.assign([np.nan] * 3)

    with pytest.raises(ValueError, match=r"lower the learning rate.*loss=nan in epoch 2"):
        fit(tmp_path, callbacks=[Explode()])
    model, history = fit(tmp_path, resume=True)
    assert np.isfinite(history["loss"]).all()
    assert all(np.isfinite(value).all() for value in variables(model))


@pytest.mark.parametrize(
    "changes", [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}, {"learning_rate": np.nan}]
)
def test_settings_out_of_range_are_refused(tmp_path, changes):
    ((name, value),) = changes.items()
    with pytest.raises(ValueError, match=rf"must be positive.*{name}={value}"):
        fit(tmp_path, **changes)


@pytest.mark.parametrize(
    ("task", "build", "options", "message"),
    [
        ("segmentation", classifier, {}, "needs examples with image, mask.*without mask"),
        ("classification", classifier, {"labels": None}, "mine without label"),
        ("classification", lambda: classifier(shape=(9, 8, 1)), {}, r"input_shape=\(8, 8, 1\)"),
        ("classification", lambda: classifier(classes=2), {}, "num_classes=3. Received: 2"),
        ("generation", gan, {"images": IMAGES[:, :7]}, r"output must.*input_shape=\(7, 8, 1\)"),
    ],
)
def test_data_that_does_not_fit_is_refused(tmp_path, task, build, options, message):
    dataset = data.from_arrays("mine", **{"images": IMAGES, "labels": LABELS, **options})
    with pytest.raises(ValueError, match=message):
        fit(tmp_path, build(), task=task, dataset=dataset)


def test_bad_data_leaves_an_older_run_alone(tmp_path):
    fit(tmp_path, epochs=1)
    with pytest.raises(ValueError, match="num_classes=3"):
        fit(tmp_path, classifier(classes=2))
    assert len(fit(tmp_path, epochs=2, resume=True)[1]["loss"]) == 2


def test_a_model_must_be_built(tmp_path):
    with pytest.raises(ValueError, match="give it an Input"):
        fit(tmp_path, keras.Sequential([keras.layers.Dense(3)]))


def test_the_learning_rate_reaches_every_optimizer(tmp_path):
    model, _ = fit(tmp_path / "a", learning_rate=0.25, epochs=1)
    assert float(model.optimizer.learning_rate) == 0.25
    model, _ = fit(tmp_path / "b", gan(), task="generation", learning_rate=0.25, epochs=1)
    for optimizer in (model.generator_optimizer, model.discriminator_optimizer):
        assert float(optimizer.learning_rate) == 0.25


def test_a_backup_needs_no_main_thread(tmp_path):
    model = classifier()
    model.compile("sgd", "mse")
    backup = Backup(tmp_path / "backup")
    backup.set_model(model)
    thread = threading.Thread(target=backup.on_epoch_end, args=(0,))
    thread.start()
    thread.join()
    assert (tmp_path / "backup/latest.weights.h5").is_file()


def test_each_epoch_of_a_generator_leaves_a_picture_of_the_same_noise(tmp_path):
    fit(tmp_path, gan(), task="generation", epochs=3)
    pictures = sorted((tmp_path / "samples").iterdir())
    assert [path.name for path in pictures] == [f"epoch_000{n}.png" for n in (1, 2, 3)]
    first, *_, last = (np.asarray(Image.open(path)) for path in pictures)
    assert first.shape == last.shape
    assert not np.array_equal(first, last)

"""Which strategy is taken, why, and what is refused."""

import json
from collections import namedtuple

import keras
import pytest
import tensorflow as tf

from kerascnn import training
from kerascnn.training.distribution import choice, choose

Device = namedtuple("Device", "name")


@pytest.fixture
def there(monkeypatch):
    """Let TensorFlow see devices of these kinds, and make strategies that only tell their name."""
    monkeypatch.delenv("TF_CONFIG", raising=False)
    monkeypatch.delenv("TPU_NAME", raising=False)

    def set_devices(**counts):
        def listed(kind=None):
            kinds = [kind] if kind else counts
            return [Device(f"/{one}:{n}") for one in kinds for n in range(counts.get(one, 0))]

        monkeypatch.setattr(tf.config, "list_physical_devices", listed)
        monkeypatch.setattr(tf.config, "list_logical_devices", listed)

    set_devices(CPU=1)
    return set_devices


@pytest.fixture
def made(monkeypatch):
    """Give the list of names of strategies that were made, which do nothing."""
    names, honest = [], tf.distribute.get_strategy()
    for kind in ("OneDeviceStrategy", "MirroredStrategy", "MultiWorkerMirroredStrategy"):
        monkeypatch.setattr(
            tf.distribute, kind, lambda *words, kind=kind: names.append((kind, *words)) or honest
        )
    monkeypatch.setitem(choice._MAKERS, "tpu", lambda: names.append(("TPUStrategy",)) or honest)
    forget()
    yield names
    forget()


def forget():
    for make in (choice._mirrored, choice._multi_worker):
        make.cache_clear()


@pytest.mark.parametrize(
    ("devices", "variables", "name", "why"),
    [
        ({"CPU": 1}, {}, None, "as there is neither a GPU nor a TPU"),
        ({"CPU": 1, "GPU": 1}, {}, None, "as there is one GPU"),
        ({"CPU": 1, "GPU": 4}, {}, "MirroredStrategy", "as there are 4 GPUs"),
        ({"CPU": 1, "TPU": 8}, {}, "TPUStrategy", "as there is a TPU"),
        ({"CPU": 1, "GPU": 2}, {"TPU_NAME": "local"}, "TPUStrategy", "as there is a TPU"),
        (
            {"CPU": 1, "GPU": 2},
            {"TF_CONFIG": json.dumps({"cluster": {"chief": ["a:1"], "worker": ["b:1"]}})},
            "MultiWorkerMirroredStrategy",
            "as TF_CONFIG names 2 workers",
        ),
        ({"CPU": 1}, {"TF_CONFIG": '{"cluster": {"worker": ["a:1"]}}'}, None, "neither"),
    ],
)
def test_auto_takes_what_is_there(there, made, monkeypatch, devices, variables, name, why):
    there(**devices)
    for key, value in variables.items():
        monkeypatch.setenv(key, value)
    _, reason = choose("auto")
    assert [one[0] for one in made] == ([name] if name else [])
    assert why in reason


def test_what_is_asked_for_is_made(there, made):
    there(CPU=1, GPU=2)
    for kind in ("cpu", "gpu", "mirrored"):
        choose(kind)
    assert made == [
        ("OneDeviceStrategy", "CPU:0"),
        ("OneDeviceStrategy", "GPU:0"),
        ("MirroredStrategy", ["/GPU:0", "/GPU:1"]),
    ]


def test_several_replicas_are_made_once_in_a_process(there, made):
    there(CPU=1, GPU=2)
    assert choose("mirrored")[0] is choose("mirrored")[0] is choose("auto")[0]
    assert len(made) == 1


def test_it_says_what_it_took(there, caplog):
    with caplog.at_level("INFO", logger="tensorflow"):
        assert training.strategy() is tf.distribute.get_strategy()
    assert "Training on one device, as there is neither a GPU nor a TPU" in caplog.text


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        ("horovod", r"A strategy is one of auto.*kind='horovod'"),
        ("parameter_server", r"can't train with parameter servers; take multi_worker"),
        ("gpu", r"no GPU that TensorFlow sees.*/CPU:0"),
        ("tpu", r"no TPU that TensorFlow sees"),
        ("multi_worker", r"TF_CONFIG, such as \{\"cluster\".*TF_CONFIG=None"),
    ],
)
def test_what_is_not_there_is_refused(there, kind, message):
    with pytest.raises(ValueError, match=message):
        training.strategy(kind)


@pytest.mark.parametrize("text", ["{", "[]", '{"cluster": {"worker": 2}}'])
def test_an_ill_formed_cluster_is_refused(there, monkeypatch, text):
    monkeypatch.setenv("TF_CONFIG", text)
    with pytest.raises(ValueError, match=r"TF_CONFIG must be like .*Received: "):
        training.strategy()


def test_distribution_of_keras_is_refused(there, monkeypatch):
    monkeypatch.setattr(keras.distribution, "distribution", lambda: "DataParallel")
    with pytest.raises(ValueError, match=r"does nothing on TensorFlow.*DataParallel"):
        training.strategy()

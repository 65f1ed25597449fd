"""Which strategy of tf.distribute to train under."""

from __future__ import annotations

import functools
import json
import os

import keras
import tensorflow as tf

from kerascnn.training.distribution.cures import cure

_EXAMPLE = (
    '{"cluster": {"worker": ["one:2222", "two:2222"]}, "task": {"type": "worker", "index": 0}}'
)
_KINDS = ("auto", "cpu", "gpu", "mirrored", "multi_worker", "tpu")


def strategy(kind: str = "auto") -> tf.distribute.Strategy:
    """Choose a strategy of tf.distribute, and say which and why in TensorFlow's log.

    Build and compile the model inside `with strategy.scope():`; `fit` may stand outside. A batch is
    that of all replicas together. With several replicas, errors of Keras are put right for the
    whole process, as `docs/distribution.md` tells.

    Args:
        kind: `"cpu"` and `"gpu"` take one device; `"mirrored"` all GPUs of this machine, or its
            logical CPUs where it has none; `"multi_worker"` the machines that the environment
            variable TF_CONFIG names; `"tpu"` the TPU that the environment describes. `"auto"` takes
            the first there is of several workers, a TPU and several GPUs; with one device it leaves
            all to TensorFlow.

    Returns:
        The strategy.

    Raises:
        ValueError: If the kind is unknown, what it needs is not there, or Keras cannot train so.

    Example:
        >>> with kerascnn.training.strategy("auto").scope():
        ...     model = kerascnn.create_model("resnet20")
        ...     model.compile("sgd", "sparse_categorical_crossentropy")
        >>> model.fit(images, labels, batch_size=256)
    """
    made, why = choose(kind)
    tf.get_logger().info(why)
    return made


def choose(kind: str) -> tuple[tf.distribute.Strategy, str]:
    """Choose as `strategy` does, and give a sentence that says what and why besides."""
    if kind == "parameter_server":
        raise ValueError(
            "Keras 3 can't train with parameter servers; take multi_worker. Received: "
            "kind='parameter_server'"
        )
    if kind not in _KINDS:
        raise ValueError(f"A strategy is one of {', '.join(_KINDS)}. Received: kind={kind!r}")
    if keras.distribution.distribution() is not None:
        raise ValueError(
            "keras.distribution does nothing on TensorFlow, and does not say so; unset it with "
            "keras.distribution.set_distribution(None). Received: "
            f"{keras.distribution.distribution()}"
        )
    chosen, why = _automatic() if kind == "auto" else (kind, "as asked for")
    made = _MAKERS[chosen]()
    number = made.num_replicas_in_sync
    if number > 1:
        cure()
    name = f"{number} replicas by {type(made).__name__}" if number > 1 else "one device"
    return made, f"Training on {name}, {why}"


def _automatic() -> tuple[str, str]:
    """Name what is there, and how that was seen."""
    gpus = len(tf.config.list_physical_devices("GPU"))
    if _workers() > 1:
        return "multi_worker", f"as TF_CONFIG names {_workers()} workers"
    if "TPU_NAME" in os.environ or tf.config.list_physical_devices("TPU"):
        return "tpu", "as there is a TPU"
    if gpus > 1:
        return "mirrored", f"as there are {gpus} GPUs"
    return "default", "as there is one GPU" if gpus else "as there is neither a GPU nor a TPU"


def _workers() -> int:
    """Count the workers that TF_CONFIG names."""
    text = os.environ.get("TF_CONFIG") or "{}"
    try:
        cluster = json.loads(text).get("cluster", {})
        return sum(len(cluster.get(kind, ())) for kind in ("chief", "worker"))
    except (ValueError, AttributeError, TypeError) as error:
        raise ValueError(f"TF_CONFIG must be like {_EXAMPLE}. Received: {text!r}") from error


def _one(device: str) -> tf.distribute.Strategy:
    if not tf.config.list_physical_devices(device):
        raise ValueError(
            f"There is no {device} that TensorFlow sees; take another strategy, or look at "
            "https://www.tensorflow.org/install. Received: "
            f"devices={[one.name for one in tf.config.list_physical_devices()]}"
        )
    return tf.distribute.OneDeviceStrategy(f"{device}:0")


# The collectives of a second strategy of a process are mixed up with those of the first, and a TPU
# that is connected to again forgets its variables: what was made is given again.
@functools.cache
def _mirrored() -> tf.distribute.Strategy:
    kind = "GPU" if tf.config.list_physical_devices("GPU") else "CPU"
    devices = [one.name for one in tf.config.list_logical_devices(kind)]
    return tf.distribute.MirroredStrategy(devices)


@functools.cache
def _multi_worker() -> tf.distribute.Strategy:
    if not _workers():
        raise ValueError(
            "Several workers find each other by the environment variable TF_CONFIG, such as "
            f"{_EXAMPLE}. Received: TF_CONFIG={os.environ.get('TF_CONFIG')!r}"
        )
    return tf.distribute.MultiWorkerMirroredStrategy()


@functools.cache
def _tpu() -> tf.distribute.Strategy:
    try:
        resolver = tf.distribute.cluster_resolver.TPUClusterResolver.connect()
    except (ValueError, tf.errors.OpError) as error:
        raise ValueError(
            "There is no TPU that TensorFlow sees; a machine beside one sets TPU_NAME, and needs "
            f"the package tensorflow-tpu. Received: {error}"
        ) from error
    return tf.distribute.TPUStrategy(resolver)


_MAKERS = {
    "default": tf.distribute.get_strategy,
    "cpu": lambda: _one("CPU"),
    "gpu": lambda: _one("GPU"),
    "mirrored": _mirrored,
    "multi_worker": _multi_worker,
    "tpu": _tpu,
}

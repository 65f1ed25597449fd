"""Requests that TF Serving runs on a model before it serves it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from kerascnn.edge import Metadata

from .pictures import BYTES

NAME = "tf_serving_warmup_requests"
_MOST = 100  # samples; the server takes a thousand requests at most


def write_warm_up(
    folder: Path, samples: Mapping[str, np.ndarray], metadata: Metadata | None
) -> None:
    """Write requests for each signature of a SavedModel, of one sample and of all.

    Args:
        folder: The SavedModel.
        samples: Inputs by name, examples along the first axis.
        metadata: What a model of encoded pictures says about its pixels; None of another one.

    Raises:
        ModuleNotFoundError: If tensorflow-serving-api is not installed.
        ValueError: If there are too many samples, or none.
    """
    log, request = _protocol()
    count = len(next(iter(samples.values())))
    if not 0 < count <= _MOST:
        raise ValueError(f"A server warms up on 1 to {_MOST} samples. Received: {count}")
    (folder / "assets.extra").mkdir(exist_ok=True)
    with tf.io.TFRecordWriter(str(folder / "assets.extra" / NAME)) as writer:
        for size in sorted({1, count}):
            part = {name: values[:size] for name, values in samples.items()}
            for name, tensors in _requests(part, metadata):
                spec = request.PredictRequest()
                spec.model_spec.name = "warm_up"  # the server puts its own name there
                spec.model_spec.signature_name = name
                for key, value in tensors.items():
                    spec.inputs[key].CopyFrom(tf.make_tensor_proto(value))
                predicted = log.PredictionLog(predict_log=log.PredictLog(request=spec))
                writer.write(predicted.SerializeToString())


def _requests(
    samples: Mapping[str, np.ndarray], metadata: Metadata | None
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Give the name of a signature and its tensors, for all that there are."""
    yield "serving_default", dict(samples)
    if metadata is None:
        return
    (values,) = samples.values()
    pixels = np.rint(values * np.asarray(metadata.std) + np.asarray(metadata.mean))
    encoded = [tf.io.encode_png(one).numpy() for one in pixels.clip(0, 255).astype(np.uint8)]
    yield BYTES, {"image_bytes": encoded}


def _protocol() -> tuple[Any, Any]:
    try:
        from tensorflow_serving.apis import predict_pb2, prediction_log_pb2
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError(
            "Warming a server up needs the package tensorflow-serving-api; install it with "
            "`pip install 'kerascnn[serving]'`, or leave the samples out."
        ) from error
    return prediction_log_pb2, predict_pb2

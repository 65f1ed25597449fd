"""TF Serving's gRPC interface, by the published stubs."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import grpc
import numpy as np
import tensorflow as tf

from kerascnn.serving.client import Client, ServingError, ranked

try:
    from tensorflow_serving.apis import (
        classification_pb2,
        get_model_status_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
    )
except ModuleNotFoundError as missing:
    raise ModuleNotFoundError(
        "gRPC needs the package tensorflow-serving-api; install it with "
        "`pip install 'kerascnn[serving]'`, or ask by REST: http://host:8501."
    ) from missing

_LARGEST = 2**31 - 1  # bytes of a message; by itself gRPC takes 4 MiB


class GRPCClient(Client):
    """Asks by protocol buffers. See `Client`."""

    def __init__(self, address: str, model: str, **options: Any) -> None:
        super().__init__(address, model, **options)
        self.channel = grpc.insecure_channel(
            address,
            options=[
                ("grpc.max_receive_message_length", _LARGEST),
                ("grpc.max_send_message_length", _LARGEST),
                ("grpc.service_config", json.dumps(_retrying(self.retries))),
            ],
        )
        self.predictions = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self.models = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def predict(
        self, inputs: Mapping[str, Any], *, signature: str = "serving_default"
    ) -> dict[str, np.ndarray]:
        """Run the model; see `Client.predict`."""
        request = self._name(predict_pb2.PredictRequest(), signature)
        for name, values in inputs.items():
            request.inputs[name].CopyFrom(tf.make_tensor_proto(values))
        answer = self._ask(self.predictions.Predict, request)
        return {name: tf.make_ndarray(proto) for name, proto in answer.outputs.items()}

    def classify(self, pictures: list[bytes]) -> list[list[tuple[str, float]]]:
        """Classify encoded pictures; see `Client.classify`."""
        request = self._name(classification_pb2.ClassificationRequest(), "classify")
        for picture in pictures:
            example = request.input.example_list.examples.add()
            example.features.feature["image_bytes"].bytes_list.value.append(picture)
        answer = self._ask(self.predictions.Classify, request)
        return [
            ranked([(kind.label, kind.score) for kind in one.classes])
            for one in answer.result.classifications
        ]

    def status(self) -> dict[int, str]:
        """Give the state of each version; see `Client.status`."""
        request = self._name(get_model_status_pb2.GetModelStatusRequest(), "")
        answer = self._ask(self.models.GetModelStatus, request)
        states = get_model_status_pb2.ModelVersionStatus.State
        return {one.version: states.Name(one.state) for one in answer.model_version_status}

    def _name(self, request: Any, signature: str) -> Any:
        request.model_spec.name = self.model
        request.model_spec.signature_name = signature
        if self.version is not None:
            request.model_spec.version.value = self.version
        return request

    def _ask(self, method: Callable[..., Any], request: Any) -> Any:
        try:
            return method(request, timeout=self.timeout)
        except grpc.RpcError as error:
            code = error.code().name
            if code in ("UNAVAILABLE", "DEADLINE_EXCEEDED"):
                raise ServingError(
                    f"The server must answer within {self.timeout} seconds; see that it runs and "
                    f"that its gRPC port is the one named. Received: {code} from {self.address}"
                ) from error
            raise ServingError(
                f"The server refused. Received: {code} {error.details()} from {self.address}"
            ) from error


def _retrying(retries: int) -> dict[str, Any]:
    """Describe how a request is repeated, by gRPC itself."""
    if not retries:
        return {}
    policy = {
        "maxAttempts": min(retries + 1, 5),  # gRPC's own bound
        "initialBackoff": "0.1s",
        "maxBackoff": "2s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE"],
    }
    return {"methodConfig": [{"name": [{}], "retryPolicy": policy}]}

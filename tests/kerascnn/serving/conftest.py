"""A server with the interfaces of TF Serving: its published gRPC service, and its REST paths."""

import base64
import contextlib
import json
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import grpc
import keras
import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_service_pb2_grpc,
)

from kerascnn import edge, export

LABELS = ("cat", "dog", "bird")


class Backend:
    """What the server answers, by a SavedModel of one name and version."""

    def __init__(self, folder):
        self.loaded = tf.saved_model.load(folder)
        self.busy = 0  # requests that are still turned away
        self.asked = 0
        self.answers = threading.Event()  # until it is set, requests wait
        self.answers.set()

    def check(self, name, version):
        self.asked += 1
        self.answers.wait(30)
        if self.busy:
            self.busy -= 1
            return "UNAVAILABLE", "busy"
        if name != "pets" or version not in (None, 1):
            return "NOT_FOUND", f"Servable not found for request: Latest({name})"
        return None

    def run(self, signature, inputs):
        if signature not in self.loaded.signatures:
            raise ValueError(f'Serving signature name: "{signature}" not found')
        try:
            return self.loaded.signatures[signature](**inputs)
        except (TypeError, tf.errors.InvalidArgumentError) as error:
            raise ValueError(str(error)) from error

    def classify(self, examples):
        found = self.run("classify", {"inputs": tf.constant(examples)})
        rows = zip(found["classes"].numpy().tolist(), found["scores"].numpy(), strict=True)
        return [list(zip(names, scores, strict=True)) for names, scores in rows]


class Predictions(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, backend):
        self.backend = backend

    def prepare(self, request, context):
        spec = request.model_spec
        version = spec.version.value if spec.HasField("version") else None
        if refused := self.backend.check(spec.name, version):
            context.abort(grpc.StatusCode[refused[0]], refused[1])

    def Predict(self, request, context):
        self.prepare(request, context)
        given = {name: tf.constant(tf.make_ndarray(one)) for name, one in request.inputs.items()}
        try:
            outputs = self.backend.run(request.model_spec.signature_name, given)
        except ValueError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, str(error))
        answer = predict_pb2.PredictResponse()
        for name, values in outputs.items():
            answer.outputs[name].CopyFrom(tf.make_tensor_proto(values.numpy()))
        return answer

    def Classify(self, request, context):
        self.prepare(request, context)
        examples = [one.SerializeToString() for one in request.input.example_list.examples]
        answer = classification_pb2.ClassificationResponse()
        for row in self.backend.classify(examples):
            classes = answer.result.classifications.add().classes
            for name, score in row:
                classes.add(label=name.decode(), score=score)
        return answer


class Models(model_service_pb2_grpc.ModelServiceServicer):
    def __init__(self, backend):
        self.backend = backend

    def GetModelStatus(self, request, context):
        if refused := self.backend.check(request.model_spec.name, None):
            context.abort(grpc.StatusCode[refused[0]], refused[1])
        available = get_model_status_pb2.ModelVersionStatus.State.AVAILABLE
        answer = get_model_status_pb2.GetModelStatusResponse()
        answer.model_version_status.add(version=1, state=available)
        return answer


CODES = {"UNAVAILABLE": 503, "NOT_FOUND": 404}


def handler(backend):
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_):
            pass

        def reply(self, content, code=200):
            body = json.dumps(content).encode()
            with contextlib.suppress(BrokenPipeError, ConnectionResetError):
                self.send_response(code)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

        def refused(self):
            name, *rest = self.path.partition(":")[0].removeprefix("/v1/models/").split("/")
            version = int(rest[1]) if rest else None
            if refused := backend.check(name, version):
                self.reply({"error": refused[1]}, CODES[refused[0]])
            return refused

        def do_GET(self):
            if not self.refused():
                status = {"error_code": "OK", "error_message": ""}
                state = {"version": "1", "state": "AVAILABLE", "status": status}
                self.reply({"model_version_status": [state]})

        def do_POST(self):
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            if self.refused():
                return
            if self.path.endswith(":classify"):
                examples = [example(one) for one in body["examples"]]
                rows = backend.classify(examples)
                results = [[[n.decode(), float(s)] for n, s in row] for row in rows]
                self.reply({"results": results})
                return
            try:
                given = {name: tf.constant(decoded(one)) for name, one in body["inputs"].items()}
                outputs = backend.run(body["signature_name"], given)
            except ValueError as error:
                self.reply({"error": str(error)}, 400)
                return
            named = {name: values.numpy().tolist() for name, values in outputs.items()}
            # The server leaves the name of a single output out.
            self.reply({"outputs": named if len(named) > 1 else next(iter(named.values()))})

    return Handler


def decoded(value):
    if isinstance(value, dict):
        return base64.b64decode(value["b64"])
    return [decoded(one) for one in value] if isinstance(value, list) else value


def example(features):
    lists = {name: tf.train.BytesList(value=[decoded(one)]) for name, one in features.items()}
    feature = {name: tf.train.Feature(bytes_list=one) for name, one in lists.items()}
    return tf.train.Example(features=tf.train.Features(feature=feature)).SerializeToString()


@pytest.fixture(scope="session")
def served(tmp_path_factory):
    """Give the model, what answers for it, and the addresses by scheme."""
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, 3), name="image")
    x = keras.layers.Flatten()(image)
    model = keras.Model(image, keras.layers.Dense(3, activation="softmax", name="scores")(x))
    metadata = edge.Metadata(task="classification", labels=LABELS)
    folder = export.to_saved_model(model, tmp_path_factory.mktemp("pets"), metadata=metadata)
    backend = Backend(folder)
    rest = ThreadingHTTPServer(("127.0.0.1", 0), handler(backend))
    threading.Thread(target=rest.serve_forever, daemon=True).start()
    server = grpc.server(futures.ThreadPoolExecutor(4))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(
        Predictions(backend), server
    )
    model_service_pb2_grpc.add_ModelServiceServicer_to_server(Models(backend), server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    urls = {"http": f"http://127.0.0.1:{rest.server_port}", "grpc": f"grpc://127.0.0.1:{port}"}
    yield model, backend, urls
    server.stop(None)
    rest.shutdown()
    rest.server_close()


@pytest.fixture
def images():
    return np.random.default_rng(0).integers(0, 256, (2, 8, 8, 3)).astype("uint8")

"""What TF Serving does with a SavedModel, done without it: load, warm up, decode, classify."""

import io
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf
from google.protobuf import text_format
from keras import layers
from PIL import Image
from tensorflow_serving.apis import prediction_log_pb2
from tensorflow_serving.config import model_server_config_pb2

from kerascnn import edge, export

PROCESS = Path(__file__).with_name("capi_process.py")
LABELS = ("cat", "dog", "bird")
METADATA = edge.Metadata(
    task="classification", labels=LABELS, mean=(127.5,), std=(127.5,), channel_order="RGB"
)
RNG = np.random.default_rng(0)
PICTURES = [RNG.integers(0, 256, shape).astype("uint8") for shape in ((8, 8, 3), (12, 20, 3))]


def encoded(pixels, kind="PNG"):
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, kind)
    return stream.getvalue()


def classifier(channels):
    keras.utils.set_random_seed(0)
    image = keras.Input((8, 8, channels), name="image")
    x = layers.Flatten()(layers.Conv2D(4, 3, activation="relu")(image))
    return keras.Model(image, layers.Dense(3, activation="softmax", name="scores")(x))


@pytest.fixture(scope="module")
def model():
    return classifier(3)


@pytest.fixture(scope="module")
def version(model, tmp_path_factory):
    samples = RNG.uniform(-1, 1, (4, 8, 8, 3)).astype("float32")
    folder = tmp_path_factory.mktemp("serving")
    return export.to_saved_model(model, folder, metadata=METADATA, samples=samples)


@pytest.fixture(scope="module")
def signatures(version):
    loaded = tf.saved_model.load(version)
    yield loaded.signatures  # they live as long as what was loaded
    del loaded


def expected(model, metadata, pictures):
    """Prepare pictures as the edge does, and run the model in Keras."""
    shape = (1, *model.input_shape[1:])
    spec = edge.TensorSpec("image", shape, np.dtype("float32"), (), ())
    from kerascnn.edge.tasks.picture import prepare

    batch = np.concatenate([prepare(one, spec, metadata) for one in pictures])
    return model.predict(batch, verbose=0)


@pytest.mark.parametrize("channels", [3, 1])
@pytest.mark.parametrize("order", ["RGB", "BGR"])
def test_encoded_pictures_give_what_the_edge_gives(tmp_path, channels, order):
    model = classifier(channels)
    metadata = edge.Metadata(mean=(100.0,), std=(50.0,), channel_order=order)
    loaded = tf.saved_model.load(export.to_saved_model(model, tmp_path, metadata=metadata))
    texts = tf.constant([encoded(one) for one in PICTURES])
    scores = loaded.signatures["serving_bytes"](image_bytes=texts)["scores"]
    np.testing.assert_allclose(scores, expected(model, metadata, PICTURES), atol=0.01)
    whole = loaded.signatures["serving_bytes"](image_bytes=texts[:1])["scores"]
    exact = expected(model, metadata, PICTURES[:1])  # of the model's size, so never resized
    np.testing.assert_allclose(whole, exact, atol=1e-5 if channels == 3 else 0.01)


def test_examples_are_classified_with_the_names_of_the_classes(model, signatures):
    feature = tf.train.Feature(bytes_list=tf.train.BytesList(value=[encoded(PICTURES[0])]))
    example = tf.train.Example(features=tf.train.Features(feature={"image_bytes": feature}))
    found = signatures["classify"](inputs=tf.constant([example.SerializeToString()] * 2))
    assert found["classes"].numpy().tolist() == [[name.encode() for name in LABELS]] * 2
    scores = expected(model, METADATA, PICTURES[:1])
    np.testing.assert_allclose(found["scores"], np.repeat(scores, 2, axis=0), atol=1e-5)


def saved_model_cli(*words):
    command = [Path(sys.executable).with_name("saved_model_cli"), *words]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return done.stdout


def test_the_server_is_told_which_signature_classifies(version):
    listed = saved_model_cli("show", "--dir", version, "--all")
    part = listed.partition("signature_def['classify']")[2]
    assert "Method name is: tensorflow/serving/classify" in part.partition("signature_def")[0]


def test_nothing_in_the_graph_reads_or_writes_files(version):
    listed = saved_model_cli("scan", "--dir", version, "--tag_set", "serve")
    assert "does not contain the default denylisted ops" in listed


def test_the_warm_up_file_replays_as_the_server_does_it(version, signatures):
    path = version / "assets.extra" / "tf_serving_warmup_requests"
    seen = []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
        inputs = {name: tf.constant(tf.make_ndarray(one)) for name, one in request.inputs.items()}
        outputs = signatures[request.model_spec.signature_name](**inputs)
        assert np.isfinite(outputs["scores"]).all()
        seen.append((request.model_spec.signature_name, len(outputs["scores"])))
    assert seen == [(name, n) for n in (1, 4) for name in ("serving_default", "serving_bytes")]


def test_the_description_stands_beside_the_model(version):
    text = (version / "assets.extra" / "kerascnn.json").read_text()
    assert edge.Metadata.from_json(text) == METADATA


@pytest.mark.parametrize("kind", ["float", "bytes"])
def test_the_loader_of_the_server_runs_it_without_python_tensorflow(
    model, version, signatures, tmp_path, kind
):
    if kind == "float":
        values = RNG.uniform(-1, 1, (5, 8, 8, 3)).astype("float32")
        name, scores = "serving_default", model.predict(values, verbose=0)
    else:
        values = np.array([encoded(one) for one in PICTURES])
        name, scores = "serving_bytes", expected(model, METADATA, PICTURES)
    np.save(tmp_path / "inputs.npy", values)
    proto = signature_of(version, name)
    library = Path(tf.__file__).parent / "libtensorflow_cc.so.2"
    words = [library, version, proto["input"], proto["output"]]
    files = [tmp_path / "inputs.npy", tmp_path / "result.npy"]
    done = subprocess.run(
        [sys.executable, "-I", PROCESS, *words, *files], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr[-2000:]
    np.testing.assert_allclose(np.load(files[1]), scores, atol=1e-5 if kind == "float" else 0.01)


def signature_of(version, name):
    """Give the names of the one input and the one output of a signature in the graph."""
    words = ["--dir", version, "--tag_set", "serve", "--signature_def", name]
    lines = saved_model_cli("show", *words).splitlines()
    names = [line.split()[-1] for line in lines if line.strip().startswith("name:")]
    return dict(zip(("input", "output"), names, strict=True))


def test_the_configuration_is_what_the_server_parses(version, tmp_path):
    folder = version.parent
    command = export.write_serving_config({'a "b"': folder, "c": folder}, tmp_path, threads=3)
    text = (tmp_path / "models.config").read_text()
    found = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    models = [(one.name, one.base_path) for one in found.model_config_list.config]
    assert models == [('a "b"', '/models/a "b"'), ("c", "/models/c")]
    assert "--model_config_file=/config/models.config" in command
    lines = (tmp_path / "batching.config").read_text().splitlines()
    sizes = [int(line.split()[1]) for line in lines if line.startswith("allowed_batch_sizes")]
    assert sizes == [1, 2, 4, 8, 16, 32]
    assert "max_batch_size { value: 32 }" in lines
    assert "num_batch_threads { value: 3 }" in lines


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_batch_size": 12}, "power of two.*max_batch_size=12"),
        ({"batch_timeout": -1.0}, "batch_timeout=-1.0"),
        ({"threads": 0}, "threads=0"),
    ],
)
def test_ill_posed_numbers_are_refused(version, tmp_path, options, message):
    with pytest.raises(ValueError, match=message):
        export.write_serving_config({"one": version.parent}, tmp_path, **options)


def test_a_folder_without_versions_is_refused(tmp_path):
    with pytest.raises(ValueError, match=r"numbered versions.*one="):
        export.write_serving_config({"one": tmp_path}, tmp_path)


@pytest.mark.parametrize(
    "samples",
    [np.zeros((2, 9, 8, 3)), {"picture": np.zeros((2, 8, 8, 3))}, np.zeros((101, 8, 8, 3))],
)
def test_samples_that_do_not_fit_leave_no_version(model, tmp_path, samples):
    with pytest.raises(ValueError, match="Received: "):
        export.to_saved_model(model, tmp_path, samples=samples)
    assert list(tmp_path.iterdir()) == []

"""Numbers on pruned and clustered models, against counting by other means."""

import gzip
import json

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import edge, export


@pytest.fixture(scope="module")
def models():
    def build():
        keras.utils.set_random_seed(0)
        image = layers.Input((8, 8, 8))
        x = layers.Conv2D(32, 3, name="first", activation="relu")(image)
        x = layers.Conv2D(32, 3, name="second", activation="relu")(x)
        x = layers.GlobalAveragePooling2D()(x)
        return keras.Model(image, layers.Dense(4, name="last")(x), name="net")

    dense, pruned = build(), build()
    pruned.compile("sgd", "mse")
    data = np.random.default_rng(0).normal(size=(32, 8, 8, 8)).astype("float32")
    callbacks = [
        export.prune(pruned, 0.75, only=["second"]),
        export.prune(pruned, 0.25, pattern="filters", only=["first"]),
    ]
    pruned.fit(data, np.zeros((32, 4)), verbose=0, callbacks=callbacks)
    pruned.fit(data, np.zeros((32, 4)), verbose=0, callbacks=[export.cluster(pruned, 16)])
    return dense, pruned, data


@pytest.fixture(scope="module")
def files(models, tmp_path_factory):
    *both, data = models
    folder = tmp_path_factory.mktemp("files")
    paths = [folder / "dense.tflite", folder / "pruned.tflite"]
    for model, path in zip(both, paths, strict=True):
        export.to_tflite(model, path, quantize="int8", calibration=data)
    return paths


def test_a_model_is_counted_layer_by_layer(models):
    dense, pruned, _ = models
    report = export.compression_report(pruned, dense=dense)
    found = {layer.layer: layer for layer in report.layers}
    assert found["second"].sparsity == pytest.approx(0.75, abs=0.01)
    assert [found[name].unique for name in ("first", "second", "last")] == [16, 16, 16]
    assert [found[name].dead for name in ("first", "last")] == [8, 0]
    assert report.size == 4 * pruned.count_params() == report.dense_size
    assert report.compressed < 0.4 * report.dense_compressed


def test_a_file_is_counted_as_the_runtime_reads_it(files):
    from ai_edge_litert.interpreter import Interpreter

    report = export.compression_report(files[1], dense=files[0])
    interpreter = Interpreter(str(files[1]))
    kernels = {}
    for detail in interpreter.get_tensor_details():
        if detail["dtype"] == np.int8 and detail["quantization_parameters"]["scales"].size:
            try:
                values = interpreter.get_tensor(detail["index"])
            except ValueError:
                continue  # not a constant
            if values.ndim in (2, 4) and values.size > 100:
                kernels[values.shape] = values
    assert [layer.shape for layer in report.layers] == [(32, 3, 3, 8), (32, 3, 3, 32), (4, 32)]
    for layer in report.layers:
        values = kernels[layer.shape]
        assert layer.dtype == "int8"
        assert layer.sparsity == pytest.approx(np.mean(values == 0))
        assert layer.unique == len(set(values.reshape(-1).tolist()))
        assert layer.dead == np.sum(np.all(values == 0, axis=tuple(range(1, values.ndim))))
    assert report.size == files[1].stat().st_size
    assert report.compressed == pytest.approx(len(gzip.compress(files[1].read_bytes())), abs=2)


def test_a_pruned_int8_file_is_smaller_only_when_compressed(files):
    report = export.compression_report(files[1], dense=files[0])
    assert abs(report.size - report.dense_size) < 0.05 * report.dense_size
    assert report.compressed < 0.7 * report.dense_compressed
    assert "as large and as slow" in report.notes[-1]
    assert "8 filters" in report.notes[0]


def test_a_dense_file_has_no_notes(files):
    assert export.compression_report(files[0]).notes == ()
    assert "dense" not in export.compression_report(files[0]).summary()


def test_a_report_is_a_line_a_table_and_json(files):
    report = export.compression_report(files[1], dense=files[0])
    assert f"{report.compressed:,} by gzip; " in report.summary()
    assert report.table().row_count == 3
    assert json.loads(report.to_json())["layers"][0]["unique"] == report.layers[0].unique


def test_what_is_no_model_file_is_refused(tmp_path):
    (tmp_path / "other.tflite").write_text("nothing of that kind")
    with pytest.raises(edge.ModelError):
        export.compression_report(tmp_path / "other.tflite")

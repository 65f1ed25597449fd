"""The device: no Keras, no TensorFlow, no Pillow."""

import os
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from kerascnn import edge


def run(script, *arguments):
    """Run a script in a fresh process and give what it prints."""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", textwrap.dedent(script), *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=240,
        env={**os.environ, "TF_CPP_MIN_LOG_LEVEL": "3"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    """An int8 model that TensorFlow's converter made, described, and what it gave there."""
    folder = tmp_path_factory.mktemp("exported")
    convert = """
        import sys, warnings
        warnings.simplefilter("ignore")
        import numpy as np, tensorflow as tf

        class Net(tf.Module):
            def __init__(self):
                random = np.random.RandomState(0)
                self.kernel = tf.Variable(random.randn(3, 3, 1, 4).astype("f"))
                self.weights = tf.Variable(random.randn(64, 10).astype("f") / 8)

            @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 1), tf.float32, name="image")])
            def serve(self, image):
                x = tf.nn.relu(tf.nn.conv2d(image, self.kernel, 2, "SAME"))
                return {"probabilities": tf.nn.softmax(tf.reshape(x, (1, 64)) @ self.weights)}

        net, folder = Net(), sys.argv[1]
        tf.saved_model.save(net, folder, signatures={"serve": net.serve})
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["serve"])
        samples = np.random.RandomState(1).rand(32, 1, 8, 8, 1).astype("f")
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: ({"image": x} for x in samples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.inference_input_type = converter.inference_output_type = tf.int8
        with open(folder + "/model.tflite", "wb") as file:
            file.write(converter.convert())
        np.savez(folder + "/data.npz", x=samples[:, 0],
                 y=np.concatenate([net.serve(x)["probabilities"] for x in samples]))
    """
    run(convert, folder)
    metadata = edge.Metadata(task="classification", labels=tuple("0123456789"), std=(255.0,))
    edge.write_metadata(folder / "model.tflite", metadata)
    return folder


def test_an_exported_model_runs_where_nothing_else_is_installed(exported):
    script = """
        import sys
        for name in ("tensorflow", "keras", "PIL"):
            sys.modules[name] = None
        import numpy as np
        from kerascnn import edge
        model = edge.load(sys.argv[1] + "/model.tflite")
        data = np.load(sys.argv[1] + "/data.npz")
        best = edge.TASKS[model.metadata.task](model, (data["x"][0, ..., 0] * 255).astype(np.uint8))
        print(model.inputs[0].name, model.outputs[0].name, model.inputs[0].dtype, best[0].label)
        np.save(sys.argv[1] + "/result.npy", model(data["x"]))
    """
    image, probabilities, dtype, label = run(script, exported).split()
    data, result = np.load(exported / "data.npz"), np.load(exported / "result.npy")
    assert (image, probabilities, dtype) == ("image", "probabilities", "int8")
    assert label == str(data["y"][0].argmax())
    np.testing.assert_allclose(result, data["y"], atol=0.03)
    assert (result.argmax(1) == data["y"].argmax(1)).mean() > 0.9


def test_importing_the_edge_imports_nothing_heavy():
    script = """
        import sys
        import kerascnn.edge
        heavy = {"keras", "tensorflow", "PIL", "ai_edge_litert", "tflite_runtime", "matplotlib"}
        print(sorted(heavy & set(sys.modules)))
    """
    assert run(script).strip() == "[]"

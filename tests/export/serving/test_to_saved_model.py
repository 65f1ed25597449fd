"""SavedModels as TF Serving takes them."""

import subprocess
import sys

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import export

# A process in which keras and kerascnn can't be imported.
SERVE = """
import sys
sys.modules["keras"] = sys.modules["kerascnn"] = None
import numpy as np
import tensorflow as tf
folder, images, codes, result = sys.argv[1:]
served = tf.saved_model.load(folder).signatures["serving_default"]
outputs = served(image=tf.constant(np.load(images)), code=tf.constant(np.load(codes)))
np.savez(result, **{name: value.numpy() for name, value in outputs.items()})
"""


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    image, code = keras.Input((8, 8, 1), name="image"), keras.Input((3,), name="code")
    x = layers.BatchNormalization()(layers.Conv2D(4, 3)(image))
    x = layers.Concatenate()([layers.Flatten()(x), code])
    return keras.Model(
        [image, code], {"scores": layers.Dense(5, activation="softmax")(x), "features": x}
    )


def test_a_process_without_keras_gives_equal_outputs(model, tmp_path):
    generator = np.random.default_rng(0)
    images = generator.normal(size=(6, 8, 8, 1)).astype("float32")
    codes = generator.normal(size=(6, 3)).astype("float32")
    folder = export.to_saved_model(model, tmp_path / "serving")
    np.save(tmp_path / "images.npy", images)
    np.save(tmp_path / "codes.npy", codes)
    names = [tmp_path / name for name in ("images.npy", "codes.npy", "result.npz")]
    subprocess.run([sys.executable, "-W", "ignore", "-c", SERVE, folder, *names], check=True)
    expected = model([images, codes], training=False)
    with np.load(names[-1]) as result:
        assert set(result) == {"scores", "features"}
        for name, value in expected.items():
            np.testing.assert_allclose(result[name], value, rtol=1e-5, atol=1e-6)


def test_each_export_is_the_next_version(model, tmp_path):
    (tmp_path / "7").mkdir()
    (tmp_path / "notes").mkdir()
    versions = [export.to_saved_model(model, tmp_path).name for _ in range(2)]
    assert versions == ["8", "9"]
    assert {entry.name for entry in tmp_path.iterdir()} == {"7", "8", "9", "notes"}


def test_a_failed_export_leaves_no_version(tmp_path):
    class Broken(keras.layers.Layer):
        working = True

        def call(self, x):
            if not self.working:
                raise RuntimeError("only a drawing of a layer")
            return x

    model = keras.Sequential([layers.Input((4,)), Broken()])
    Broken.working = False
    with pytest.raises(export.ExportError, match=r"can't be traced.*only a drawing"):
        export.to_saved_model(model, tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_open_picture_sizes_can_be_served(tmp_path):
    model = keras.Sequential([layers.Input((None, None, 1)), layers.GlobalMaxPooling2D()])
    assert export.to_saved_model(model, tmp_path).name == "1"


@pytest.mark.parametrize("name", ["file", "file/below"])
def test_a_folder_that_cannot_be_written_is_refused(model, tmp_path, name):
    (tmp_path / "file").write_text("kept")
    with pytest.raises(ValueError, match=r"folder must be writable.*directory="):
        export.to_saved_model(model, tmp_path / name)
    assert (tmp_path / "file").read_text() == "kept"

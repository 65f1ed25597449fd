"""Networks of other people, trained with rounding, as files of integers."""

import warnings

import keras
import numpy as np
import pytest

from kerascnn import edge, export

SIZES = {
    "ConvNeXtTiny": 32,
    "DenseNet121": 32,
    "EfficientNetB0": 32,
    "InceptionV3": 75,
    "MobileNetV2": 32,
    "MobileNetV3Small": 32,
    "NASNetMobile": 32,
    "ResNet50V2": 32,
}
COLORS = np.float32([[200, 60, 60], [60, 200, 60], [60, 60, 200], [190, 190, 40]])


def pictures(count, size, seed):
    """Noise around one of four colours, in 0 to 255."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(COLORS)
    noise = rng.normal(0, 30, size=(count, size, size, 3))
    return np.clip(COLORS[labels][:, None, None] + noise, 0, 255).astype("float32"), labels


def network(name, size):
    """A network of Keras on pictures of 0 to 255 with statistics that move fast."""
    keras.utils.set_random_seed(0)
    image = keras.Input((size, size, 3), name="image")
    scaled = ("EfficientNetB0", "MobileNetV3Small", "ConvNeXtTiny")  # they do it themselves
    x = image if name in scaled else keras.layers.Rescaling(1 / 127.5, offset=-1)(image)
    body = getattr(keras.applications, name)(
        weights=None, include_top=False, input_shape=(size, size, 3), pooling="avg"
    )
    for layer in body.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.momentum = 0.5
    return keras.Model(image, keras.layers.Dense(len(COLORS), name="logits")(body(x)))


def fit(model, images, labels, rate, epochs):
    loss = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    model.compile(keras.optimizers.Adam(rate), loss, jit_compile=False)
    model.fit(images, labels, batch_size=16, epochs=epochs, verbose=0)


@pytest.mark.slow
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("name", SIZES)
def test_it_trains_with_rounding_and_becomes_integers_that_agree(name, tmp_path):
    size = SIZES[name]
    images, labels = pictures(64, size, seed=0)
    model = network(name, size)
    fit(model, images, labels, 1e-3, epochs=6)
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)  # of kinds that are not known
        aware = export.quantize_aware(model)
    fit(aware, images, labels, 1e-5, epochs=2)
    path = tmp_path / "model.tflite"
    report = export.to_tflite(aware, path, quantize="int8")
    assert report.float_operators == ()
    images, labels = pictures(200, size, seed=1)
    rounded = aware.predict(images, batch_size=20, verbose=0).argmax(-1)
    given = edge.load(path)(images).argmax(-1)
    assert np.mean(rounded == labels) > 0.9
    assert np.mean(given == rounded) >= 0.99

"""Runs tensorflow-model-optimization beside kerascnn, in a process of its own.

Arguments: the folder to write into what it measures, as JSON, and `plug` or `judge`.
"""

import json
import os
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from kerascnn import export

FOLDER = Path(sys.argv[1])
tfmot = export.load_tfmot()
FOUND = {"keras": tf.keras.__version__, "environment": os.environ.get("TF_USE_LEGACY_KERAS")}

import tf_keras  # noqa: E402 - what the quantizers of TFMOT wrap
from sklearn.datasets import load_digits  # noqa: E402


def digits():
    images, labels = load_digits(return_X_y=True)
    images = (images / 16).reshape(-1, 8, 8, 1).astype("float32")
    order = np.random.default_rng(0).permutation(len(images))
    images, labels = images[order], labels[order].astype("int32")
    return images[:1200], labels[:1200], images[1200:], labels[1200:]


TRAIN, TRAIN_LABELS, TEST, TEST_LABELS = digits()


def plain_net(lib):
    layers = lib.layers
    image = layers.Input((8, 8, 1), name="image")
    x = image
    for number, (filters, strides) in enumerate([(16, 1), (32, 2), (32, 1)]):
        x = layers.Conv2D(
            filters, 3, strides, padding="same", use_bias=False, name=f"conv{number}"
        )(x)
        x = layers.BatchNormalization(momentum=0.9, name=f"norm{number}")(x)
        x = layers.ReLU(name=f"relu{number}")(x)
    x = layers.GlobalAveragePooling2D(name="pool")(x)
    return lib.Model(image, layers.Dense(10, name="logits")(x))


def wide_net(lib):
    layers = lib.layers
    image = layers.Input((8, 8, 1), name="image")
    x = layers.Conv2D(8, 3, dilation_rate=2, padding="same", name="dilated")(image)
    x = layers.BatchNormalization(name="norm0")(x)
    x = layers.ReLU(name="relu0")(x)
    x = layers.Conv2DTranspose(8, 3, strides=2, padding="same", name="up")(x)
    x = layers.BatchNormalization(name="norm1")(x)
    x = layers.ReLU(name="relu1")(x)
    return lib.Model(image, layers.Conv2D(4, 1, name="last")(x))


def compiled(lib, model, rate):
    loss = lib.losses.SparseCategoricalCrossentropy(from_logits=True)
    optimizer = lib.optimizers.Adam(rate)
    model.compile(optimizer=optimizer, loss=loss, metrics=["accuracy"])
    return model


def fit(model, epochs):
    for epoch in range(epochs):
        order = np.random.default_rng(epoch).permutation(len(TRAIN))
        images, labels = TRAIN[order], TRAIN_LABELS[order]
        model.fit(images, labels, batch_size=32, shuffle=False, verbose=0)
    return model


def twin(model, build):
    other = build(keras)
    for layer in other.layers:
        layer.set_weights(model.get_layer(layer.name).get_weights())
    return other


def save_theirs(model, name):
    @tf.function(input_signature=[tf.TensorSpec((1, 8, 8, 1), tf.float32)])
    def run(image):
        return model(image, training=False)

    converter = tf.lite.TFLiteConverter.from_concrete_functions(
        [run.get_concrete_function()], model
    )
    converter.optimizations = [tf.lite.Optimize.DEFAULT]
    (FOLDER / name).write_bytes(converter.convert())


def file_accuracy(name):
    interpreter = tf.lite.Interpreter(str(FOLDER / name))
    interpreter.allocate_tensors()
    taken, given = interpreter.get_input_details()[0], interpreter.get_output_details()[0]
    right = 0
    for image, label in zip(TEST, TEST_LABELS, strict=True):
        interpreter.set_tensor(taken["index"], image[np.newaxis])
        interpreter.invoke()
        right += int(interpreter.get_tensor(given["index"]).argmax() == label)
    return right / len(TEST)


def compare_training():
    tf_keras.utils.set_random_seed(0)
    model = fit(compiled(tf_keras, plain_net(tf_keras), 5e-3), 6)
    ours = twin(model, plain_net)
    theirs = tfmot.quantization.keras.quantize_model(model)
    FOUND["float"] = model.evaluate(TEST, TEST_LABELS, verbose=0)[1]
    fit(compiled(tf_keras, theirs, 3e-4), 3)
    save_theirs(theirs, "theirs.tflite")
    aware = fit(compiled(keras, export.quantize_aware(ours), 3e-4), 3)
    export.to_tflite(aware, FOLDER / "ours.tflite", quantize="int8")
    FOUND["theirs"], FOUND["ours"] = map(file_accuracy, ("theirs.tflite", "ours.tflite"))


def compare_kinds():
    model = wide_net(tf_keras)
    ours = twin(model, wide_net)
    theirs = tfmot.quantization.keras.quantize_model(model)
    images = TRAIN[:64]
    theirs(images, training=True)
    save_theirs(theirs, "theirs_wide.tflite")
    aware = export.quantize_aware(ours)
    aware(images, training=True)
    export.to_tflite(aware, FOLDER / "ours_wide.tflite", quantize="int8")


def plug_in(model):
    known = tfmot.quantization.keras.quantizers
    aware = export.quantize_aware(
        model,
        weights=known.LastValueQuantizer(8, per_axis=True, symmetric=True, narrow_range=True),
        activations=known.AllValuesQuantizer(8, False, False, False),
    )
    fit(compiled(keras, aware, 3e-4), 1)
    aware.save(FOLDER / "plugged.keras")
    again = keras.models.load_model(FOLDER / "plugged.keras")
    FOUND["reloaded"] = float(np.abs(again(TEST[:64]) - aware(TEST[:64])).max())
    report = export.to_tflite(aware, FOLDER / "plugged.tflite", quantize="int8", parity=TEST)
    FOUND["plugged"] = file_accuracy("plugged.tflite")
    FOUND["plugged_agreement"] = report.parity.outputs[0].argmax_agreement
    layer = next(layer for layer in aware.layers if layer.name == "relu0.range")
    seen = keras.Model(aware.input, layer.input)(TRAIN)
    FOUND["plugged_range"] = [float(layer.low), float(layer.high), float(np.max(seen))]


def refusals(model):
    known = tfmot.quantization.keras.quantizers
    cases = {
        "symmetric": {"weights": known.LastValueQuantizer(8, True, False, True)},
        "num_bits": {"activations": known.MovingAverageQuantizer(4, False, False, False)},
    }
    for name, options in cases.items():
        try:
            export.quantize_aware(model, **options)
        except ValueError as error:
            FOUND[f"refused_{name}"] = str(error)


def prune_by_theirs(model):
    theirs = tfmot.sparsity.keras
    schedule = theirs.PolynomialDecay(0.2, 0.6, begin_step=0, end_step=30, frequency=10)
    compiled(keras, model, 1e-3)
    pruning = export.prune(model, schedule, skip=["conv0"])
    model.fit(TRAIN, TRAIN_LABELS, batch_size=32, verbose=0, callbacks=[pruning])
    FOUND["pruned"] = float(np.mean(np.asarray(model.get_layer("conv1").kernel) == 0))


def cluster_by_theirs(model):
    named = tfmot.clustering.keras.CentroidInitialization.DENSITY_BASED
    compiled(keras, model, 1e-3)
    clustering = export.cluster(model, 8, initializer=named, only=["conv2"])
    model.fit(TRAIN, TRAIN_LABELS, batch_size=32, verbose=0, callbacks=[clustering])
    FOUND["clustered"] = len(np.unique(model.get_layer("conv2").kernel))


def neighbours():
    """Prune the same kernel by 2 of 4, here and there."""
    kernel = np.random.default_rng(0).normal(size=(3, 3, 8, 6)).astype("float32")
    theirs = tf_keras.Sequential([tf_keras.layers.Conv2D(6, 3, input_shape=(8, 8, 8))])
    theirs.layers[0].set_weights([kernel, np.zeros(6)])
    schedule = tfmot.sparsity.keras.ConstantSparsity(0.5, begin_step=0, frequency=1)
    wrapped = tfmot.sparsity.keras.prune_low_magnitude(theirs, schedule, sparsity_m_by_n=(2, 4))
    wrapped.compile(tf_keras.optimizers.SGD(0.0), "mse")
    step = tfmot.sparsity.keras.UpdatePruningStep()
    data = np.zeros((4, 8, 8, 8), "float32"), np.zeros((4, 6, 6, 6), "float32")
    wrapped.fit(*data, verbose=0, callbacks=[step])
    stripped = tfmot.sparsity.keras.strip_pruning(wrapped)
    ours = keras.Sequential([keras.layers.Input((8, 8, 8)), keras.layers.Conv2D(6, 3)])
    ours.layers[0].set_weights([kernel, np.zeros(6)])
    ours.compile(keras.optimizers.SGD(0.0), "mse")
    ours.fit(*data, verbose=0, callbacks=[export.prune(ours, schedule, pattern=(2, 4))])
    one, two = (np.array(m.layers[0].get_weights()[0]) for m in (ours, stripped))
    FOUND["neighbours"] = [float(np.mean(one == 0)), float(np.mean((one == 0) == (two == 0)))]


def plug():
    model = fit(compiled(keras, plain_net(keras), 5e-3), 3)
    FOUND["float"] = model.evaluate(TEST, TEST_LABELS, verbose=0)[1]
    plug_in(model)
    refusals(model)
    prune_by_theirs(model)
    cluster_by_theirs(model)
    neighbours()


def judge():
    compare_training()
    compare_kinds()


{"plug": plug, "judge": judge}[sys.argv[2]]()
(FOLDER / "found.json").write_text(json.dumps(FOUND))

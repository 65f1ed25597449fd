"""Whole filters cut out: the int8 file against that of the dense model, on this machine."""

import tempfile
from collections.abc import Iterator
from pathlib import Path

import keras
import numpy as np
from keras import layers

from benchmarks.measure import Row, compare
from kerascnn import edge, export

SIDE, FILTERS = 64, 64
IMAGES = np.random.default_rng(0).normal(size=(16, SIDE, SIDE, 3)).astype("float32")
# The fraction that is cut out, and the most that time and size may be of the dense file's. Of the
# multiply-accumulates 0.26 and 0.07 stay; what an operator costs beside them does not shrink.
FRACTIONS = {0.5: (0.6, 0.4), 0.75: (0.4, 0.2)}


def network() -> keras.Model:
    """Build the convolutions whose filters are cut out."""
    keras.utils.set_random_seed(0)
    image = x = keras.Input((SIDE, SIDE, 3), name="image")
    for strides in (1, 1, 2, 1, 2, 1):
        x = layers.Conv2D(FILTERS, 3, strides, padding="same", use_bias=False)(x)
        x = layers.ReLU()(layers.BatchNormalization()(x))
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(10, name="last")(x))


def pruned(fraction: float) -> keras.Model:
    """Prune whole filters while the network trains, and cut them out."""
    model = network()
    model.compile("sgd", "mse")
    pruning = export.prune(model, fraction, pattern="filters")
    model.fit(IMAGES, np.zeros((len(IMAGES), 10)), verbose=0, callbacks=[pruning])
    return export.shrink(model)


def rows() -> Iterator[Row]:
    """Compare the time of one image, and the size, of int8 files."""
    with tempfile.TemporaryDirectory() as folder:
        models = {0.0: network()} | {fraction: pruned(fraction) for fraction in FRACTIONS}
        paths = {fraction: Path(folder) / f"{fraction}.tflite" for fraction in models}
        for fraction, model in models.items():
            export.to_tflite(model, paths[fraction], quantize="int8", calibration=IMAGES)
        for fraction, (quick, small) in FRACTIONS.items():
            what = f"{fraction:.0%} of the filters cut out, int8"
            with edge.load(paths[fraction]) as ours, edge.load(paths[0.0]) as theirs:
                run = [lambda model=model: model(IMAGES[:1]) for model in (ours, theirs)]
                yield Row(f"{what}, time", *compare(*run, runs=100), "ms", quick)
            sizes = (paths[at].stat().st_size / 1e3 for at in (fraction, 0.0))
            yield Row(f"{what}, size", *sizes, "kB", small)

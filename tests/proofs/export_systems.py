"""Write the int8 files of all registered systems, tiny and with random weights, into a folder.

    python export_systems.py FOLDER

Beside each `NAME.tflite`, whose inputs and outputs are float32, stands `NAME.npz` with inputs by
name. `systems.json` holds the oldest runtime of each file's report, whether the reference kernels
run it, and whether it may be compared bit by bit.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from kerascnn import export, registry

EXAMPLES = 4


def build(name):
    """Build a system with weights at which signals neither fade nor grow, as after training."""
    keras.utils.set_random_seed(0)
    model = registry.create_model(name, **registry.get_system(name).tiny)
    model = getattr(model, "deployable", model)
    initializer = keras.initializers.HeNormal(seed=0)
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            variable.assign(initializer(variable.shape, variable.dtype))
    return model


def write(name, folder):
    """Write the file of a system and its inputs, and give its oldest runtime."""
    model, random = build(name), np.random.default_rng(0)
    inputs = {
        tensor.name: random.uniform(size=(32, *tensor.shape[1:])).astype("float32")
        for tensor in model.inputs
    }
    path = folder / f"{name}.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=inputs)
    np.savez(folder / f"{name}.npz", **{key: values[:EXAMPLES] for key, values in inputs.items()})
    return report.runtime


def main(folder):
    names = sorted({registry.get_system(name).name for name in registry.list_models()})
    able = [name for name in names if "int8" not in registry.get_system(name).unsupported]
    claimed = {
        name: {
            "runtime": write(name, folder),
            "reference": "reference_kernels" not in registry.get_system(name).unsupported,
            "bits": "equal_bits" not in registry.get_system(name).unsupported,
        }
        for name in able
    }
    (folder / "systems.json").write_text(json.dumps(claimed, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

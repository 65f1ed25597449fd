"""Write the int8 files of all registered systems, tiny and with random weights, into a folder.

    python export_systems.py FOLDER

Beside each `NAME.tflite`, whose inputs and outputs are float32 or tokens, stands `NAME.npz` with
inputs by name; a system of several parts has a file for each, `NAME_PART.tflite`. `systems.json`
holds the oldest runtime of each file's report, whether the reference kernels run it, and whether it
may be compared bit by bit.
"""

import json
import sys
from pathlib import Path

import keras
import numpy as np

from kerascnn import export, registry
from kerascnn.training import parts

EXAMPLES = 4


def build(name):
    """Build the parts of a system with weights at which signals neither fade nor grow."""
    keras.utils.set_random_seed(0)
    found = parts(registry.create_model(name, **registry.get_system(name).tiny))
    initializer = keras.initializers.HeNormal(seed=0)
    for variable in (weight for part in found.values() for weight in part.trainable_variables):
        if len(variable.shape) > 1:
            variable.assign(initializer(variable.shape, variable.dtype))
    return {name if len(found) == 1 else f"{name}_{key}": part for key, part in found.items()}


def examples(tensor, random):
    """Draw numbers in [0, 1), or tokens that every vocabulary has."""
    shape = (32, *tensor.shape[1:])
    if tensor.dtype == "int32":
        return random.integers(2, size=shape).astype("int32")
    return random.uniform(size=shape).astype("float32")


def write(name, model, folder):
    """Write the file of a part and its inputs, and give its oldest runtime."""
    random = np.random.default_rng(0)
    inputs = {tensor.name: examples(tensor, random) for tensor in model.inputs}
    path = folder / f"{name}.tflite"
    report = export.to_tflite(model, path, quantize="int8", calibration=inputs)
    np.savez(folder / f"{name}.npz", **{key: values[:EXAMPLES] for key, values in inputs.items()})
    return report.runtime


def main(folder):
    names = sorted({registry.get_system(name).name for name in registry.list_models()})
    able = [name for name in names if "int8" not in registry.get_system(name).unsupported]
    claimed = {
        name: {
            "runtime": write(name, part, folder),
            "reference": "reference_kernels" not in registry.get_system(system).unsupported,
            "bits": "equal_bits" not in registry.get_system(system).unsupported,
        }
        for system in able
        for name, part in build(system).items()
    }
    (folder / "systems.json").write_text(json.dumps(claimed, indent=2))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

"""Run the int8 files of all systems with `kerascnn.edge` alone, and tell about the machine.

    python run_systems.py SYSTEMS FOLDER NAME...

`FOLDER/NAME.npz` gets the outputs by name, `FOLDER/NAME-reference.npz` those of the runtime's
reference kernels. What is printed is JSON.
"""

import functools
import importlib
import json
import sys
from pathlib import Path

import numpy as np

from kerascnn import edge
from kerascnn.edge.measuring.board import describe_machine


def run(paths, folder, ending=""):
    for path in paths:
        with np.load(path.with_suffix(".npz")) as inputs, edge.load(path) as model:
            outputs = model.run({spec.name: inputs[spec.name] for spec in model.inputs})
        np.savez(folder / f"{path.stem}{ending}.npz", **outputs)


def use_reference_kernels(package):
    module = importlib.import_module(package.replace("-", "_") + ".interpreter")
    kernels = module.OpResolverType.BUILTIN_REF
    module.Interpreter = functools.partial(
        module.Interpreter, experimental_op_resolver_type=kernels
    )


def error_of(path, **options):
    try:
        edge.load(path, **options)
    except edge.ModelError as error:
        return str(error)
    return ""


def clock_of(model):
    try:
        edge.benchmark(model, runs=1, warmup=0)
    except RuntimeError as error:
        return str(error)
    return ""


def main(systems, folder, *names):
    paths = [Path(systems) / f"{name}.tflite" for name in names]
    folder, whole = Path(folder), paths[0]
    run(paths, folder)
    cut = folder / "cut.tflite"
    cut.write_bytes(whole.read_bytes()[:-1000])
    with edge.load(whole) as model:
        told = {
            "machine": describe_machine(),
            "clock": clock_of(model),
            "runtime": model.runtime,
            "numpy": np.__version__,
            "cut": error_of(cut),
            "coral": error_of(whole, device="coral"),
            "gpu": error_of(whole, device="gpu"),
        }
    use_reference_kernels(next(runtime.name for runtime in edge.runtimes() if runtime.usable))
    claims = json.loads((Path(systems) / "systems.json").read_text())
    run([path for path in paths if claims[path.stem]["reference"]], folder, "-reference")
    print(json.dumps(told))


if __name__ == "__main__":
    main(*sys.argv[1:])

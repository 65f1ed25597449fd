"""The arrows of the design, read off the imports of every file."""

import ast
import configparser
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ROOMS = {
    "kerascnn": ROOT / "kerascnn",
    "kerascnn.export": ROOT / "export",
    "kerascnn.edge": ROOT / "edge",
}
# What the files of a package may import of ours; every package has its line.
ALLOWED = {
    "kerascnn.edge": set(),
    "kerascnn.export": {"kerascnn.edge", "kerascnn.backend"},
    "kerascnn.layers": {"kerascnn.backend"},
    "kerascnn.losses": {"kerascnn.layers", "kerascnn.replicas", "kerascnn.backend"},
    "kerascnn.replicas": set(),
    "kerascnn.training": {
        "kerascnn.layers",
        "kerascnn.losses",
        "kerascnn.replicas",
        "kerascnn.backend",
    },
    "kerascnn.models": {
        "kerascnn.layers",
        "kerascnn.losses",
        "kerascnn.training",
        "kerascnn.registry",
        "kerascnn.backend",
    },
    "kerascnn.data": {"kerascnn.backend"},
    "kerascnn.tasks": {
        "kerascnn.data",
        "kerascnn.edge",
        "kerascnn.layers",
        "kerascnn.losses",
        "kerascnn.models",
        "kerascnn.training",
        "kerascnn.registry",
        "kerascnn.backend",
    },
    "kerascnn.search": {"kerascnn.models", "kerascnn.training", "kerascnn.backend"},
    "kerascnn.serving": set(),
    "kerascnn.cli": {
        "kerascnn.backend",
        "kerascnn.data",
        "kerascnn.edge",
        "kerascnn.export",
        "kerascnn.layers",
        "kerascnn.losses",
        "kerascnn.models",
        "kerascnn.registry",
        "kerascnn.serving",
        "kerascnn.tasks",
        "kerascnn.training",
    },
}
FRAMEWORKS = ("keras", "tensorflow", "tf_keras")


def modules() -> dict[str, Path]:
    found = {}
    for package, folder in ROOMS.items():
        for path in folder.rglob("*.py"):
            parts = path.relative_to(folder).with_suffix("").parts
            found[".".join((package, *(part for part in parts if part != "__init__")))] = path
    return found


def imports(module: str, path: Path) -> set[str]:
    """Full names of what a module imports, at its top or inside its functions."""
    package = module if path.name == "__init__.py" else module.rpartition(".")[0]
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            parts = package.split(".")
            base = ".".join(parts[: len(parts) - node.level + 1]) if node.level else ""
            source = ".".join(filter(None, (base, node.module)))
            names |= {f"{source}.{alias.name}" for alias in node.names}
    return names


def package_of(name: str) -> str:
    """`kerascnn.losses.triplet` -> `kerascnn.losses`."""
    return ".".join(name.split(".")[:2])


MODULES = modules()


@pytest.mark.parametrize("module", sorted(MODULES))
def test_imports_run_one_way(module):
    own = package_of(module)
    top = {"kerascnn.backend", "kerascnn.registry", "kerascnn.system"}
    ours = {
        package_of(name) for name in imports(module, MODULES[module]) if name.startswith("kerascnn")
    }
    if own in ALLOWED:
        assert ours & (top | set(ALLOWED)) - {own} <= ALLOWED[own]
    elif own != "kerascnn":
        assert ours <= top


@pytest.mark.parametrize(
    "module", sorted(name for name in MODULES if name.startswith("kerascnn.edge"))
)
def test_edge_needs_neither_keras_nor_tensorflow_to_be_imported(module):
    tree = ast.parse(MODULES[module].read_text())
    tops = [node for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    names = {alias.name for node in tops if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in tops if isinstance(node, ast.ImportFrom)}
    assert not {name for name in names if name.split(".")[0] in FRAMEWORKS}


@pytest.mark.parametrize("module", sorted(MODULES))
def test_only_public_names_of_keras_and_tensorflow_are_imported(module):
    private = ("keras.src", "tensorflow.python", "tensorflow.core")
    assert not {name for name in imports(module, MODULES[module]) if name.startswith(private)}


def test_setup_lists_every_package():
    config = configparser.ConfigParser()
    config.read(ROOT / "setup.cfg")
    listed = config["options"]["packages"].split()
    folders = {module for module, path in MODULES.items() if path.name == "__init__.py"}
    assert sorted(listed) == sorted(folders)


@pytest.mark.parametrize(
    "package", ["kerascnn", "kerascnn.edge", "kerascnn.export", "kerascnn.cli"]
)
def test_importing_loads_neither_keras_nor_tensorflow(package):
    code = f"import sys, {package}; print([n for n in {FRAMEWORKS} if n in sys.modules])"
    loaded = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    ).stdout
    assert loaded.strip() == "[]"


@pytest.mark.parametrize(
    ("variables", "remedy"),
    [
        ({"TF_USE_LEGACY_KERAS": "1"}, "Unset TF_USE_LEGACY_KERAS"),
        ({"KERAS_BACKEND": "torch"}, "Set KERAS_BACKEND=tensorflow"),
    ],
)
def test_a_process_that_cannot_work_is_told_what_to_do(variables, remedy, monkeypatch):
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    process = subprocess.run(
        [sys.executable, "-c", "import kerascnn.losses"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert process.returncode != 0
    assert remedy in process.stderr.splitlines()[-1]


def test_files_stay_readable():
    long = {m: n for m, p in MODULES.items() if (n := len(p.read_text().splitlines())) > 150}
    assert not long

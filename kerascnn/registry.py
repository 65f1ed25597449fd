"""The systems by name: what they are, where they come from and what proves them.

Only the standard library is imported here, so the registry can be read by tools that have no
Keras; finding a system imports its file, which needs Keras.
"""

from __future__ import annotations

import difflib
import fnmatch
import importlib
import pkgutil
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from kerascnn.system import Experiment, System

__all__ = ["Experiment", "System", "create_model", "get_system", "list_models", "register"]

Builder = TypeVar("Builder", bound=Callable[..., Any])

_SYSTEMS: dict[str, System] = {}


def register(
    *,
    paper: str,
    params: int | Mapping[str, int],
    tiny: Mapping[str, Any],
    variants: Mapping[str, Mapping[str, Any]] | None = None,
    unsupported: Mapping[str, str] | None = None,
    experiment: Experiment | None = None,
) -> Callable[[Builder], Builder]:
    """Make a builder available by its name.

    The builder must stand in `models/<task>/<name>.py` under the name of that file.

    Args:
        paper: Address of the paper.
        params: What `count_params()` of the deployable model gives at the paper's configuration,
            moving statistics included; a mapping by name where there are variants.
        tiny: Keyword arguments of the smallest faithful configuration, for quick runs.
        variants: Further names and the keyword arguments they stand for (`"resnet50": {...}`).
        unsupported: Capabilities that the system lacks, each with its reason.
        experiment: The training run that proves the system.

    Returns:
        A decorator that leaves the builder unchanged.

    Raises:
        ValueError: If the builder's name is not its file's, or is taken.
    """

    def decorator(builder: Builder) -> Builder:
        *_, task, file = builder.__module__.split(".")
        name = builder.__name__
        if name != file:
            raise ValueError(
                f"A builder is named like its file. Received: {name} in {builder.__module__}"
            )
        for taken in (name, *(variants or {})):
            if taken in _names():
                raise ValueError(f"A system of this name exists. Received: {taken}")
        _SYSTEMS[name] = System(
            name=name,
            task=task,
            builder=builder,
            paper=paper,
            params=params if isinstance(params, Mapping) else {name: params},
            tiny=tiny,
            variants=variants or {},
            unsupported=unsupported or {},
            experiment=experiment,
        )
        return builder

    return decorator


def get_system(name: str) -> System:
    """Find a system by its name or the name of one of its variants.

    Raises:
        ValueError: If no system has this name; the message offers the nearest ones.
    """
    names = _discover()
    if name not in names:
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.4)
        hint = f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(sorted(names))}."
        raise ValueError(f"No system has this name. {hint} Received: {name}")
    return names[name]


def create_model(name: str, **options: Any) -> Any:
    """Build a system by name: `create_model("unet", num_classes=3)`.

    Args:
        name: A name that `list_models` gives.
        **options: Keyword arguments of the builder; they override those of the variant.

    Returns:
        A `keras.Model`.

    Raises:
        ValueError: If no system has this name; the message offers the nearest ones.
    """
    system = get_system(name)
    return system.builder(**{**system.variants.get(name, {}), **options})


def list_models(pattern: str = "*", *, task: str | None = None) -> list[str]:
    """List the names that `create_model` takes.

    Args:
        pattern: Shell-style wildcard, such as `"*net*"`.
        task: Keep only the systems of this task, such as `"segmentation"`.

    Returns:
        The sorted names, variants included.
    """
    names = _discover()
    kept = (name for name, system in names.items() if task in (None, system.task))
    return sorted(fnmatch.filter(kept, pattern))


def _discover() -> dict[str, System]:
    """Import every file of `kerascnn.models`, so that its system registers itself."""
    package = importlib.import_module("kerascnn.models")
    for module in pkgutil.walk_packages(package.__path__, "kerascnn.models."):
        importlib.import_module(module.name)
    return _names()


def _names() -> dict[str, System]:
    """Map each name, variants included, to its system."""
    return {
        name: system for system in _SYSTEMS.values() for name in (system.name, *system.variants)
    }

"""Which Keras layer an operator comes from, read off the names that Keras gives its tensors."""

from __future__ import annotations

import re
from collections.abc import Collection
from itertools import takewhile

from .graph import Graph, Step

# Keras opens the scope of a layer twice, to build and to call it, so the call carries a number.
_CALLED = re.compile(r"(.+)_\d+")


def layer_of(graph: Graph, step: Step, paths: Collection[str] = ()) -> str:
    """Name the layers that an operator computes, joined by `+`; empty when not known.

    Args:
        graph: The graph that holds the operator.
        step: The operator.
        paths: Paths of all layers of the model, where it is at hand; names are read as they
            stand without it.
    """
    constants = [index for index in step.inputs if index >= 0 and graph.tensors[index].constant]
    for indices in (step.outputs, constants):
        found = [
            layer
            for index in indices
            for part in graph.tensors[index].name.split(";")
            if (layer := layer_in(part, paths))
        ]
        if found:
            return " + ".join(dict.fromkeys(reversed(found)))
    return ""


def layer_in(name: str, paths: Collection[str] = ()) -> str:
    """Find the path of a layer in a name such as `net_1/stem_1/conv_1/convolution`.

    Args:
        name: Name of a tensor or of an operation.
        paths: Paths of all layers of the model; the longest one that fits is taken.

    Returns:
        `stem/conv`; empty when the name holds no layer.
    """
    top, *scopes = name.split("/")[:-1] or [""]
    if not paths:
        if _CALLED.fullmatch(top):  # traced from Keras 3: only the scopes of layers are numbered
            scopes = [
                match[1] for match in takewhile(bool, map(_CALLED.fullmatch, scopes)) if match
            ]
        return "/".join(scopes)
    path = ""
    for scope in scopes:
        match = _CALLED.fullmatch(scope)
        # The name with its number taken off comes first: `conv_1` is the call of `conv`.
        for candidate in (match[1] if match else scope, scope):
            deeper = f"{path}/{candidate}".lstrip("/")
            if deeper in paths:
                path = deeper
                break
        else:
            break
    return path

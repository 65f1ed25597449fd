"""What has to be right in a model file before a runtime may see it.

Runtimes check some of it, each something else; what they don't check crashes the process.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..errors import ModelError
from .flatbuffer import Reader
from .graph import Values, buffer_values, check_graph
from .operators import Table, ints, require
from .ports import Port, read_ports
from .schema import CUSTOM, MODEL

# Name of the buffer with the description that is standard among TFLite tools.
STANDARD = "TFLITE_METADATA"


@dataclass(frozen=True)
class Structure:
    """What a checked model file holds.

    Args:
        inputs: Name and tensor index of each input, in the order of the signature.
        outputs: The same for each output.
        takes: Its inputs in the order of the graph.
        gives: Its outputs in the order of the graph.
        standard: The description in the form that is standard among TFLite tools; None without.
        custom: Names of the custom operators.
        stateful: Whether tensors keep their values from one run to the next.
        end: Position behind the model, in bytes; a description may follow.
    """

    inputs: tuple[tuple[str, int], ...]
    outputs: tuple[tuple[str, int], ...]
    takes: tuple[Port, ...]
    gives: tuple[Port, ...]
    standard: bytes | None
    custom: frozenset[str]
    stateful: bool
    end: int


def read_structure(data: bytes) -> Structure:
    """Check a model file.

    Args:
        data: The whole file.

    Returns:
        What the file holds.

    Raises:
        ModelError: If the file is no TFLite model, or is damaged.
    """
    if data[4:8] != b"TFL3":
        raise ModelError(f"A model file is a TFLite flatbuffer. Received: {bytes(data[:8])!r} ...")
    reader = Reader(data)
    model = reader.root(MODEL)
    if model["version"] != 3:
        raise ModelError(f"The schema of a model file is version 3. Received: {model['version']}")
    for name in ("codes", "subgraphs", "buffers"):
        require(model[name] is not None, f"no {name}")
    require(bool(model["subgraphs"]), "no subgraphs")
    buffers = [buffer_values(reader, buffer) for buffer in model["buffers"]]
    codes = [max(code["short"] or 0, code["code"] or 0) for code in model["codes"]]
    for graph in model["subgraphs"]:
        check_graph(reader, graph, codes, buffers, len(model["subgraphs"]))
    signature = _signature(model)
    main = model["subgraphs"][0]
    inputs, outputs = _named(signature, "inputs", main), _named(signature, "outputs", main)
    return Structure(
        inputs=inputs,
        outputs=outputs,
        takes=read_ports(main, "inputs", dict(inputs), codes),
        gives=read_ports(main, "outputs", dict(outputs), codes),
        standard=_standard(model, buffers),
        custom=frozenset(
            table["custom"] or ""
            for table, code in zip(model["codes"], codes, strict=True)
            if code == CUSTOM
        ),
        stateful=any(
            tensor["variable"] for graph in model["subgraphs"] for tensor in graph["tensors"]
        ),
        end=reader.end,
    )


def _standard(model: Table, buffers: list[Values]) -> bytes | None:
    for entry in model["metadata"] or []:
        if entry["name"] == STANDARD:
            place = entry["buffer"] or 0
            require(place < len(buffers), f"metadata in buffer {place}")
            return buffers[place].tobytes()
    return None


def _signature(model: Table) -> Table | None:
    """The signature whose names the inputs and outputs get: `serve`, else the first."""
    signatures = [s for s in model["signatures"] or [] if not s["subgraph"]]
    return min(signatures, key=lambda s: s["key"] != "serve", default=None)


def _named(signature: Table | None, ends: str, graph: Table) -> tuple[tuple[str, int], ...]:
    tensors, places = graph["tensors"], ints(graph[ends])
    if signature is None:
        named = [(tensors[i]["name"] or str(i), i) for i in places]
    else:
        named = [(entry["name"] or "", entry["tensor"] or 0) for entry in signature[ends] or []]
    names = [name for name, _ in named]
    require(bool(names) and len(set(names)) == len(names), f"{ends} named {names}")
    found = {i for _, i in named}
    # An input that no name reaches would hold whatever was in memory.
    fits = found == set(places) if ends == "inputs" else found <= set(places)
    require(fits, f"{ends} {places}, of which {sorted(found)} are named {names}")
    return tuple(named)

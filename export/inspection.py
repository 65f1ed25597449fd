"""What is in a `.tflite` file: operators, sizes, costs and the runtime it needs."""

from __future__ import annotations

import dataclasses
import json
from collections import Counter
from collections.abc import Collection
from dataclasses import dataclass
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kerascnn.edge import Metadata, read_metadata

from .file.cost import arena
from .file.flatbuffer import read_graphs
from .file.graph import Graph, Tensor
from .file.meaning import rules_for
from .file.oldest import oldest_runtime
from .file.operators import Operator, OperatorCount, read_operators

if TYPE_CHECKING:
    from rich.table import Table


@dataclass(frozen=True, kw_only=True)
class Inspection:
    """What is in a model file.

    Args:
        path: The file.
        size: Its size in bytes.
        nodes: Its operators in the order they run, with those of inner graphs (loops) last.
        inputs: Its inputs, under their names in the signature.
        outputs: Its outputs.
        arena: Estimate of the bytes of working memory.
        runtime: Oldest runtime measured that runs the file; None when none does.
        metadata: The description inside the file.
        notes: Sentences about what deserves a look.
    """

    path: Path
    size: int
    nodes: tuple[Operator, ...]
    inputs: tuple[Tensor, ...]
    outputs: tuple[Tensor, ...]
    arena: int
    runtime: str | None
    metadata: Metadata
    notes: tuple[str, ...] = ()

    @property
    def macs(self) -> int:
        """Multiply-accumulates of one run."""
        return sum(node.macs for node in self.nodes)

    @property
    def operators(self) -> tuple[OperatorCount, ...]:
        """Kinds of operators, the most frequent first."""
        kinds = Counter((node.name, node.version, node.dtype) for node in self.nodes)
        return tuple(OperatorCount(*kind, count) for kind, count in kinds.most_common())

    @property
    def float_operators(self) -> tuple[Operator, ...]:
        """The operators that compute in floating point."""
        return tuple(node for node in self.nodes if node.floating)

    def summary(self) -> str:
        """Say in one line what matters before the file is shipped."""
        runtime = f"{self.runtime} or newer" if self.runtime else "no measured runtime"
        return (
            f"{self.size:,} bytes, {self.macs:,} multiply-accumulates, about {self.arena:,} bytes "
            f"of working memory, needs {runtime}, float operators: {len(self.float_operators)}"
        )

    def table(self) -> Table:
        """Show the kinds of operators as a rich table, with the summary and the notes below."""
        from rich.table import Table

        table = Table(
            *("Operator", "Version", "Type", "Count"),
            title=self.path.name,
            caption="\n".join((self.summary(), *self.notes)),
            caption_justify="left",
        )
        for kind in self.operators:
            table.add_row(kind.name, str(kind.version), kind.dtype, str(kind.count))
        return table

    def to_dict(self) -> dict[str, Any]:
        """Give everything, with what is computed from the fields, as what JSON can hold."""
        return dataclasses.asdict(self) | {
            "path": str(self.path),
            "macs": self.macs,
            "operators": [dataclasses.asdict(kind) for kind in self.operators],
            "float_operators": [dataclasses.asdict(node) for node in self.float_operators],
        }

    def to_json(self) -> str:
        """Give everything as JSON text."""
        return json.dumps(self.to_dict(), indent=2)


def inspect(path: str | PathLike[str]) -> Inspection:
    """Read what is in a `.tflite` file, whoever wrote it; needs neither keras nor tensorflow.

    Args:
        path: The file.

    Raises:
        FileNotFoundError: If there is no such file.
        kerascnn.edge.ModelError: If the file isn't a TFLite model, or is damaged.
        ModuleNotFoundError: If neither ai-edge-litert nor tensorflow is installed.

    Example:
        >>> print(kerascnn.export.inspect("digits.tflite").summary())  # doctest: +SKIP
    """
    return Inspection(**inspect_fields(Path(path)))


def inspect_fields(path: Path, layers: Collection[str] = ()) -> dict[str, Any]:
    """Read the fields of an `Inspection`, with exact layer paths where the model is at hand."""
    metadata = read_metadata(path)  # checks the whole file first
    graphs = read_graphs(path)
    nodes = read_operators(graphs, layers)
    main = graphs[0]
    return {
        "path": path,
        "size": path.stat().st_size,
        "nodes": nodes,
        "inputs": main.ends(main.inputs),
        "outputs": main.ends(main.outputs),
        "arena": arena(main),
        "runtime": oldest_runtime(graphs),
        "metadata": metadata,
        "notes": _notes(graphs),
    }


def _notes(graphs: tuple[Graph, ...]) -> tuple[str, ...]:
    notes = {
        f"{step.name}: runtimes before {rule.runtime} {rule.harm}.": None
        for graph in graphs
        for step in graph.steps
        for rule in rules_for(graph, step)
    }
    if any(-1 in tensor.shape for graph in graphs for tensor in graph.tensors):
        notes["Some shapes are known only when the model runs: no delegate takes these."] = None
    return tuple(notes)

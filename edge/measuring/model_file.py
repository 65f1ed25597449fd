"""Model files as objects that can be changed and written, by the schema inside LiteRT."""

from __future__ import annotations

import copy
from importlib import import_module
from typing import Any, TypeAlias

# The generated objects of the schema, which have no types.
Table: TypeAlias = Any


class ModelFile:
    """A model file as an object.

    Args:
        content: A checked model file.

    Attributes:
        schema: The classes of the schema.
        model: The model.
        graph: Its first graph.

    Raises:
        ImportError: If the runtime ships no schema.
    """

    def __init__(self, content: bytes) -> None:
        self.schema = _schema()
        self.model = self.schema.ModelT.InitFromObj(
            self.schema.Model.GetRootAs(bytearray(content), 0)
        )
        self.graph = self.model.subgraphs[0]
        codes = vars(self.schema.BuiltinOperator).items()
        self._names: dict[int, str] = {code: name for name, code in codes if isinstance(code, int)}

    def name(self, operator: Table) -> str:
        """Name what an operator is."""
        code = self.model.operatorCodes[operator.opcodeIndex]
        if code.customCode:
            return str(code.customCode.decode("utf-8", "replace"))
        number = max(code.builtinCode, code.deprecatedBuiltinCode)
        return self._names.get(number, str(number))

    def is_constant(self, tensor: Table) -> bool:
        """Tell whether the file holds a tensor's values."""
        data = self.model.buffers[tensor.buffer].data
        return data is not None and len(data) > 0

    def write(self, graph: Table, buffers: list[Table]) -> bytes:
        """Write the model with another first graph and other buffers."""
        model = copy.copy(self.model)
        model.subgraphs, model.buffers = [graph, *self.model.subgraphs[1:]], buffers
        # They name tensors that the other graph may lack.
        model.signatureDefs, model.metadata, model.metadataBuffer = None, None, None
        builder = import_module("flatbuffers").Builder()
        builder.Finish(model.Pack(builder), b"TFL3")
        return bytes(builder.Output())


def reads(operator: Table) -> list[int]:
    """List the tensors that an operator reads."""
    return [] if operator.inputs is None else [int(i) for i in operator.inputs if i >= 0]


def writes(operator: Table) -> list[int]:
    """List the tensors that an operator writes."""
    return [] if operator.outputs is None else [int(i) for i in operator.outputs]


def moved(operator: Table, places: dict[int, int]) -> Table:
    """Copy an operator whose tensors stand in other places."""
    copied = copy.copy(operator)
    inputs = [] if operator.inputs is None else operator.inputs
    copied.inputs = [places[int(i)] if i >= 0 else -1 for i in inputs]
    copied.outputs = [places[i] for i in writes(operator)]
    if operator.intermediates is not None:
        copied.intermediates = [places[int(i)] for i in operator.intermediates]
    return copied


def _schema() -> Any:
    try:
        import_module("flatbuffers")
        return import_module("ai_edge_litert.schema_py_generated")
    except ImportError as error:
        raise ImportError(
            "Cutting a model into its operators needs the schema inside ai-edge-litert, 2.1 or "
            f"newer. Install it with: pip install ai-edge-litert. Received: {error}"
        ) from error

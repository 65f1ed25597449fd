"""Any Keras 3 model in, a `.tflite` file or a SavedModel out, and a report of what happened.

`inspect` needs neither keras nor tensorflow; everything that takes a model does.
"""

import importlib
from typing import TYPE_CHECKING, Any

from kerascnn.backend import require_tensorflow_backend

from .errors import ExportError

if TYPE_CHECKING:
    from . import coral
    from .comparison import Comparison, compare
    from .compression.clustering import cluster
    from .compression.pruning import prune
    from .compression.report import CompressionReport, compression_report
    from .compression.schedules import ConstantSparsity, PolynomialSparsity
    from .compression.shrinking import shrink
    from .difference import OutputError
    from .file.operators import Operator
    from .graphs.flatten import flatten
    from .inspection import Inspection, inspect
    from .quantization.aware import quantize_aware
    from .quantization.equalize import equalize
    from .report import Report
    from .reporting.debug import debug
    from .reporting.layers import LayerError, LayerErrors
    from .serving.configuration import write_serving_config
    from .serving.saved_model import to_saved_model
    from .tflite import to_tflite
    from .tfmot import load_tfmot

__all__ = [
    "Comparison",
    "CompressionReport",
    "ConstantSparsity",
    "ExportError",
    "Inspection",
    "LayerError",
    "LayerErrors",
    "Operator",
    "OutputError",
    "PolynomialSparsity",
    "Report",
    "cluster",
    "compare",
    "compression_report",
    "coral",
    "debug",
    "equalize",
    "flatten",
    "inspect",
    "load_tfmot",
    "prune",
    "quantize_aware",
    "shrink",
    "to_saved_model",
    "to_tflite",
    "write_serving_config",
]

_HOMES = {
    "Comparison": "comparison",
    "CompressionReport": "compression.report",
    "ConstantSparsity": "compression.schedules",
    "Inspection": "inspection",
    "LayerError": "reporting.layers",
    "LayerErrors": "reporting.layers",
    "Operator": "file.operators",
    "OutputError": "difference",
    "PolynomialSparsity": "compression.schedules",
    "Report": "report",
    "cluster": "compression.clustering",
    "compare": "comparison",
    "compression_report": "compression.report",
    "debug": "reporting.debug",
    "equalize": "quantization.equalize",
    "flatten": "graphs.flatten",
    "inspect": "inspection",
    "load_tfmot": "tfmot",
    "prune": "compression.pruning",
    "quantize_aware": "quantization.aware",
    "shrink": "compression.shrinking",
    "to_saved_model": "serving.saved_model",
    "to_tflite": "tflite",
    "write_serving_config": "serving.configuration",
}
_WITHOUT_KERAS = ("Inspection", "Operator", "OutputError", "inspect", "write_serving_config")


def __getattr__(name: str) -> Any:
    if name == "coral":
        return importlib.import_module(".coral", __name__)
    if name in _HOMES:
        if name not in _WITHOUT_KERAS:
            require_tensorflow_backend()
        return getattr(importlib.import_module(f".{_HOMES[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted(__all__)

"""Attention layers of Keras as dense layers, products and a softmax."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from keras import layers, ops

from .parts import dense

Call = Callable[..., Any]


def multi_head(layer: layers.MultiHeadAttention) -> Call | None:
    """Give the equal form of attention with several heads over one axis, without masks."""
    config = layer.get_config()
    if config.get("use_gate") or config.get("sliding_window") or config["output_shape"]:
        return None
    if len(config["attention_axes"] or ()) != 1:
        return None
    heads = config["num_heads"]
    weights = iter(layer.get_weights())
    taken = {
        name: [next(weights) for _ in range(2 if config["use_bias"] else 1)]
        for name in ("query", "key", "value", "output")
    }
    project = {name: dense(layer, name, *_joined(name, *own)) for name, own in taken.items()}
    dropout = layers.Dropout(config["dropout"], name=f"{layer.name}.dropout")
    scale = float(config["key_dim"]) ** -0.5

    def attend(query: Any, value: Any, key: Any = None, **options: Any) -> Any:
        key = value if key is None else key
        if _asks_more(options) or not all(map(_is_row, (query, key, value))):
            return None
        queries = ops.multiply(_apart(project["query"](query), heads), scale)
        keys = _apart(project["key"](key), heads)
        shares = ops.softmax(ops.matmul(queries, ops.transpose(keys, (0, 1, 3, 2))))
        if config["dropout"]:
            shares = dropout(shares)
        mixed = ops.matmul(shares, _apart(project["value"](value), heads))
        # (batch, head, place, channel) -> (batch, place, channels of all heads)
        mixed = ops.transpose(mixed, (0, 2, 1, 3))
        return project["output"](ops.reshape(mixed, (-1, query.shape[1], heads * mixed.shape[3])))

    return attend


def dot_product(layer: layers.Attention) -> Call | None:
    """Give the equal form of attention by products, without masks and a learned scale."""
    config = layer.get_config()
    if config["use_scale"] or config["score_mode"] != "dot" or config["dropout"]:
        return None

    def attend(inputs: Any, **options: Any) -> Any:
        if _asks_more(options):
            return None
        query, value, *rest = inputs
        key = rest[0] if rest else value
        shares = ops.softmax(ops.matmul(query, ops.transpose(key, (0, 2, 1))))
        return ops.matmul(shares, value)

    return attend


def _asks_more(options: dict[str, Any]) -> bool:
    """Whether a call has masks, or gives the scores too."""
    return any(
        value is not None and value is not False
        for name, value in options.items()
        if name != "training"
    )


def _is_row(x: Any) -> bool:
    """Whether a tensor is `(batch, places, channels)` with a known number of places."""
    return len(x.shape) == 3 and None not in x.shape[1:]


def _joined(name: str, kernel: Any, bias: Any = None) -> tuple[Any, Any]:
    """Lay the heads of a kernel side by side."""
    rows = kernel.shape[-1] if name == "output" else kernel.shape[0]
    kernel = kernel.reshape(-1, rows) if name == "output" else kernel.reshape(rows, -1)
    return kernel, None if bias is None else bias.reshape(-1)


def _apart(x: Any, heads: int) -> Any:
    """Cut the channels into heads: `(batch, place, channel)` to `(batch, head, place, channel)`."""
    _, places, channels = x.shape
    return ops.transpose(ops.reshape(x, (-1, places, heads, channels // heads)), (0, 2, 1, 3))

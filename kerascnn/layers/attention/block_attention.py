"""Attention over a sequence of blocks that computes only what its pattern allows.

All tensors have the axes (batch, heads, places, channels); the places are whole blocks of `stride`
cells, and each cell has one key and as many neighbouring queries as there are pixels in it.
"""

from keras import ops

# exp(-20) is below what float32 can tell from 0 beside 1, and leaves int8 a range to live in.
_FORBIDDEN = -20.0


def floor_attention(query, key, value, *, allowed):
    """Let each query see keys of its block: `allowed` is (blocks or 1, queries, keys) of one."""
    _, queries, keys = allowed.shape
    shape = (-1, *query.shape[1:3], value.shape[-1])
    # (batch * heads, block, place, channels)
    query, key, value = (
        ops.reshape(x, (-1, x.shape[2] // side, side, x.shape[3]))
        for x, side in ((query, queries), (key, keys), (value, keys))
    )
    scores = ops.matmul(query, ops.transpose(key, (0, 1, 3, 2)))
    weights = ops.softmax(ops.where(allowed, scores, _below(scores)))
    return ops.reshape(ops.matmul(weights, value), shape)


def repetitive_attention(query, key, value, *, ends, is_end):
    """Let each query see the key of its own cell and those at the places `ends`.

    `is_end` (queries, 1) tells which queries would see their own key twice.
    """
    heads, queries = query.shape[1:3]
    cells, channels, count = key.shape[2], value.shape[3], len(ends)
    end_keys, end_values = (ops.take(x, ends, axis=2) for x in (key, value))
    shared = ops.matmul(query, ops.transpose(end_keys, (0, 1, 3, 2)))
    # (batch * heads, cell, query, channels)
    query = ops.reshape(query, (-1, cells, queries // cells, query.shape[3]))
    key, value = (ops.reshape(x, (-1, cells, 1, x.shape[3])) for x in (key, value))
    own = ops.reshape(ops.sum(query * key, -1), (-1, heads, queries, 1))
    scores = ops.concatenate([shared, ops.where(is_end, _below(shared), own)], -1)
    weights = ops.softmax(scores)
    own = ops.reshape(weights[..., count:], (-1, cells, queries // cells, 1)) * value
    own = ops.reshape(own, (-1, heads, queries, channels))
    return ops.matmul(weights[..., :count], end_values) + own


def _below(scores):
    """Give what is far below the lowest score of each query."""
    return ops.stop_gradient(ops.min(scores, -1, keepdims=True)) + _FORBIDDEN

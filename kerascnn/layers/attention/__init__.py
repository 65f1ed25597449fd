"""Attention between the places of an image, or between the members of a set."""

from kerascnn.layers.attention.attention_on_attention import AttentionOnAttention
from kerascnn.layers.attention.crf_attention import CRFAttention
from kerascnn.layers.attention.local_sparse_attention import LocalSparseAttention2D
from kerascnn.layers.attention.self_attention import SelfAttention2D
from kerascnn.layers.attention.set_attention import SetAttentionBlock
from kerascnn.layers.attention.set_transformer import SetTransformer

__all__ = [
    "AttentionOnAttention",
    "CRFAttention",
    "LocalSparseAttention2D",
    "SelfAttention2D",
    "SetAttentionBlock",
    "SetTransformer",
]

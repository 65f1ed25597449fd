"""Multiply-accumulates and working memory against counts by hand."""

import pytest

from kerascnn.export.file.cost import arena, macs
from kerascnn.export.file.graph import Graph, Step, Tensor


def tensor(*shape, constant=False, dtype="int8"):
    return Tensor("", shape, dtype, constant=constant)


def counted(name, inputs, output):
    tensors = (*inputs, output)
    step = Step(name, 1, tuple(range(len(inputs))), (len(inputs),))
    return macs(Graph(tensors, (step,), (0,), (len(inputs),), {}), step)


@pytest.mark.parametrize(
    ("name", "inputs", "output", "expected"),
    [
        # Each of 6 x 6 places and 8 filters sums 3 x 3 x 4 products.
        ("CONV_2D", [(1, 8, 8, 4), (8, 3, 3, 4)], (1, 6, 6, 8), 36 * 8 * 36),
        # Two groups: a filter sees half of the channels.
        ("CONV_2D", [(1, 8, 8, 4), (8, 3, 3, 2)], (1, 6, 6, 8), 36 * 8 * 18),
        ("DEPTHWISE_CONV_2D", [(1, 8, 8, 4), (1, 3, 3, 8)], (1, 6, 6, 8), 36 * 8 * 9),
        # Each of 5 x 5 x 4 inputs is spread over 2 x 2 places and 8 filters.
        ("TRANSPOSE_CONV", [(4,), (8, 2, 2, 4), (1, 5, 5, 4)], (1, 10, 10, 8), 100 * 4 * 8),
        ("FULLY_CONNECTED", [(1, 20), (10, 20)], (1, 10), 200),
        ("FULLY_CONNECTED", [(1, 7, 20), (10, 20)], (1, 7, 10), 1400),
        ("BATCH_MATMUL", [(2, 3, 4), (2, 4, 5)], (2, 3, 5), 2 * 3 * 4 * 5),
        ("BATCH_MATMUL", [(2, 4, 3), (2, 4, 5)], (2, 3, 5), 2 * 3 * 4 * 5),  # left one transposed
        ("CONV_3D", [(1, 4, 4, 4, 2), (3, 3, 3, 2, 5)], (1, 2, 2, 2, 5), 8 * 5 * 54),
        ("ADD", [(1, 9), (1, 9)], (1, 9), 0),
    ],
)
def test_macs_equal_the_count_by_hand(name, inputs, output, expected):
    assert counted(name, [tensor(*shape) for shape in inputs], tensor(*output)) == expected


def test_an_unknown_dimension_counts_as_one():
    assert counted("FULLY_CONNECTED", [tensor(-1, 20), tensor(10, 20)], tensor(-1, 10)) == 200


def test_arena_is_the_peak_of_what_lives_at_once():
    tensors = (
        tensor(100),  # 0 input, read by steps 0 and 1
        tensor(1000, constant=True),  # 1 weights stay in the file
        tensor(50),  # 2 read by step 1
        tensor(30, dtype="float32"),  # 3 read by step 2
        tensor(10),  # 4 output
    )
    steps = (Step("A", 1, (0, 1), (2,)), Step("B", 1, (2, 0), (3,)), Step("C", 1, (3,), (4,)))
    graph = Graph(tensors, steps, (0,), (4,), {})
    # Step B holds the input, tensor 2 and its own result of 30 x 4 bytes.
    assert arena(graph) == 100 + 50 + 120


def test_arena_keeps_outputs_to_the_end():
    tensors = (tensor(10), tensor(200), tensor(5), tensor(7))
    steps = (Step("A", 1, (0,), (1,)), Step("B", 1, (0,), (2,)), Step("C", 1, (2,), (3,)))
    # Tensor 1 stays beside everything that comes later; step B still reads the input.
    assert arena(Graph(tensors, steps, (0,), (1, 3), {})) == 10 + 200 + 5


@pytest.mark.parametrize(
    ("dtype", "expected"),
    [("float32", 12), ("float16", 6), ("int8", 3), ("int4", 2), ("bool", 3), ("complex64", 24)],
)
def test_bytes_follow_the_element_type(dtype, expected):
    assert tensor(3, dtype=dtype).bytes == expected

"""Layer paths out of the names that Keras and the converter give to tensors."""

import pytest

from kerascnn.export.file.graph import Graph, Step, Tensor
from kerascnn.export.file.naming import layer_in, layer_of

PATHS = {"conv", "conv_1", "inner", "inner/norm", "inner/norm/scale", "7x7_block"}


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net_1/conv_1/convolution", "conv"),
        ("net_1/conv_1_2/convolution", "conv_1"),
        ("net_1/conv_3/convolution", "conv"),  # the second call of a shared layer
        ("net_1/inner_1/norm_1/moments/mean", "inner/norm"),
        ("net_1/inner_1/norm_1/scale_1/mul", "inner/norm/scale"),
        ("net_1/inner_1/Square", "inner"),
        ("net_1/7x7_block_1/Relu", "7x7_block"),
        ("net_1/Square", ""),
        ("StatefulPartitionedCall:0", ""),
        ("tfl.quantize", ""),
        ("", ""),
    ],
)
def test_a_name_gives_the_path_of_a_layer_of_the_model(name, expected):
    assert layer_in(name, PATHS) == expected


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("net_1/inner_1/norm_1/moments/mean", "inner/norm"),
        ("net_1/conv_1_2/convolution", "conv_1"),
        ("model/conv2d_1/BiasAdd", "conv2d_1"),  # another writer's names stand as they are
        ("tfl.quantize", ""),
    ],
)
def test_a_name_gives_a_path_without_the_model_at_hand(name, expected):
    assert layer_in(name) == expected


def test_a_fused_operator_names_its_layers_in_the_order_of_the_data():
    result = Tensor("net_1/relu_1/Relu;net_1/conv_1/convolution", (1,), "int8")
    graph = Graph((result,), (), (), (0,), {})
    assert layer_of(graph, Step("CONV_2D", 1, (), (0,))) == "conv + relu"


def test_an_operator_with_an_unnamed_result_is_named_by_its_weights():
    weights = Tensor("net_1/dense_1/MatMul", (3, 4), "int8", constant=True)
    result = Tensor("StatefulPartitionedCall:0", (1, 3), "int8")
    graph = Graph((weights, result), (), (), (1,), {})
    assert layer_of(graph, Step("FULLY_CONNECTED", 1, (-1, 0), (1,))) == "dense"

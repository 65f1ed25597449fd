"""Calling a model."""

import json
import threading

import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema

from kerascnn import edge


@pytest.fixture
def difference(write_model):
    """Two inputs and outputs whose names stand in another order than their tensors."""
    return write_model(
        {name: ((1, 3), "float32") for name in ("a", "b", "minus", "plus")},
        [
            ("SUB", ["a", "b"], ["minus"], schema.SubOptionsT()),
            ("ADD", ["a", "b"], ["plus"], schema.AddOptionsT()),
        ],
        ["a", "b"],
        ["minus", "plus"],
        signature={"b": "right", "a": "left", "plus": "sum", "minus": "difference"},
    )


@pytest.fixture
def dense(write_model):
    """An int8 layer of 4 inputs and 2 outputs, and its weights in real units."""
    weights = np.array([[1, -2, 3, 4], [-5, 6, 7, 8]])
    path = write_model(
        {
            "x": ((1, 4), "int8", 0.5, -3),
            "w": ((2, 4), "int8", 0.25, 0, weights),
            "b": ((2,), "int32", 0.125, 0, [8, -8]),
            "y": ((1, 2), "int8", 1.0, 10),
        },
        [("FULLY_CONNECTED", ["x", "w", "b"], ["y"], schema.FullyConnectedOptionsT())],
        ["x"],
        ["y"],
    )
    return path, weights * 0.25


def test_quantized_models_take_and_give_real_values(dense):
    path, weights = dense
    values = np.random.default_rng(0).uniform(-40, 40, (64, 4)).astype(np.float32)
    real = np.clip(np.round(values * 2), -125, 130) / 2
    exact = real @ weights.T + [1, -1]
    result = edge.load(path)(values)
    assert result.dtype == np.float32
    np.testing.assert_allclose(result, np.clip(exact, -138, 117), atol=0.501)


def test_a_model_says_what_it_takes_and_gives(dense):
    model = edge.load(dense[0], threads=2)
    assert model.inputs == (edge.TensorSpec("x", (1, 4), np.dtype("int8"), 0.5, -3),)
    assert model.outputs == (edge.TensorSpec("y", (1, 2), np.dtype("int8"), 1.0, 10),)
    assert (model.path, model.device, model.threads) == (dense[0], "cpu", 2)
    assert model.runtime.startswith("ai_edge_litert ")


def test_own_integers_pass_as_they_are(dense):
    model = edge.load(dense[0])
    levels = np.array([[-3, -1, 0, 127]], np.int8)
    np.testing.assert_array_equal(model(levels), model((levels + 3.0) * 0.5))


def test_names_are_those_of_the_signature(difference):
    model = edge.load(difference)
    assert [spec.name for spec in model.inputs] == ["right", "left"]
    assert [spec.name for spec in model.outputs] == ["sum", "difference"]
    left, right = np.float32([[1, 2, 3]]), np.float32([[10, 20, 30]])
    result = model({"left": left, "right": right})
    np.testing.assert_array_equal(result["difference"], left - right)
    np.testing.assert_array_equal(result["sum"], left + right)


def test_without_a_signature_names_are_those_of_the_tensors(identity):
    model = edge.load(identity((1, 6), (1, 2, 3), (1, 3, 2)))
    assert list(model(np.zeros((1, 6), "f"))) == ["y0", "y1"]


@pytest.mark.parametrize("count", [1, 2, 3, 4, 7])
@pytest.mark.parametrize("own", [1, 3])
def test_batches_of_any_size_are_run_part_by_part(identity, own, count):
    model = edge.load(identity((own, 6), (own, 2, 3)))
    values = np.arange(count * 6, dtype=np.float32).reshape(count, 6)
    result = model(values)
    np.testing.assert_array_equal(result, values.reshape(count, 2, 3))


def test_outputs_that_are_not_by_example_forbid_other_batches(identity):
    model = edge.load(identity((2, 3), (6,)))
    np.testing.assert_array_equal(model(np.ones((2, 3), "f")), np.ones(6))
    with pytest.raises(ValueError, match=r"\(2, 3\)} only. Received: .*\(4, 3\)"):
        model(np.ones((4, 3), "f"))


def test_results_survive_the_next_call(identity):
    model = edge.load(identity((1, 2), (1, 2)))
    first = model(np.float32([[1, 2]]))
    model(np.float32([[3, 4]]))
    np.testing.assert_array_equal(first, [[1, 2]])


def test_threads_share_a_model(dense):
    model = edge.load(dense[0])
    values = np.random.default_rng(0).uniform(-40, 40, (8, 200, 4)).astype(np.float32)
    expected = [model(batch) for batch in values]
    results = [None] * len(values)

    def work(i):
        results[i] = model(values[i])

    threads = [threading.Thread(target=work, args=(i,)) for i in range(len(values))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    np.testing.assert_array_equal(results, expected)


def test_recurrent_state_ends_with_the_example(write_model):
    options = schema.SequenceRNNOptionsT()
    path = write_model(
        {
            "x": ((1, 1, 1), "float32"),
            "w": ((1, 1), "float32", None, 0, [[1]]),
            "r": ((1, 1), "float32", None, 0, [[1]]),
            "b": ((1,), "float32", None, 0, [0]),
            "state": ((1, 1), "float32"),
            "y": ((1, 1, 1), "float32"),
        },
        [("UNIDIRECTIONAL_SEQUENCE_RNN", ["x", "w", "r", "b", "state"], ["y"], options)],
        ["x"],
        ["y"],
        variables=["state"],
    )
    model = edge.load(path)
    ones = np.ones((3, 1, 1), np.float32)
    np.testing.assert_array_equal(model(ones), ones)
    np.testing.assert_array_equal(model(ones), ones)


@pytest.mark.parametrize(
    ("inputs", "message"),
    [
        (np.zeros((1, 3), "f"), r"\['right', 'left'\] by name"),
        ({"left": np.zeros((1, 3), "f")}, r"Received: \['left'\]"),
        ({"left": 0, "right": 0, "up": 0}, "'up'"),
        ({"left": np.zeros((1, 3), "f"), "right": np.zeros((1, 4), "f")}, r"'right'.*\(n, 3\)"),
        ({"left": np.zeros((1, 3), "f"), "right": np.zeros((2, 3), "f")}, "only"),
    ],
)
def test_wrong_inputs_are_errors(difference, inputs, message):
    with pytest.raises(ValueError, match=message):
        edge.load(difference)(inputs)


def test_pictures_given_as_numbers_are_errors(classifier):
    with pytest.raises(ValueError, match=r"'image' of shape \(n, 4, 4, 1\) in real units"):
        edge.load(classifier)(np.zeros((1, 4, 4, 1), np.uint8))


def test_a_closed_model_cannot_be_called(classifier):
    with edge.load(classifier) as model:
        model(np.zeros((1, 4, 4, 1), "f"))
    with pytest.raises(ValueError, match="closed"):
        model(np.zeros((1, 4, 4, 1), "f"))


def test_an_operator_that_the_runtime_lacks_is_named(write_model):
    path = write_model(
        {"x": ((1, 2), "float32"), "y": ((1, 2), "float32")},
        [("FlexSomething", ["x"], ["y"], None)],
        ["x"],
        ["y"],
    )
    with pytest.raises(edge.ModelError, match="FlexSomething"):
        edge.load(path)


@pytest.mark.parametrize(
    "options",
    [
        {"device": "npu"},
        {"device": ()},
        {"device": ["cpu", "npu"]},
        {"threads": 0},
        {"threads": 1.5},
        {"threads": True},
    ],
    ids=str,
)
def test_wrong_options_are_errors(classifier, options):
    with pytest.raises(ValueError, match=f"{next(iter(options))} must be"):
        edge.load(classifier, **options)


def test_a_benchmark_times_calls(classifier):
    with edge.load(classifier, threads=2) as model:
        result = edge.benchmark(model, runs=11, warmup=1)
    assert 0 < result.median_ms <= result.p90_ms
    assert (result.runs, result.threads, result.runtime) == (11, 2, model.runtime)
    assert "cores" in result.machine
    assert json.loads(result.to_json())["median_ms"] == result.median_ms


def test_a_benchmark_runs_models_of_any_inputs(difference, write_model):
    assert edge.benchmark(edge.load(difference), runs=1, warmup=0).median_ms > 0
    path = write_model(
        {
            "table": ((5, 2), "float32", None, 0, np.ones((5, 2))),
            "x": ((1, 3), "int32"),
            "y": ((1, 3, 2), "float32"),
        },
        [("GATHER", ["table", "x"], ["y"], schema.GatherOptionsT())],
        ["x"],
        ["y"],
    )
    assert edge.benchmark(edge.load(path), runs=1, warmup=0).runs == 1


@pytest.mark.parametrize("options", [{"runs": 0}, {"warmup": -1}], ids=str)
def test_a_benchmark_without_runs_is_an_error(classifier, options):
    with pytest.raises(ValueError, match="runs must be at least 1"):
        edge.benchmark(edge.load(classifier), **options)

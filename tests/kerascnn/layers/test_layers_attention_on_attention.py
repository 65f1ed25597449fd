import numpy as np
import pytest

from kerascnn.layers import AttentionOnAttention

RNG = np.random.default_rng(0)
QUERY = RNG.normal(size=(2, 3, 8)).astype("float32")
KEY, VALUE = RNG.normal(size=(2, 2, 5, 8)).astype("float32")


def built(**options):
    layer = AttentionOnAttention(2, **options)
    layer.build((QUERY.shape, KEY.shape, VALUE.shape))
    for weight in layer.weights:
        weight.assign(RNG.normal(size=weight.shape))
    return layer


def dense(layer, x):
    kernel, bias = layer.get_weights()
    return x @ kernel + bias


def attended(query, key, value):
    """Two heads, one number after the other."""
    result = np.zeros((3, 8))
    for head in (slice(0, 4), slice(4, 8)):
        for place in range(3):
            scores = np.array([query[place, head] @ one[head] for one in key]) / 2.0
            shares = np.exp(scores - scores.max())
            result[place, head] = (shares / shares.sum()) @ value[:, head]
    return result


@pytest.mark.parametrize("project", [True, False])
@pytest.mark.parametrize("normalize", [True, False])
def test_it_equals_the_definition(project, normalize):
    layer = built(project=project, normalize=normalize)
    for number in range(2):
        query, key, value = QUERY[number], KEY[number], VALUE[number]
        compared = query
        if normalize:
            gamma, beta = layer.norm.get_weights()
            spread = np.sqrt(query.var(-1, keepdims=True) + 1e-3)
            compared = (query - query.mean(-1, keepdims=True)) / spread * gamma + beta
        compared = dense(layer.projections["query"], compared)
        if project:
            key, value = (
                dense(layer.projections[name], x) for name, x in (("key", key), ("value", value))
            )
        both = np.concatenate([attended(compared, key, value), query], axis=-1)
        gate = 1 / (1 + np.exp(-dense(layer.gate, both)))
        expected = gate * dense(layer.information, both)
        given = layer([QUERY, KEY, VALUE])[number]
        np.testing.assert_allclose(given, expected, rtol=1e-4, atol=1e-4)


def test_a_closed_gate_lets_nothing_through_and_an_open_one_all():
    layer = built()
    kernel, bias = layer.gate.get_weights()
    layer.gate.set_weights([0 * kernel, 0 * bias - 20])
    np.testing.assert_allclose(layer([QUERY, KEY, VALUE]), 0, atol=1e-6)
    layer.gate.set_weights([0 * kernel, 0 * bias + 20])
    inputs = [QUERY, KEY, VALUE]
    open_gate = np.asarray(layer(inputs))
    kernel, bias = layer.information.get_weights()
    layer.information.set_weights([2 * kernel, 2 * bias])
    np.testing.assert_allclose(layer(inputs), 2 * open_gate, rtol=1e-5, atol=1e-5)


def test_channels_are_divided_among_heads():
    with pytest.raises(ValueError, match="num_heads=3"):
        AttentionOnAttention(3)([QUERY, KEY, VALUE])

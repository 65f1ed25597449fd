"""Choosing triplets in a batch: each rule gives the cost of every anchor.

A rule takes the distances between all embeddings, which of them are positives and which negatives
of each anchor (rows), all `(batch, batch)`, and the margin, a number or `"soft"`; it returns
`(batch,)`, with 0 for an anchor that has no triplet. Nothing larger than `(batch, batch)` is made:
where the textbook compares every positive with every negative, the row is sorted.
"""

from keras import ops

SOFT = "soft"


def cost(gap, margin):
    """Compute what a triplet costs whose positive is farther than its negative by `gap`."""
    return ops.softplus(gap) if margin == SOFT else ops.relu(margin + gap)


def all_triplets(distances, positive, negative, margin):
    """Average over every pair of a positive and a negative."""
    if margin == SOFT:
        return _all_softly(distances, positive, negative)
    # A negative exactly at the margin costs nothing and gets no gradient, so it comes second.
    order = _order(margin + distances, positive, distances, negative)
    positive, negative = (_pick(_number(kind, distances), order) for kind in (positive, negative))
    # How many negatives are inside a positive's margin, and the other way round.
    inside = positive * ops.cumsum(negative, axis=1)
    positives = ops.sum(positive, axis=1, keepdims=True)
    outside = negative * (positives - ops.cumsum(positive, axis=1))
    # The costs are linear in the distances as long as the order stays. The weights of a row add
    # to 0, so that a shift changes nothing but keeps the digits.
    distances = distances - ops.stop_gradient(ops.mean(distances, axis=1, keepdims=True))
    costs = margin * inside + (inside - outside) * _pick(distances, order)
    triplets = positives[:, 0] * ops.sum(negative, axis=1)
    return ops.sum(costs, axis=1) / ops.maximum(triplets, 1.0)


def hardest(distances, positive, negative, margin):
    """Pair the farthest positive with the nearest negative."""
    usable = ops.logical_and(ops.any(positive, axis=1), ops.any(negative, axis=1))
    farthest = ops.max(ops.where(positive, distances, 0.0), axis=1)
    nearest = ops.min(ops.where(negative, distances, float("inf")), axis=1)
    nearest = ops.where(usable, nearest, 0.0)
    return ops.where(usable, cost(farthest - nearest, margin), 0.0)


def semi_hard(distances, positive, negative, margin):
    """Pair each positive with the nearest negative that is farther, or else the farthest."""
    # A negative exactly as far as a positive is not farther, so it comes first.
    order = _order(distances, negative, distances, positive)
    positive, negative = (_pick(ops.cast(kind, "int32"), order) for kind in (positive, negative))
    nearer = ops.cumsum(negative, axis=1)
    # The columns of the negatives by distance, and 0 in the places that are left.
    places = ops.maximum(nearer - 1, 0)
    ranked = _put(order * negative, places)
    last = ops.maximum(nearer[:, -1:] - 1, 0)
    chosen = _pick(ranked, ops.minimum(nearer, last))
    costs = cost(_pick(distances, order) - _pick(distances, chosen), margin)
    triplets = _number(positive * ops.minimum(nearer[:, -1:], 1), distances)
    return ops.sum(costs * triplets, axis=1) / ops.maximum(ops.sum(triplets, axis=1), 1.0)


def _all_softly(distances, positive, negative):
    """Average over all pairs, one positive of every anchor at a time.

    Values and weights are constants to the gradient, which would keep all steps in memory.
    """
    positive, negative = (_number(kind, distances) for kind in (positive, negative))
    triplets = ops.maximum(ops.sum(positive, axis=1) * ops.sum(negative, axis=1), 1.0)
    constant = ops.stop_gradient(distances)
    columns = ops.arange(ops.shape(distances)[0])

    def add(column, sums):
        values, weights = sums
        gaps = ops.take(constant, column, axis=1)[:, None] - constant
        chosen = ops.take(positive, column, axis=1)[:, None] * negative
        slopes = chosen * ops.sigmoid(gaps)
        here = _number(ops.equal(columns, column), distances)
        weights = weights - slopes + ops.sum(slopes, axis=1, keepdims=True) * here
        return values + ops.sum(chosen * ops.softplus(gaps), axis=1), weights

    start = (ops.zeros_like(constant[:, 0]), ops.zeros_like(constant))
    sums = ops.fori_loop(0, ops.shape(distances)[0], add, start)
    values, weights = (ops.stop_gradient(total) for total in sums)
    linear = ops.sum(weights * distances, axis=1)
    return (values + linear - ops.stop_gradient(linear)) / triplets


def _order(first, is_first, second, is_second):
    """Sort two kinds of values of each row together; of equal values `first` come first."""
    # A double has room below the digits of a single for what decides between equals.
    first = ops.cast(first, "float64")
    second = ops.cast(second, "float64") * (1.0 + 2.0**-40) + 1e-300
    return ops.argsort(ops.where(is_first, first, ops.where(is_second, second, float("inf"))))


def _flat(columns):
    """Number the entries of a table row by row."""
    rows, width = ops.shape(columns)
    return columns + width * ops.arange(rows, dtype=columns.dtype)[:, None]


def _pick(table, columns):
    # ops.take_along_axis does the same in five times the time.
    return ops.take(table, _flat(columns))


def _put(values, columns):
    size = ops.shape(values)[0] * ops.shape(values)[1]
    flat = (ops.reshape(tensor, (-1,)) for tensor in (values, _flat(columns)))
    return ops.reshape(ops.segment_sum(*flat, num_segments=size), ops.shape(values))


def _number(kind, distances):
    return ops.cast(kind, distances.dtype)


MINING = {"all": all_triplets, "hard": hardest, "semi_hard": semi_hard}

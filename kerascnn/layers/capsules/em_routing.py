"""Routing by expectation maximisation: parents are Gaussians fitted to the votes for them."""

from keras import ops


def em_routing(
    votes,
    activations,
    beta_u,
    beta_a,
    couple,
    *,
    first=None,
    iterations: int = 3,
    inverse_temperature: float = 0.01,
    epsilon: float = 1e-4,
):
    """Fit one Gaussian a parent to the votes of the children, each counted where it fits best.

    A round fits mean and variance to the votes, weighted by the activations of the children and
    by how much of a child belongs to the parent; it activates a parent by how many nats its
    Gaussian saves, at inverse temperature `inverse_temperature * (1 - 0.95^round)`; and it
    divides every child anew.

    An int8 file computes all of it in integers, but every round amplifies the rounding: where
    votes do not agree, about 30 dB are left of the means after one round, 20 dB after two and
    15 dB after three.

    Args:
        votes: `(rows, parents, children, dim)`, in float32 or wider.
        activations: Activations of the children, `(rows, 1, children)`; below 0 counts as 0.
        beta_u: Cost of describing one component of one child without a parent, `(parents,)`, in
            nats.
        beta_a: Cost of describing a parent's mean, negated, `(parents,)`, in nats.
        couple: Function from log-likelihoods, `(rows, parents, children)`, to what share of
            each child belongs to each parent, of the same shape, such as a softmax over the
            parents.
        first: How much each child counts for each parent in the first round,
            `(rows, parents or 1, children)`; its activation, divided evenly, when None.
        iterations: Rounds, at least 1.
        inverse_temperature: Factor of the gains before the sigmoid, above 0.
        epsilon: What is added to the variances, in the squared unit of the votes, above 0.

    Returns:
        Means, `(rows, parents, dim)`; activations of the parents, `(rows, parents)`, in (0, 1);
        how much each child counted in the last round, `(rows, parents, children)`, where the only
        round may have 1 in place of the parents.

    Example:
        >>> votes = keras.random.normal((2, 3, 8, 16))
        >>> couple = functools.partial(keras.ops.softmax, axis=1)
        >>> means, activations, weights = em_routing(
        ...     votes, keras.ops.ones((2, 1, 8)), np.zeros(3), np.zeros(3), couple
        ... )

    Reference:
        https://openreview.net/forum?id=HJWLfGWRb, procedure 1; the temperatures are from the
        authors' answers there
    """
    dim, activations = votes.shape[-1], ops.relu(activations)
    weights = activations / votes.shape[1] if first is None else ops.relu(first)
    for iteration in range(1, iterations + 1):
        mass, mean, squares, variance = _fit(votes, weights, epsilon)
        # Half the logarithm of the Gaussian's volume; the constant part is in beta_u.
        volume = 0.5 * ops.sum(ops.log(variance), axis=-1)
        rate = inverse_temperature * (1.0 - 0.95**iteration)
        logits = rate * (beta_a - (dim * beta_u + volume) * mass)
        if iteration < iterations:
            precision = ops.rsqrt(variance)
            precision = ops.expand_dims(precision * precision, axis=-1)
            distances = ops.squeeze(ops.matmul(squares, precision), axis=-1)
            constant = ops.expand_dims(_log_sigmoid(logits) - volume, axis=-1)
            weights = activations * couple(constant - 0.5 * distances)
    return mean, ops.sigmoid(logits), weights


def _log_sigmoid(x):
    # The sum of Keras's overflows in TFLite, and its sign has no int8 operator.
    return ops.minimum(x, 0.0) - ops.log(1.0 + ops.exp(ops.minimum(x, 0.0 - x)))


def _fit(votes, weights, epsilon):
    """Give the mass, mean, squared deviations and variance of each parent's votes."""
    mass = ops.sum(weights, axis=-1)
    # Without any mass the mean is 0 and the variance epsilon.
    scale = ops.expand_dims(ops.rsqrt(mass + 1e-6), axis=-1)
    # Twice, since the square of the scale has too wide a range for eight bits.
    weights = ops.expand_dims(weights * scale * scale, axis=2)  # (rows, parents, 1, children)
    mean = ops.matmul(weights, votes)
    deviations = votes - mean
    squares = deviations * deviations
    variance = ops.squeeze(ops.matmul(weights, squares), axis=2) + epsilon
    return mass, ops.squeeze(mean, axis=2), squares, variance

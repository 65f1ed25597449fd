"""GANs of residual blocks with spectral normalisation: SAGAN, YLG, BigGAN and AutoGAN's critic."""

import keras
import numpy as np
import pytest

from kerascnn.layers import LocalSparseAttention2D, SelfAttention2D, SpectralNormalization
from kerascnn.models.generation.biggan import biggan, coherence
from kerascnn.models.generation.sagan import sagan
from kerascnn.models.generation.ylg import ylg
from kerascnn.registry import get_system

RNG = np.random.default_rng(0)


def learned(network):
    return sum(int(np.prod(weight.shape)) for weight in network.trainable_weights)


def tiny(builder, **options):
    keras.utils.set_random_seed(0)
    return builder(**{**get_system(builder.__name__).tiny, **options})


@pytest.mark.parametrize(
    ("builder", "of_generator", "of_discriminator", "attention", "size"),
    [
        (sagan, 42_017_412, 39_448_258, SelfAttention2D, 64),
        # Attention on 32 pixels a side, where there are twice as many channels.
        (
            ylg,
            42_017_412 - 20_481 + 81_921,
            39_448_258 - 5_121 + 20_481,
            LocalSparseAttention2D,
            32,
        ),
        (biggan, 70_433_988, 87_982_370, SelfAttention2D, 64),
    ],
    ids=["sagan", "ylg", "biggan"],
)
def test_the_networks_are_those_of_the_paper(
    builder, of_generator, of_discriminator, attention, size
):
    with keras.StatelessScope(initialize_variables=False):
        gan = builder(ema_decay=None)
    assert learned(gan.generator) == of_generator
    assert learned(gan.discriminator) == of_discriminator
    for network in (gan.generator, gan.discriminator):
        layer = next(layer for layer in network.layers if isinstance(layer, attention))
        assert layer.output.shape[1] == size
        kernels = [one for one in network.layers if isinstance(one, keras.layers.Conv2D)]
        assert not kernels  # all are inside a layer that normalises them
        assert any(isinstance(one, SpectralNormalization) for one in network.layers)


def test_the_discriminator_of_sagan_learns_four_times_as_fast():
    generator, discriminator = tiny(sagan).new_optimizers()
    np.testing.assert_allclose(discriminator.learning_rate, 4 * generator.learning_rate)
    assert generator.beta_1 == discriminator.beta_1 == 0.0


@pytest.mark.parametrize("builder", [sagan, ylg])
def test_attention_starts_as_nothing_and_is_learned(builder):
    gan = tiny(builder, input_shape=(16, 16, 1), attention_size=8)
    networks = gan.generator, gan.discriminator
    gains = [network.get_layer("attention").gain.weights[0] for network in networks]
    assert [float(gain.numpy()) for gain in gains] == [0.0, 0.0]
    gan.compile(run_eagerly=True)  # for few steps faster than tracing
    real = RNG.uniform(-1, 1, (8, 16, 16, 1)).astype("float32")
    gan.fit(real, np.arange(8) % 3, batch_size=4, verbose=0)
    assert all(float(gain.numpy()) != 0 for gain in gains)


def test_each_block_of_biggan_takes_its_part_of_the_noise():
    gan = tiny(biggan)
    generator = gan.generator
    keras.utils.set_random_seed(0)
    latent, label = RNG.normal(size=(1, 8)).astype("float32"), np.eye(3, dtype="float32")[:1]
    block = keras.Model(generator.input, generator.get_layer("block1_norm1").output)
    first = keras.Model(generator.input, generator.get_layer("project").output)

    def outputs(noise):
        fed = {"latent": noise, "label": label}
        return [np.asarray(network(fed, training=False)) for network in (first, block)]

    before = outputs(latent)
    for part, moved in ((slice(0, 4), [True, True]), (slice(4, 8), [False, True])):
        changed = latent.copy()
        changed[:, part] += 1.0
        pairs = zip(before, outputs(changed), strict=True)
        assert [not np.array_equal(*pair) for pair in pairs] == moved


def test_the_penalty_is_0_for_orthogonal_columns_alone():
    kernel = np.linalg.qr(RNG.normal(size=(8, 5)))[0].reshape(2, 2, 2, 5).astype("float32")
    assert float(coherence(kernel)) < 1e-10
    kernel = RNG.normal(size=(6, 4)).astype("float32")
    products = kernel.T @ kernel
    expected = sum(products[i, j] ** 2 for i in range(4) for j in range(4) if i != j)
    np.testing.assert_allclose(coherence(kernel), expected, rtol=1e-5)


def test_the_generator_of_biggan_pays_for_its_kernels_and_not_for_the_embedding():
    gan = tiny(biggan, orthogonality=0.5)
    free = tiny(biggan, orthogonality=0.0)
    real, labels, latents = np.zeros((2, 8, 8, 1), "float32"), np.array([0, 1]), gan.latents(2)
    costs = [
        np.asarray(one.generator_loss(real, labels, latents, training=False)) for one in (gan, free)
    ]
    embedding = gan.generator.get_layer("embedding").kernel
    kernels = [one for one in gan.generator.trainable_weights if len(one.shape) > 1]
    expected = 0.5 * sum(float(coherence(one.value)) for one in kernels if one is not embedding)
    np.testing.assert_allclose(costs[0] - costs[1], expected, rtol=1e-3)


def test_noise_that_cannot_be_divided_is_refused():
    with pytest.raises(ValueError, match="latent_dim=9"):
        tiny(biggan, latent_dim=9)


def test_the_logit_is_linear_in_the_features_of_the_class():
    network = tiny(sagan, attention_size=0).discriminator
    image = np.repeat(RNG.uniform(-1, 1, (1, 8, 8, 1)), 4, axis=0).astype("float32")
    labels = np.vstack([np.eye(3), np.zeros(3)]).astype("float32")
    features = keras.Model(network.input, network.get_layer("both").input)
    logits = np.asarray(network({"image": image, "label": labels}))[:, 0]
    wanted, seen = map(np.asarray, features({"image": image, "label": labels}))
    np.testing.assert_allclose(logits - logits[3], (wanted * seen).sum(axis=1), atol=1e-4)

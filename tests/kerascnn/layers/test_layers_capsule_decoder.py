import keras
import numpy as np
import pytest
import tensorflow as tf

from kerascnn.layers import CapsuleDecoder, CapsuleMask

RNG = np.random.default_rng(0)


def alone(capsules, chosen):
    output = np.zeros_like(capsules)
    for sample, capsule in enumerate(chosen):
        output[sample, capsule] = capsules[sample, capsule]
    return output


def test_training_keeps_the_true_capsule_and_inference_the_longest():
    capsules = RNG.normal(size=(6, 4, 3)).astype("float32")
    longest = [max(range(4), key=lambda j: np.linalg.norm(sample[j])) for sample in capsules]
    true = [(capsule + 1) % 4 for capsule in longest]
    labels = np.eye(4, dtype="float32")[true]
    layer = CapsuleMask()
    np.testing.assert_array_equal(layer([capsules, labels], training=True), alone(capsules, true))
    for training in (False, True):
        np.testing.assert_array_equal(layer(capsules, training=training), alone(capsules, longest))
    np.testing.assert_array_equal(layer([capsules, labels]), alone(capsules, longest))


def test_only_the_chosen_capsule_gets_a_gradient():
    capsules = tf.constant(RNG.normal(size=(2, 4, 3)), "float32")
    with tf.GradientTape() as tape:
        tape.watch(capsules)
        total = tf.reduce_sum(CapsuleMask()(capsules))
    gradient = np.array(tape.gradient(total, capsules))
    np.testing.assert_array_equal(gradient.any(-1), np.array(CapsuleMask()(capsules)).any(-1))


def test_labels_of_another_size_are_refused():
    with pytest.raises(ValueError, match=r"Received: capsules=\(None, 4, 3\), labels=\(None, 5\)"):
        CapsuleMask()([keras.Input((4, 3)), keras.Input((5,))])


def test_the_decoder_has_the_parameters_of_the_paper():
    decoder = CapsuleDecoder((28, 28, 1))
    decoder.build((None, 10, 16))
    assert decoder.count_params() == 1_411_344


def test_the_decoder_is_three_dense_layers_on_the_chosen_capsule():
    decoder = CapsuleDecoder((4, 3, 2), units=(5, 6))
    capsules = RNG.normal(size=(3, 4, 7)).astype("float32")
    labels = np.eye(4, dtype="float32")[[0, 2, 1]]
    decoder.build([capsules.shape, labels.shape])
    first, a, second, b, third, c = (
        RNG.normal(0.0, 0.3, weight.shape) for weight in decoder.get_weights()
    )
    decoder.set_weights([first, a, second, b, third, c])
    output = decoder([capsules, labels], training=True)
    x = alone(capsules, [0, 2, 1]).reshape(3, 28)
    x = np.maximum(np.maximum(x @ first + a, 0) @ second + b, 0) @ third + c
    np.testing.assert_allclose(output, 1 / (1 + np.exp(-x)).reshape(3, 4, 3, 2), rtol=1e-5)


def test_a_functional_model_trains_with_labels_and_works_without():
    keras.utils.set_random_seed(0)
    capsules, labels = keras.Input((4, 3), name="capsules"), keras.Input((4,), name="labels")
    decoder = CapsuleDecoder((2, 2, 1), units=(8,))
    model = keras.Model([capsules, labels], decoder([capsules, labels]))
    values = RNG.normal(size=(64, 4, 3)).astype("float32")
    classes = np.eye(4, dtype="float32")[np.arange(64) % 4]
    images = classes.reshape(64, 2, 2, 1)
    model.compile(keras.optimizers.Adam(0.03), loss="mse")
    losses = model.fit([values, classes], images, epochs=60, verbose=0).history["loss"]
    assert losses[-1] < 0.25 * losses[0]
    deployed = keras.Model(capsules, decoder(capsules))
    expected = decoder([values, tf.eye(4, batch_shape=[16])[:, 0]])
    np.testing.assert_allclose(deployed(values), expected, rtol=1e-5)


def test_the_decoder_opens_up_to_keras_layers_that_share_its_weights():
    decoder = CapsuleDecoder((4, 4, 1), units=(5,))
    capsules = keras.Input((3, 2))
    decoder(capsules)
    flat = keras.Model(capsules, decoder.call(capsules))
    kinds = {type(layer) for layer in flat.layers}
    assert CapsuleDecoder not in kinds
    assert keras.layers.Dense in kinds
    assert len(flat.weights) == len(decoder.weights)

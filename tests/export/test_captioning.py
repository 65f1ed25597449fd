"""An encoder and the step of a decoder, as Keras models and as files."""

import keras
import numpy as np
import pytest

from kerascnn import edge, export

WORDS = tuple(f"w{i}" for i in range(12))
START, END = 0, 1


@pytest.fixture(scope="module")
def pair():
    """Models with random weights, large enough to give the words different probabilities."""
    keras.utils.set_random_seed(0)
    spread = keras.initializers.RandomNormal(stddev=1.5)
    image = keras.Input((8, 8, 3), name="image")
    features = keras.layers.Dense(6, name="seen")(keras.layers.Flatten()(image))
    first = keras.layers.Dense(5, activation="tanh")(features)
    encoder = keras.Model(image, {"features": features, "state": first})

    token = keras.Input((), dtype="int32", name="token")
    given, state = keras.Input((6,), name="features"), keras.Input((5,), name="state")
    word = keras.layers.Embedding(len(WORDS), 4, embeddings_initializer=spread)(token)
    joined = keras.layers.Concatenate()([word, given])
    output, states = keras.layers.GRUCell(5, kernel_initializer=spread)(joined, [state])
    logits = keras.layers.Dense(len(WORDS), kernel_initializer=spread)(output)
    decoder = keras.Model(
        {"token": token, "features": given, "state": state}, {"logits": logits, "state": states[0]}
    )
    return encoder, decoder


def test_files_say_what_the_models_say(pair, tmp_path):
    encoder, decoder = pair
    paths = tmp_path / "encoder.tflite", tmp_path / "decoder.tflite"
    export.to_tflite(encoder, paths[0], metadata=edge.Metadata(task="captioning"))
    vocabulary = edge.Metadata(labels=WORDS, tokens=edge.Tokens(start=START, end=END))
    export.to_tflite(decoder, paths[1], metadata=vocabulary)
    picture = np.random.default_rng(0).integers(0, 256, (8, 8, 3)).astype(np.uint8)
    (best,) = edge.caption(edge.load(paths[0]), picture, decoder=edge.load(paths[1]), beams=1)

    seen = encoder(picture[None].astype("float32") / 255)
    words, total, state = [START], 0.0, seen["state"]
    while len(words) <= 20 and words[-1] != END:
        token = keras.ops.convert_to_tensor(words[-1:], "int32")
        outputs = decoder({"token": token, "features": seen["features"], "state": state})
        logs = keras.ops.convert_to_numpy(keras.ops.log_softmax(outputs["logits"]))[0]
        words.append(int(logs.argmax()))
        total, state = total + float(logs.max()), outputs["state"]
    assert len(set(words)) > 2
    assert best.text == " ".join(WORDS[word] for word in words[1:] if word != END)
    assert best.score == pytest.approx(total, rel=1e-3)

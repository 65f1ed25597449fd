import keras
import numpy as np
import pytest

from kerascnn import data
from kerascnn.models.translation.bytenet import bytenet
from kerascnn.registry import get_system
from kerascnn.tasks import get_task

TINY = {**get_system("bytenet").tiny, "num_tokens": 9, "length": 5}
RNG = np.random.default_rng(0)


def lively():
    """A model in which nothing is dead, so that what may reach a place does."""
    keras.utils.set_random_seed(0)
    model = bytenet(**TINY)
    for network in (model.encoder, model.decoder):
        for weight in network.trainable_variables:
            weight.assign(RNG.uniform(0.1, 1, weight.shape))
    return model


def test_its_parameters_are_those_of_sixty_blocks_and_their_ends():
    width, kernel = 800, 3
    norms = 2 * 2 * width + 2 * (2 * width)
    narrow, wide = (2 * width + 1) * width, (width + 1) * 2 * width
    block = norms + narrow + (kernel * width + 1) * width + wide
    assert 60 * block == 269_376_000
    ends = 2 * 256 * 2 * width + 2 * 2 * width  # both embeddings, the last normalisation
    ends += (2 * width + 1) * 2 * width + (2 * width + 1) * 256
    assert get_system("bytenet").params == {"bytenet": 60 * block + ends}


def test_no_place_of_the_translation_sees_its_future():
    model = lively()
    features = RNG.normal(size=(1, 5, 8)).astype("float32")
    tokens = RNG.integers(2, 9, (1, 5))
    before = np.asarray(model.decoder({"tokens": tokens, "features": features})["logits"])
    for place in range(5):
        other = tokens.copy()
        other[0, place] = 2 + (other[0, place] - 1) % 7
        after = np.asarray(model.decoder({"tokens": other, "features": features})["logits"])
        np.testing.assert_array_equal(after[:, :place], before[:, :place])
        assert not np.allclose(after[:, place], before[:, place])


def test_every_place_sees_the_source_on_both_sides():
    model = lively()
    source = RNG.integers(2, 9, (1, 7))
    features = np.asarray(model.encoder(source)["features"])
    assert features.shape == (1, 5, 8)
    for place in (0, 4):
        other = source.copy()
        other[0, place] = 2 + (other[0, place] - 1) % 7
        assert not np.allclose(model.encoder(other)["features"][:, 2], features[:, 2])


def test_a_translation_may_be_longer_than_its_source():
    model = bytenet(**{**TINY, "length": 9})
    assert model.encoder(np.ones((2, 7), int))["features"].shape == (2, 9, 8)


def test_a_trained_model_writes_what_it_learned():
    keras.utils.set_random_seed(0)
    texts = ["one", "two", "six", "ten"] * 8
    dataset = data.from_texts("mine", texts, [text[::-1] for text in texts])
    task = get_task("translation")
    options = task.model_options(dataset)
    model = bytenet(**{**TINY, **options, "filters": 8})
    task.compile(model, learning_rate=1e-2)
    examples = dataset.train.map(lambda example: task.example(example, model))
    model.fit(examples.batch(4), epochs=20, shuffle=False, verbose=0)
    held = data.arrays(dataset.test)
    held["input"] = task.inputs(model, held)
    runs = {name: part.predict_on_batch for name, part in model.deployable.items()}
    written = task.predict(runs, model, held)
    assert task.score(written, held) == {"exact": 1.0, "token_error_rate": 0.0}
    held["tokens"] = np.roll(held["tokens"], 1, axis=1)
    assert task.score(written, held)["exact"] == 0.0


@pytest.mark.parametrize(
    "wrong", [{"kernel_size": 2}, {"sets": 0}, {"dilation_rates": ()}], ids=str
)
def test_wrong_arguments_are_refused(wrong):
    with pytest.raises(ValueError, match="must be odd, and there must be a block"):
        bytenet(**{**TINY, **wrong})

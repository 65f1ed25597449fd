"""The data sets that need no network are what they claim to be."""

import numpy as np
import pytest
import skimage.data
from PIL import Image
from scipy import ndimage
from sklearn.datasets import load_digits
from sklearn.linear_model import RidgeClassifier

from kerascnn import data

BUNDLED = ("cells", "digits", "people", "photographs", "shapes", "translated_digits")


def arrays(dataset):
    return data.arrays(dataset.test)["image"]


def splits(dataset):
    return [data.arrays(split) for split in (dataset.train, dataset.validation, dataset.test)]


@pytest.mark.parametrize("name", BUNDLED)
def test_images_are_finite_and_in_the_unit_interval(name):
    dataset = data.load(name)
    for split in splits(dataset):
        assert split["image"].dtype == np.float32
        assert split["image"].shape[1:] == dataset.shape
        assert split["image"].min() >= 0
        assert split["image"].max() <= 1


@pytest.mark.parametrize("name", BUNDLED)
def test_source_and_licence_are_stated(name):
    dataset = data.load(name)
    assert dataset.name == name
    assert dataset.source
    assert dataset.licence.startswith("CC")


def test_digits_of_eight_pixels_are_those_of_scikit_learn():
    images = np.concatenate([split["image"] for split in splits(data.load("digits", size=8))])
    sums = np.sort((images[..., 0] * 16).sum(axis=(1, 2)))
    np.testing.assert_allclose(sums, np.sort(load_digits().images.sum(axis=(1, 2))))


def test_digits_hold_out_a_quarter_evenly():
    train, validation, test = splits(data.load("digits", size=8))
    assert [len(split["label"]) for split in (train, validation, test)] == [1169, 179, 449]
    counts = np.bincount(load_digits().target)
    np.testing.assert_allclose(np.bincount(test["label"]), counts / 4, atol=1)
    np.testing.assert_allclose(np.bincount(validation["label"]), counts / 10, atol=1)


def test_labels_of_the_training_split_go_wrong():
    whole, noisy = (data.load("digits", size=8, label_noise=share) for share in (0.0, 0.4))
    right, given = (data.arrays(one.train)["label"] for one in (whole, noisy))
    wrong = given != right
    assert abs(np.mean(wrong) - 0.4) < 0.05
    others = (given - right)[wrong] % 10
    np.testing.assert_allclose(
        np.bincount(others, minlength=10)[1:] / len(others), 1 / 9, atol=0.05
    )
    for split in ("validation", "test"):
        pair = (data.arrays(getattr(one, split))["label"] for one in (whole, noisy))
        np.testing.assert_array_equal(*pair)


def test_wrong_labels_can_be_the_next_ones():
    whole = data.arrays(data.load("digits", size=8).train)["label"]
    noisy = data.load("digits", size=8, label_noise=0.4, wrong_label="next")
    given = data.arrays(noisy.train)["label"]
    wrong = given != whole
    assert abs(np.mean(wrong) - 0.4) < 0.05
    np.testing.assert_array_equal(given[wrong], (whole[wrong] + 1) % 10)


def test_a_noise_that_is_no_probability_is_refused():
    with pytest.raises(ValueError, match=r"Received: label_noise=1\.5"):
        data.load("digits", size=8, label_noise=1.5)
    with pytest.raises(ValueError, match="wrong_label='last'"):
        data.load("digits", size=8, label_noise=0.5, wrong_label="last")


def test_few_digits_are_labelled():
    whole, few = (data.load("digits", size=8, labelled=n) for n in (None, 3))
    train, hidden = data.arrays(whole.train), data.arrays(few.train)
    np.testing.assert_array_equal(hidden["image"], train["image"])
    known = hidden["label"] >= 0
    np.testing.assert_array_equal(np.bincount(hidden["label"][known]), np.full(10, 3))
    np.testing.assert_array_equal(hidden["label"][known], train["label"][known])
    assert hidden["label"][~known].max() == -1
    assert data.arrays(few.test)["label"].min() == data.arrays(few.validation)["label"].min() == 0
    with pytest.raises(ValueError, match="Received: labelled=0"):
        data.load("digits", size=8, labelled=0)


def test_held_out_digits_are_corrupted_where_asked_for():
    whole, noisy = (data.load("digits", size=8, corruption=share) for share in (0.0, 0.3))
    for name in ("train", "validation", "test"):
        clean = data.arrays(getattr(whole, name))["image"]
        examples = data.arrays(getattr(noisy, name))
        np.testing.assert_array_equal(examples["clean"], clean)
        changed = examples["image"] != clean
        assert set(np.unique(examples["image"][changed])) == (set() if name == "train" else {0, 1})
        # A tenth of the pixels is black or white already, half of them as the noise would have it.
        middle = (clean > 0) & (clean < 1)
        share = 0.0 if name == "train" else 0.3
        assert changed[middle].mean() == pytest.approx(share, abs=0.02)
    with pytest.raises(ValueError, match=r"Received: corruption=1\.5"):
        data.load("digits", size=8, corruption=1.5)


def test_larger_digits_are_most_like_their_own_originals():
    small = data.arrays(data.load("digits", size=8).test)["image"]
    large = data.arrays(data.load("digits", size=32).test)["image"]
    means = large.reshape(-1, 8, 4, 8, 4, 1).mean(axis=(2, 4))
    distance = np.square(means[:, np.newaxis] - small).sum(axis=(2, 3, 4))
    np.testing.assert_array_equal(distance.argmin(axis=1), np.arange(len(small)))


def test_a_linear_model_fails_on_translated_digits():
    train, _, test = splits(data.load("translated_digits", size=28, noise=0.3, count=4000))
    model = RidgeClassifier(10.0).fit(train["image"].reshape(4000, -1), train["label"])
    score = model.score(test["image"].reshape(4000, -1), test["label"])
    assert 0.12 <= score <= 0.24


def test_translated_digits_are_split_by_handwriting():
    train, _, test = splits(data.load("translated_digits", size=16, noise=0.0, count=2000))
    shared = {image.tobytes() for image in train["image"]} & {
        image.tobytes() for image in test["image"]
    }
    assert not shared


def test_translated_digits_stand_everywhere():
    image = data.arrays(data.load("translated_digits", size=28, noise=0.0).train)["image"]
    usage = (image[..., 0] > 0.3).mean(axis=0)
    middle = usage[14, 14]
    assert middle > 0.2
    assert usage[:, :4].max() > 0
    assert usage[-4:, :].max() > 0


def test_noise_has_the_asked_for_deviation():
    image = data.arrays(data.load("translated_digits", size=64, noise=0.1).train)["image"]
    # No digit reaches a corner but by rare chance, and clipping keeps half of the noise: the mean
    # of max(0, x) is sigma / sqrt(2 pi).
    np.testing.assert_allclose(image[:, ::63, ::63].mean(), 0.1 / np.sqrt(2 * np.pi), rtol=0.05)


def test_shapes_cover_a_sixth_of_the_image():
    masks = data.arrays(data.load("shapes").train)["mask"]
    np.testing.assert_allclose((masks == 0).mean(), 0.836, atol=0.02)
    assert set(np.unique(masks)) == {0, 1, 2, 3}


def test_boxes_are_tight_around_the_masks():
    scene = data.arrays(data.load("shapes", size=48).test)
    for mask, boxes, classes in zip(scene["mask"], scene["boxes"], scene["classes"], strict=True):
        drawn = np.zeros_like(mask)
        for box, value in zip(boxes, classes, strict=True):
            if value == -1:
                np.testing.assert_array_equal(box, 0)
                continue
            ymin, xmin, ymax, xmax = np.rint(box * 48).astype(int)
            window = mask[ymin:ymax, xmin:xmax]
            for side in (window[0], window[-1], window[:, 0], window[:, -1]):
                assert (side == value).any()
            drawn[ymin:ymax, xmin:xmax] = 1
        assert not mask[drawn == 0].any()


def test_shapes_have_their_form():
    scene = data.arrays(data.load("shapes", size=96, count=400).train)
    filled = {1: [], 2: [], 3: []}
    for mask, boxes, classes in zip(scene["mask"], scene["boxes"], scene["classes"], strict=True):
        for (ymin, xmin, ymax, xmax), value in zip(boxes * 96, classes, strict=True):
            if value > 0 and (classes == value).sum() == 1:
                filled[value].append((mask == value).sum() / ((ymax - ymin) * (xmax - xmin)))
    assert np.mean(filled[1]) == pytest.approx(np.pi / 4, abs=0.02)
    assert np.mean(filled[2]) == pytest.approx(1, abs=0.01)
    assert np.mean(filled[3]) == pytest.approx(0.5, abs=0.02)


def test_cells_are_whole_and_most_of_them_touch_another():
    scene = data.arrays(data.load("cells").test)
    np.testing.assert_array_equal(scene["mask"], scene["instances"] > 0)
    touching = []
    for instances in scene["instances"]:
        numbers = range(1, instances.max() + 1)
        for number in numbers:
            cell = instances == number
            assert ndimage.label(cell)[1] == 1
            around = instances[ndimage.binary_dilation(cell) & ~cell]
            touching.append(around.any())
    assert len(touching) / len(scene["instances"]) > 5
    assert np.mean(touching) > 0.7


def test_a_lamp_lights_the_whole_picture():
    dataset = data.load("shapes", size=48, noise=0.0, lamp=True)
    assert dataset.labels[4:] == tuple(f"lit {label}" for label in dataset.labels[:4])
    scene = data.arrays(dataset.test)
    colours = {False: (0, 0, 1), True: (1, 1, 0)}
    for image, mask, classes in zip(scene["image"], scene["mask"], scene["classes"], strict=True):
        lit = bool(mask.max() > 3)
        assert ((mask > 3) == lit).all()
        assert ((classes[classes > 0] > 4) == lit).all()
        lamp = (image == colours[lit]).all(axis=-1)
        assert lamp.sum() == 9
        assert (mask[lamp] == 4 * lit).all()
        assert not (image == colours[not lit]).all(axis=-1).any()
    assert 0.3 < (scene["mask"].max(axis=(1, 2)) > 3).mean() < 0.7


def test_a_lamp_leaves_the_shapes_as_they_are():
    plain, lamp = (data.arrays(data.load("shapes", lamp=lamp).train) for lamp in (False, True))
    np.testing.assert_array_equal(plain["mask"], lamp["mask"] % 4)


def test_shapes_of_one_seed_are_equal_and_of_another_not():
    def image(seed):
        return data.arrays(data.load("shapes", count=8, seed=seed).train)["image"]

    np.testing.assert_array_equal(image(1), image(1))
    assert np.abs(image(1) - image(2)).mean() > 0.05


def test_key_points_lie_on_a_figure_of_one_colour():
    scene = data.arrays(data.load("people", size=96, noise=0.0).test)
    for image, boxes, points in zip(
        scene["image"], scene["boxes"], scene["keypoints"], strict=True
    ):
        places = points[0, :, :2]
        assert (points[0, :, 2] == 1).all()
        assert (boxes[0, :2] <= places).all()
        assert (places <= boxes[0, 2:]).all()
        rows, columns = (places * 96).astype(int).T
        np.testing.assert_allclose(np.ptp(image[rows, columns], axis=0), 0, atol=1e-6)


def test_right_hands_and_feet_are_on_the_left_of_a_person_who_is_looked_at():
    dataset = data.load("people")
    points = data.arrays(dataset.train)["keypoints"][:, 0, :, :2]
    named = dict(zip(dataset.points, points.swapaxes(0, 1), strict=True))
    trunk = named["hip"] - named["head"]
    for limb in ("hand", "foot"):
        across = named[f"left_{limb}"] - named[f"right_{limb}"]
        assert (trunk[:, 0] * across[:, 1] > trunk[:, 1] * across[:, 0]).mean() > 0.98


def test_the_mean_pose_says_little_of_a_person():
    dataset = data.load("people", count=1000)
    train, test = (data.arrays(split)["keypoints"][:, 0] for split in (dataset.train, dataset.test))
    distance = np.linalg.norm((test - train.mean(axis=0))[..., :2], axis=-1)
    assert (distance <= 0.08).mean() < 0.35


def test_patches_are_cut_out_of_photographs_and_each_split_has_its_own():
    dataset = data.load("photographs", count=60, size=16)
    assert [int(split.cardinality()) for split in (dataset.train, dataset.test)] == [60, 15]
    cat = skimage.data.chelsea().astype(np.float32) / 255
    windows = np.lib.stride_tricks.sliding_window_view(cat, (16, 16, 3))
    places = [
        np.any(np.all(windows[:, :, 0] == patch, axis=(2, 3, 4))) for patch in arrays(dataset)
    ]
    assert places == [index % 3 == 0 for index in range(15)]


def test_own_photographs_are_divided_among_the_splits(tmp_path):
    for number in range(7):
        pixels = np.full((20 + number, 30, 3), 10 * number, np.uint8)
        (tmp_path / f"{number % 2}").mkdir(exist_ok=True)
        Image.fromarray(pixels).save(tmp_path / f"{number % 2}" / f"{number}.png")
    dataset = data.load("photographs", folder=str(tmp_path), count=70, size=20)
    seen = [set(np.rint(25.5 * split["image"].ravel())) for split in splits(dataset)]
    assert [len(values) for values in seen] == [5, 1, 1]
    assert set.union(*seen) == set(range(7))


def test_photographs_that_are_too_few_small_or_broken_are_named(tmp_path):
    def load():
        return data.load("photographs", folder=str(tmp_path), count=10, size=20)

    for number in range(6):
        Image.fromarray(np.zeros((20, 20), np.uint8)).save(tmp_path / f"{number}.png")
    with pytest.raises(ValueError, match="with 6"):
        load()
    Image.fromarray(np.zeros((20, 19), np.uint8)).save(tmp_path / "small.png")
    with pytest.raises(ValueError, match=r"small\.png"):
        load()
    (tmp_path / "small.png").write_bytes(b"no picture")
    with pytest.raises(ValueError, match=r"small\.png"):
        load()


def test_grey_patches_have_the_luma_of_the_coloured_ones():
    grey, colour = (arrays(data.load("photographs", count=20, size=16, channels=c)) for c in (1, 3))
    np.testing.assert_allclose(grey[..., 0], colour @ [0.299, 0.587, 0.114], atol=1e-6)


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("digits", {"size": 7}, "Received: size=7"),
        ("translated_digits", {"size": 15}, "Received: size=15"),
        ("translated_digits", {"count": 0}, "Received: count=0"),
        ("translated_digits", {"noise": -1}, "Received: noise=-1"),
        ("translated_digits", {"noise": float("nan")}, "Received: noise=nan"),
        ("cells", {"size": 8}, "Received: size=8"),
        ("shapes", {"size": 8}, "Received: size=8"),
        ("shapes", {"count": 3}, "Received: count=3"),
        ("shapes", {"noise": -0.1}, r"Received: noise=-0\.1"),
        ("people", {"size": 15}, "Received: size=15"),
        ("photographs", {"size": 173}, "Received: count=2048, size=173"),
        ("photographs", {"count": 9}, "Received: count=9"),
        ("photographs", {"channels": 2}, "channels=2"),
        ("people", {"count": 3}, "Received: count=3"),
        ("people", {"noise": float("inf")}, "Received: noise=inf"),
    ],
)
def test_options_out_of_range_are_refused(name, options, message):
    with pytest.raises(ValueError, match=message):
        data.load(name, **options)


def test_more_than_memory_holds_is_refused_before_it_is_drawn():
    with pytest.raises(ValueError, match=r"such as 32.*count=2000, size=720"):
        data.load("shapes", count=2000, size=720)

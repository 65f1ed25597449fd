"""Exported files in MediaPipe Tasks, which phones use: the same answers as those of `edge`."""

import json
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import pytest
from keras import layers, ops

from kerascnn import edge, export
from kerascnn.training.detection import OPERATOR, DetectionPostProcess

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
SCALED = {"mean": (128.0,), "std": (128.0,)}
LABELS = ("cat", "dog", "zwölf")
CENTRES = (np.arange(8) + 0.5) / 8
ANCHORS = np.array([(y - 0.15, x - 0.15, y + 0.15, x + 0.15) for y in CENTRES for x in CENTRES])
SCORE_THRESHOLD = 0.8  # as in mediapipe_process.py
# MediaPipe's own, which its options don't show: of two boxes that overlap further, whatever their
# classes, it keeps the better one.
IOU_THRESHOLD = 0.3


def pictures(count):
    """A red, a green and a blue square in noise, apart from each other and from the border."""
    random = np.random.default_rng(0)
    images = random.integers(0, 60, (count, 32, 32, 3))
    for image in images:
        for colour, (y, x) in enumerate(random.permutation([(4, 4), (4, 20), (20, 12)])):
            brightness = random.integers(120, 195, (2, 2)).repeat(4, 0).repeat(4, 1)
            image[y : y + 8, x : x + 8, colour] += brightness
    return images.astype(np.uint8)


PIXELS = pictures(24)
ASKED = PIXELS[:4]


def normal(deviation):
    return keras.initializers.RandomNormal(stddev=deviation)


def features(strides=(2, 2, 1)):
    keras.utils.set_random_seed(0)
    x = image = keras.Input((32, 32, 3), name="image")
    for stride in strides:
        x = layers.Conv2D(16, 3, stride, "same", activation="relu")(x)
    return image, x


def classifier():
    image, x = features()
    x = layers.GlobalAveragePooling2D()(x)
    return keras.Model(image, layers.Dense(3, "softmax", kernel_initializer=normal(9))(x))


def segmenter(classes):
    image, x = features((1,))
    return keras.Model(image, layers.Conv2D(classes, 1, kernel_initializer=normal(2))(x))


def heads():
    """Cells of 4x4 pixels, which are of the class whose colour they have."""
    image, x = features()
    boxes = layers.Conv2D(4, 1, kernel_initializer=normal(0.3))(x)
    colours = layers.AveragePooling2D(4)(image)
    scores = layers.Rescaling(4.0)(colours)
    flat = (
        layers.Reshape((64, 4), name="boxes")(boxes),
        layers.Reshape((64, 3), name="scores")(scores),
    )
    return image, *flat


def anchored():
    image, boxes, scores = heads()
    return keras.Model(image, {"boxes": boxes, "scores": scores})


def ready():
    """Detections as a post-process inside the model gives them."""
    image, offsets, logits = heads()
    scores, classes = ops.top_k(ops.sigmoid(logits), 1)
    outputs = {
        "boxes": ops.add(0.1 * ops.tanh(offsets), ANCHORS.astype("float32")),
        "classes": ops.cast(ops.squeeze(classes, -1), "float32"),
        "scores": ops.squeeze(scores, -1),
    }
    outputs["count"] = ops.sum(ops.ones_like(outputs["scores"]), axis=1)
    return keras.Model(image, outputs)


def processed():
    """Detections of the operator that TFLite has for the post-process."""
    image, offsets, logits = heads()
    thresholds = {"score_threshold": SCORE_THRESHOLD, "iou_threshold": IOU_THRESHOLD}
    keep = DetectionPostProcess(ANCHORS, background=False, **thresholds)
    return keras.Model(image, keep([offsets, layers.Activation("sigmoid")(logits)]))


def described(task, labels=LABELS, **detector):
    fields = {"score_threshold": SCORE_THRESHOLD, "iou_threshold": IOU_THRESHOLD} | detector
    detector = edge.Detector(**fields) if task == "detection" else None
    return edge.Metadata(task=task, labels=labels, detector=detector, **SCALED)


OFFSETS = {"decoder": "ssd", "anchors": ANCHORS.tolist(), "activation": "sigmoid"}
MODELS = {
    "classifier": (classifier, described("classification")),
    "segmenter": (lambda: segmenter(3), described("segmentation")),
    "segmenter-binary": (lambda: segmenter(1), described("segmentation", LABELS[:1])),
    "detector-anchored": (anchored, described("detection", **OFFSETS)),
    # What is ready made isn't suppressed any more.
    "detector-ready": (ready, described("detection", iou_threshold=1.0)),
    "detector-processed": (processed, described("detection", iou_threshold=1.0)),
}
FORMS = {
    "float32": {},
    "uint8": {"quantize": "int8", "input_output": "uint8"},
    "int8": {"quantize": "int8", "input_output": "int8"},
}


@pytest.fixture(scope="session")
def python():
    """The Python of an environment with MediaPipe, which is made once."""
    folder = ROOT / "build" / "mediapipe"
    python = folder / "bin" / "python"
    if not (folder / "done").exists():
        subprocess.run([sys.executable, "-m", "venv", folder], check=True, capture_output=True)
        command = [python, "-m", "pip", "install", "--quiet", "mediapipe"]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            pytest.skip(f"MediaPipe must install from a package index. Received: {done.stderr}")
        (folder / "done").touch()
    return python


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    """All models in all forms."""
    folder = tmp_path_factory.mktemp("mediapipe")
    np.save(folder / "pixels.npy", ASKED)
    inputs = ((PIXELS - 128) / 128).astype("float32")
    for name, (build, metadata) in MODELS.items():
        # The class of a ready detection is a number that int8 can't count up to.
        made = build in (ready, processed)
        for form, options in FORMS.items() if not made else [("float32", {})]:
            data = {"calibration": inputs} if options else {"parity": inputs[:2]}
            path = folder / f"{name}-{form}.tflite"
            export.to_tflite(build(), path, metadata=metadata, allow=(OPERATOR,), **options, **data)
    return folder


@pytest.fixture(scope="session")
def answers(python, folder):
    """What MediaPipe says of each picture, by the name of the file."""
    script = Path(__file__).with_name("mediapipe_process.py")
    done = subprocess.run(
        [python, script, folder], capture_output=True, text=True, timeout=500, check=False
    )
    if "ImportError" in done.stderr or "OSError" in done.stderr:
        pytest.skip(f"MediaPipe must run on this machine. Received: {done.stderr[-500:]}")
    assert done.returncode == 0, done.stderr[-3000:]
    return json.loads((folder / "answers.json").read_text())


def cases(*names):
    return pytest.mark.parametrize(
        "name", [f"{n}-{f}" for n in names for f in ("float32", "uint8")]
    )


@cases("classifier")
def test_labels_and_scores_are_the_same(folder, answers, name):
    model = edge.load(folder / f"{name}.tflite")
    for pixels, answer in zip(ASKED, answers[name], strict=True):
        scores = {found.label: found.score for found in edge.classify(model, pixels)}
        assert set(answer) == set(LABELS)
        np.testing.assert_allclose(
            [answer[k] for k in LABELS], [scores[k] for k in LABELS], atol=1e-5
        )
        assert next(iter(answer)) == max(scores, key=scores.get)


@cases("segmenter")
def test_masks_are_the_same(folder, answers, name):
    model = edge.load(folder / f"{name}.tflite")
    for pixels, answer in zip(ASKED, answers[name], strict=True):
        assert tuple(answer["labels"]) == LABELS
        assert (np.array(answer["mask"]) == edge.segment(model, pixels)).mean() > 0.999
        np.testing.assert_allclose(np.sum(answer["confidence"], -1), 1, atol=1e-5)


@cases("segmenter-binary")
def test_the_mask_of_one_class_is_the_same(folder, answers, name):
    model = edge.load(folder / f"{name}.tflite")
    for pixels, answer in zip(ASKED, answers[name], strict=True):
        ours = edge.segment(model, pixels)
        assert 0.001 < ours.mean() < 0.999
        # There, 0 is the class and 255 all else.
        assert ((np.array(answer["mask"]) == 0) == ours).mean() > 0.999


@pytest.mark.parametrize(
    "name",
    [
        "detector-anchored-float32",
        "detector-anchored-uint8",
        "detector-ready-float32",
        "detector-processed-float32",
    ],
)
def test_boxes_are_the_same(folder, answers, name):
    model = edge.load(folder / f"{name}.tflite")
    counts = []
    for pixels, answer in zip(ASKED, answers[name], strict=True):
        ours = edge.detect(model, pixels)
        theirs = sorted(answer, key=lambda found: -found["score"])
        assert [found["label"] for found in theirs] == [found.label for found in ours]
        scores = [found["score"] for found in theirs]
        np.testing.assert_allclose(scores, [found.score for found in ours], atol=1e-5)
        boxes = np.array([[*f["corner"], *np.add(f["corner"], f["size"])] for f in theirs])
        expected = 32 * np.array([found.box for found in ours])
        # Theirs are whole pixels: corner and size are cut off, one after the other.
        np.testing.assert_allclose(boxes.clip(0, 32), expected, atol=2)
        counts.append(len(ours))
    assert max(counts) > 2


@pytest.mark.parametrize(
    "name", [name for name, (build, _) in MODELS.items() if build not in (ready, processed)]
)
def test_int8_inputs_are_refused(answers, name):
    assert all("uint8/float32, got INT8" in answer for answer in answers[f"{name}-int8"])

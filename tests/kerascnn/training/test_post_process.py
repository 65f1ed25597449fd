"""The post-process inside a model, and as the operator that TFLite has for it."""

import keras
import numpy as np
import pytest
from keras import layers

from kerascnn import edge, export
from kerascnn.layers import default_boxes
from kerascnn.training.detection import OPERATOR, DetectionPostProcess, post_process_head

RNG = np.random.default_rng(0)
ANCHORS = default_boxes([(4, 4)], (0.3, 0.4), [(2,)])
LABELS = ("cat", "dog", "cow")
IMAGES = RNG.uniform(size=(6, 16, 16, 3)).astype("float32")
THRESHOLDS = {"score_threshold": 0.9, "iou_threshold": 0.4}


@pytest.fixture(scope="module")
def model():
    keras.utils.set_random_seed(0)
    image = keras.Input((16, 16, 3), name="image")
    x = layers.Conv2D(16, 4, 4, activation="relu")(image)
    offsets = layers.Reshape((-1, 4))(layers.Conv2D(16, 1)(x))
    logits = layers.Conv2D(16, 1, kernel_initializer=keras.initializers.RandomNormal(stddev=3.0))(x)
    logits = layers.Reshape((-1, 4))(logits)
    head = post_process_head(ANCHORS, 3, max_detections=7, **THRESHOLDS)
    return keras.Model(image, {**head([offsets, logits]), "offsets": offsets, "logits": logits})


def kept(model):
    return keras.Model(
        model.input, {key: model.output[key] for key in ("boxes", "classes", "scores", "count")}
    )


def slow(offsets, logits):
    """What the runtime without TensorFlow makes of offsets and logits."""
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=-1, keepdims=True)
    boxes = edge.decode_ssd(offsets, ANCHORS)
    scores = probabilities[:, 1:]
    rows, classes = edge.non_max_suppression(boxes, scores, max_detections=7, **THRESHOLDS)
    return boxes[rows], classes, scores[rows, classes]


def test_the_best_boxes_are_kept_as_on_a_device(model):
    outputs = {key: np.array(value) for key, value in model(IMAGES).items()}
    counts = outputs["count"].astype(int)
    assert counts.min() < 7
    assert counts.max() > 1
    for row, count in enumerate(counts):
        boxes, classes, scores = slow(outputs["offsets"][row], outputs["logits"][row])
        assert count == len(boxes)
        np.testing.assert_allclose(outputs["boxes"][row, :count], boxes, atol=1e-5)
        np.testing.assert_array_equal(outputs["classes"][row, :count], classes)
        np.testing.assert_allclose(outputs["scores"][row, :count], scores, atol=1e-6)
        assert not outputs["boxes"][row, count:].any()


def test_a_file_has_one_operator_for_it_that_gives_the_same(model, tmp_path):
    path = tmp_path / "detector.tflite"
    metadata = edge.Metadata(
        task="detection", labels=LABELS, detector=edge.Detector("boxes", iou_threshold=1.0)
    )
    report = export.to_tflite(kept(model), path, allow=(OPERATOR,), metadata=metadata)
    assert [node.name for node in report.nodes if node.custom] == [OPERATOR]
    given, expected = edge.load(path)(IMAGES), kept(model)(IMAGES)
    for key, value in expected.items():
        np.testing.assert_allclose(given[key], value, atol=1e-5, err_msg=key)
    found = edge.detect(edge.load(path), np.rint(IMAGES[0] * 255).astype("uint8"))
    assert {one.label for one in found} <= set(LABELS)
    assert len(found) == int(expected["count"][0])


def test_in_a_file_of_int8_all_before_it_is_in_integers(model, tmp_path):
    path = tmp_path / "detector.tflite"
    report = export.to_tflite(
        kept(model), path, quantize="int8", calibration=IMAGES, allow=(OPERATOR,)
    )
    assert {node.name for node in report.float_operators} == {"DEQUANTIZE", OPERATOR}
    assert edge.load(path)(IMAGES)["boxes"].shape == (6, 7, 4)


def test_it_is_in_no_file_unasked(model, tmp_path):
    with pytest.raises(export.ExportError):
        export.to_tflite(kept(model), tmp_path / "detector.tflite")


def test_its_arguments_survive_the_configuration():
    layer = DetectionPostProcess(ANCHORS, background=False, max_detections=3, variances=[1] * 4)
    again = DetectionPostProcess.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    scores, offsets = np.zeros((1, 64, 2), "float32"), np.zeros((1, 64, 4), "float32")
    scores[0, 5, 1] = 0.9
    outputs = again([offsets, scores])
    assert (outputs["classes"][0, 0], outputs["count"][0]) == (1, 1)
    np.testing.assert_allclose(outputs["boxes"][0, 0], ANCHORS[5], atol=1e-6)


@pytest.mark.parametrize(
    "options", [{"max_detections": 0}, {"score_threshold": 1.5}, {"iou_threshold": -0.1}]
)
def test_wrong_arguments_are_refused(options):
    (name, value), *_ = options.items()
    with pytest.raises(ValueError, match=rf"Received: .*{name}={value}"):
        DetectionPostProcess(ANCHORS, **options)

import dataclasses

import keras
import numpy as np
import pytest

import kerascnn
from kerascnn import edge, export
from kerascnn.models import vgg_blocks
from kerascnn.models.detection.ssd300 import ssd300
from kerascnn.registry import get_system

TINY = get_system("ssd300").tiny


@pytest.fixture(scope="module")
def paper():
    with keras.StatelessScope(initialize_variables=False):
        return ssd300()


def test_the_maps_and_the_default_boxes_are_those_of_the_paper(paper):
    shapes = [layer.output.shape[1:] for layer in paper.network.layers]
    maps = [paper.network.get_layer(f"scores{number}").input.shape[1:] for number in range(1, 7)]
    assert maps == [
        (38, 38, 512),
        (19, 19, 1024),
        (10, 10, 512),
        (5, 5, 256),
        (3, 3, 256),
        (1, 1, 256),
    ]
    depths = [paper.network.get_layer(f"boxes{number}").output.shape[-1] for number in range(1, 7)]
    assert depths == [16, 24, 24, 24, 16, 16]
    assert (8732, 4) in shapes
    assert (8732, 21) in shapes


@pytest.mark.parametrize(("classes", "params"), [(80, 34_305_206), (90, 35_641_826)])
def test_with_the_classes_of_coco_it_has_as_many_parameters_as_published(classes, params):
    with keras.StatelessScope(initialize_variables=False):
        model = ssd300(num_classes=classes)
    assert model.deployable.count_params() == params


def test_the_convolution_in_place_of_the_dense_layer_is_dilated(paper):
    layer = paper.network.get_layer("fc6")
    assert (layer.kernel_size, layer.dilation_rate) == ((3, 3), (6, 6))


def test_the_first_map_starts_with_a_length_of_20():
    model = ssd300(**TINY)
    layer = model.network.get_layer("normalization_scale")
    maps = keras.Model(model.network.input, layer.output)
    image = np.random.default_rng(0).uniform(size=(2, 32, 32, 3)).astype("float32")
    lengths = np.linalg.norm(maps(image), axis=-1)
    np.testing.assert_allclose(lengths[lengths > 1e-3], 20.0, rtol=1e-3)


def test_scores_are_probabilities_that_leave_room_for_the_background():
    keras.utils.set_random_seed(0)
    outputs = ssd300(**TINY).deployable(np.ones((1, 32, 32, 3), "float32"))
    sums = np.sum(outputs["scores"], axis=-1)
    assert outputs["scores"].shape[-1] == 20
    assert (sums > 0).all()
    assert (sums < 1).all()


def test_imagenet_weights_go_into_the_convolutions(monkeypatch):
    asked = []
    monkeypatch.setattr(keras.applications, "VGG16", lambda include_top: asked.append(include_top))
    monkeypatch.setattr(vgg_blocks, "copy_by_name", lambda source, model: asked.append(model))
    with keras.StatelessScope(initialize_variables=False):
        kerascnn.create_model("ssd300", weights="imagenet")
    top, trunk = asked
    assert top is False
    assert [layer.name for layer in trunk.layers if layer.weights][-1] == "block5_conv3"
    assert sum(bool(layer.weights) for layer in trunk.layers) == 13


@pytest.fixture(scope="module")
def trained():
    """A tiny detector with outputs that differ, as after training, and images."""
    keras.utils.set_random_seed(0)
    model = ssd300(**TINY, num_classes=3)
    for variable in model.trainable_variables:
        if len(variable.shape) > 1:
            variable.assign(keras.initializers.HeNormal(seed=0)(variable.shape))
    return model, np.random.default_rng(0).integers(0, 256, (8, 32, 32, 3)).astype("uint8")


def test_boxes_decoded_on_the_device_are_those_decoded_in_the_graph(trained, tmp_path):
    model, pixels = trained
    plain = edge.Detector(iou_threshold=0.3)
    anchored = dataclasses.replace(
        plain,
        decoder="ssd",
        anchors=model.default_loss.anchors,
        activation="softmax",
        background=True,
    )
    found = []
    for part, detector in ((model, plain), (model.network, anchored)):
        path = tmp_path / f"{part.name}.tflite"
        metadata = edge.Metadata(task="detection", labels=("a", "b", "c"), detector=detector)
        export.to_tflite(part, path, metadata=metadata)
        found.append(edge.detect(edge.load(path), pixels[0]))
    assert len(found[0]) > 2
    assert [one.label for one in found[0]] == [one.label for one in found[1]]
    for one, other in zip(*found, strict=True):
        np.testing.assert_allclose([one.score, *one.box], [other.score, *other.box], atol=1e-5)


def test_integers_run_on_the_oldest_runtime_and_up_to_the_softmax_on_an_edge_tpu(trained, tmp_path):
    model, pixels = trained
    report = export.to_tflite(
        model,
        tmp_path / "detector.tflite",
        quantize="int8",
        calibration=pixels / 255,
        target="coral",
        input_output="uint8",
        allow=("SOFTMAX", "STRIDED_SLICE"),
    )
    assert report.runtime == "TensorFlow Lite 2.5"
    assert {one.name for one in report.coral.on_cpu} == {"SOFTMAX", "STRIDED_SLICE", "QUANTIZE"}
    assert report.coral.macs_share == 1.0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"extras": 5}, "Received: .*extras=5"),
        ({"blocks": (2,)}, r"Received: blocks=\(2,\)"),
        ({"scales": (0.1, 0.2)}, r"Received: 3 grids, scales=\(0\.1, 0\.2\)"),
        ({"weights": "imagenet"}, "Received: weights='imagenet'"),
        ({"weights": "instagram"}, "Received: weights='instagram'"),
    ],
    ids=str,
)
def test_wrong_arguments_are_refused(options, message):
    with pytest.raises(ValueError, match=message):
        ssd300(**{**TINY, **options})

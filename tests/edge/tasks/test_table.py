"""Every task by its name."""

import json

import numpy as np

from kerascnn import edge

FUNCTIONS = {
    "classification": edge.classify,
    "clustering": edge.embed,
    "embedding": edge.embed,
    "segmentation": edge.segment,
    "instance_segmentation": edge.instances,
    "detection": edge.detect,
    "pose": edge.locate,
    "autoencoding": edge.reconstruct,
    "restoration": edge.improve,
    "generation": edge.generate,
    "captioning": edge.caption,
    "dense_captioning": edge.describe,
    "speech": edge.transcribe,
    "acoustic": edge.segment_sound,
    "translation": edge.translate,
}
METADATA = edge.Metadata(labels=("cat", "dog"))
# Result -> its rows.
ROWS = {
    "classification": (
        [edge.Class("cat", 0.9, 0)],
        [{"label": "cat", "score": 0.9, "index": 0}],
    ),
    "clustering": (np.array([0.5, 1.0]), {"embedding": [0.5, 1.0]}),
    "embedding": (np.array([0.5, 1.0]), {"embedding": [0.5, 1.0]}),
    "segmentation": (np.array([[0, 1], [1, 1]]), {"cat": 0.25, "dog": 0.75}),
    "instance_segmentation": (
        np.array([[0, 1], [2, 0]]),
        [
            {"number": 1, "share": 0.25, "ymin": 0.0, "xmin": 0.5, "ymax": 0.5, "xmax": 1.0},
            {"number": 2, "share": 0.25, "ymin": 0.5, "xmin": 0.0, "ymax": 1.0, "xmax": 0.5},
        ],
    ),
    "detection": (
        [edge.Detection("cat", 0.9, 0, (0.1, 0.2, 0.3, 0.4))],
        [{"label": "cat", "score": 0.9, "ymin": 0.1, "xmin": 0.2, "ymax": 0.3, "xmax": 0.4}],
    ),
    "pose": (
        [edge.Keypoint("nose", 0.1, 0.2, 0.9, 0)],
        [{"name": "nose", "y": 0.1, "x": 0.2, "score": 0.9, "index": 0}],
    ),
    "autoencoding": (np.zeros((4, 6, 3), np.uint8), {"pictures": "4x6x3"}),
    "restoration": (np.zeros((4, 6, 1), np.uint8), {"pictures": "4x6x1"}),
    "generation": (np.zeros((2, 4, 6, 3), np.uint8), {"pictures": "2x4x6x3"}),
    "captioning": ([edge.Text("a cat", -1.5)], [{"text": "a cat", "score": -1.5}]),
    "dense_captioning": (
        [edge.Detection("a cat", 0.9, 0, (0.1, 0.2, 0.3, 0.4))],
        [{"label": "a cat", "score": 0.9, "ymin": 0.1, "xmin": 0.2, "ymax": 0.3, "xmax": 0.4}],
    ),
    "speech": ([], []),
    "acoustic": (
        [edge.Stretch("cat", 0.0, 0.5, 0.9, 0)],
        [{"label": "cat", "start": 0.0, "end": 0.5, "score": 0.9, "index": 0}],
    ),
    "translation": ([edge.Text("73", -0.5)], [{"text": "73", "score": -0.5}]),
}


def test_every_task_has_its_function():
    assert {name: head.function for name, head in edge.TASKS.items()} == FUNCTIONS
    assert {name: head.takes for name, head in edge.TASKS.items() if head.takes != "picture"} == {
        "generation": "",
        "speech": "sound",
        "acoustic": "sound",
        "translation": "text",
    }


def test_every_result_has_rows_that_json_takes():
    assert set(ROWS) == set(edge.TASKS)
    for name, (result, rows) in ROWS.items():
        assert json.loads(json.dumps(edge.TASKS[name].rows(result, METADATA))) == rows


def test_a_head_is_called_like_its_function(constant, black):
    model = constant({"scores": [[0.1, 0.9, 0.3]]})
    assert edge.TASKS["classification"](model, black, top_k=2) == edge.classify(
        model, black, top_k=2
    )

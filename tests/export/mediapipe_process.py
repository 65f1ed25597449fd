"""Asks MediaPipe about pictures: run with its own Python on a folder, writes `answers.json`."""

import json
import sys
from pathlib import Path

import mediapipe
import numpy as np
from mediapipe.tasks.python import BaseOptions, vision

SCORE_THRESHOLD = 0.8


def classify(base, image):
    options = vision.ImageClassifierOptions(base_options=base)
    with vision.ImageClassifier.create_from_options(options) as task:
        (head,) = task.classify(image).classifications
    return {category.category_name: category.score for category in head.categories}


def segment(base, image):
    options = vision.ImageSegmenterOptions(base_options=base, output_category_mask=True)
    with vision.ImageSegmenter.create_from_options(options) as task:
        result = task.segment(image)
        masks = np.stack([np.squeeze(mask.numpy_view()) for mask in result.confidence_masks], -1)
        mask = np.squeeze(result.category_mask.numpy_view())
        return {"labels": task.labels, "mask": mask.tolist(), "confidence": masks.tolist()}


def detect(base, image):
    options = vision.ObjectDetectorOptions(base_options=base, score_threshold=SCORE_THRESHOLD)
    with vision.ObjectDetector.create_from_options(options) as task:
        found = task.detect(image).detections
    return [
        {
            "label": detection.categories[0].category_name,
            "score": detection.categories[0].score,
            "corner": [detection.bounding_box.origin_y, detection.bounding_box.origin_x],
            "size": [detection.bounding_box.height, detection.bounding_box.width],
        }
        for detection in found
    ]


TASKS = {"classifier": classify, "segmenter": segment, "detector": detect}


def main(folder):
    answers = {"version": mediapipe.__version__}
    for path in sorted(folder.glob("*.tflite")):
        ask, base = TASKS[path.stem.split("-")[0]], BaseOptions(model_asset_path=str(path))
        answers[path.stem] = []
        for pixels in np.load(folder / "pixels.npy"):
            image = mediapipe.Image(image_format=mediapipe.ImageFormat.SRGB, data=pixels.copy())
            try:
                answers[path.stem].append(ask(base, image))
            except (RuntimeError, ValueError) as error:
                answers[path.stem].append(str(error))
    (folder / "answers.json").write_text(json.dumps(answers))


if __name__ == "__main__":
    main(Path(sys.argv[1]))

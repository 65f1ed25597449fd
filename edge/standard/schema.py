"""The parts of the metadata schemas that are written and read.

Slots and numbers are those of the public `metadata_schema.fbs`,
`object_detector_metadata_schema.fbs` and `image_segmenter_metadata_schema.fbs`.
"""

from __future__ import annotations

from ..file.flatbuffer import Fields

IDENTIFIER = b"M001"
# Of the descriptions of detectors and segmenters, which are flatbuffers inside the first.
CUSTOM_IDENTIFIER = b"V001"

AXIS_LABELS, VALUE_LABELS = 2, 3  # kinds of files
RGB, GREY = 1, 2  # colour spaces
IMAGE, BOXES = 2, 3  # kinds of contents
NORMALIZATION, THRESHOLD = 1, 3  # kinds of process units
BOUNDARIES = 1  # a kind of box

FILE: Fields = {0: ("name", "text"), 2: ("type", "b"), 3: ("locale", "text")}
IMAGE_FIELDS: Fields = {
    0: ("space", "b"),
    1: ("size", {0: ("width", "I"), 1: ("height", "I")}),
}
BOXES_FIELDS: Fields = {0: ("index", "[I"), 1: ("type", "b"), 2: ("coordinates", "b")}
NORMALIZATION_FIELDS: Fields = {0: ("mean", "[f"), 1: ("std", "[f")}
THRESHOLD_FIELDS: Fields = {0: ("threshold", "f")}
# What a pair of a kind and an offset points to.
CONTENT: Fields = {0: ("kind", "B"), 1: ("value", "offset")}
TENSOR: Fields = {
    0: ("name", "text"),
    3: ("content", CONTENT),
    4: ("units", [CONTENT]),
    5: ("stats", {0: ("max", "[f"), 1: ("min", "[f")}),
    6: ("files", [FILE]),
}
GRAPH: Fields = {
    0: ("name", "text"),
    2: ("inputs", [TENSOR]),
    3: ("outputs", [TENSOR]),
    9: ("custom", [{0: ("name", "text"), 1: ("data", "[B")}]),
}
MODEL: Fields = {
    1: ("description", "text"),
    3: ("graphs", [GRAPH]),
    5: ("licence", "text"),
    6: ("files", [FILE]),
    7: ("parser", "text"),
}

DETECTOR_NAME = "DETECTOR_METADATA"
ANCHOR: Fields = {0: ("x", "f"), 1: ("y", "f"), 2: ("width", "f"), 3: ("height", "f")}
DECODING: Fields = {
    0: ("classes", "i"),
    1: ("boxes", "i"),
    2: ("coordinates", "i"),
    3: ("keypoint_offset", "i"),
    4: ("keypoints", "i"),
    5: ("keypoint_values", "i"),
    6: ("x_scale", "f"),
    7: ("y_scale", "f"),
    8: ("width_scale", "f"),
    9: ("height_scale", "f"),
    10: ("exponential", "?"),
    11: ("sigmoid", "?"),
}
DETECTOR: Fields = {
    1: ("ssd", {0: ("fixed", {0: ("anchors", [ANCHOR])})}),
    2: ("decoding", DECODING),
}

SEGMENTER_NAME = "SEGMENTER_METADATA"
NO_ACTIVATION, SIGMOID_ACTIVATION, SOFTMAX_ACTIVATION = 0, 1, 2
SEGMENTER: Fields = {0: ("activation", "b")}

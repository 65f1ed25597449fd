"""The description in the form that is standard among TFLite tools."""

import io
import zipfile

import flatbuffers
import numpy as np
import pytest
from ai_edge_litert import schema_py_generated as schema
from flatbuffers.number_types import (
    Float32Flags,
    Int8Flags,
    Int32Flags,
    Uint8Flags,
    Uint32Flags,
    UOffsetTFlags,
)
from flatbuffers.table import Table

from kerascnn import edge
from kerascnn.edge.file.buffers import put_buffer, remove_buffer

DESCRIBED = edge.Metadata(
    task="classification",
    labels=("zero", "zwölf", "two\nlines"),
    mean=(51.0,),
    std=(25.5,),
    description="digits",
    licence="Apache-2.0",
)


class Fields:
    """A table of a flatbuffer, read field by field with Google's own package."""

    def __init__(self, data, position=None):
        data = bytearray(data)
        root = flatbuffers.encode.Get(UOffsetTFlags.packer_type, data, 0)
        self.table = Table(data, root if position is None else position)

    def _at(self, slot):
        return self.table.Offset(4 + 2 * slot)

    def number(self, slot, flags=Int8Flags):
        at = self._at(slot)
        return self.table.Get(flags, at + self.table.Pos) if at else None

    def text(self, slot):
        at = self._at(slot)
        return self.table.String(at + self.table.Pos).decode() if at else None

    def numbers(self, slot, flags=Float32Flags):
        at = self._at(slot)
        if not at:
            return None
        start, count = self.table.Vector(at), self.table.VectorLen(at)
        return [self.table.Get(flags, start + i * flags.bytewidth) for i in range(count)]

    def sub(self, slot):
        at = self._at(slot)
        place = self.table.Indirect(at + self.table.Pos) if at else None
        return Fields(self.table.Bytes, place) if at else None

    def subs(self, slot):
        at = self._at(slot)
        start, count = (self.table.Vector(at), self.table.VectorLen(at)) if at else (0, 0)
        places = [self.table.Indirect(start + 4 * i) for i in range(count)]
        return [Fields(self.table.Bytes, place) for place in places]


def standard(path):
    """Read the description's bytes with the generated schema of TFLite."""
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    (place,) = [m.buffer for m in model.metadata if m.name == b"TFLITE_METADATA"]
    return bytes(np.asarray(model.buffers[place].data, np.uint8))


def graph_of(path):
    content = standard(path)
    assert content[4:8] == b"M001"
    (graph,) = Fields(content).subs(3)
    return graph


def test_other_tools_read_what_goes_in(classifier):
    edge.write_metadata(classifier, DESCRIBED)
    model = Fields(standard(classifier))
    assert (model.text(1), model.text(5), model.text(7)) == ("digits", "Apache-2.0", "1.0.0")
    assert [file.text(0) for file in model.subs(6)] == ["kerascnn.json", "model.sha256"]
    (image,) = graph_of(classifier).subs(2)
    content = image.sub(3)
    assert (image.text(0), content.number(0, Uint8Flags)) == ("image", 2)
    grey, size = content.sub(1).number(0), content.sub(1).sub(1)
    assert (grey, size.number(0, Uint32Flags), size.number(1, Uint32Flags)) == (2, 4, 4)
    (unit,) = image.subs(4)
    assert unit.number(0, Uint8Flags) == 1
    assert (unit.sub(1).numbers(0), unit.sub(1).numbers(1)) == ([51.0], [25.5])
    assert (image.sub(5).numbers(0), image.sub(5).numbers(1)) == ([8.0], [-2.0])


def test_other_tools_read_what_comes_out(classifier):
    edge.write_metadata(classifier, DESCRIBED)
    graph = graph_of(classifier)
    (scores,) = graph.subs(3)
    (file,) = scores.subs(6)
    assert (graph.text(0), scores.text(0)) == ("classification", "scores")
    assert (file.text(0), file.number(2)) == ("labels.txt", 2)
    with zipfile.ZipFile(classifier) as archive:
        assert archive.read("labels.txt").decode() == "zero\nzwölf\ntwo lines\n"
        assert archive.getinfo("labels.txt").compress_type == zipfile.ZIP_STORED
    assert edge.read_metadata(classifier) == DESCRIBED


def test_labels_of_something_else_are_not_those_of_the_scores(classifier):
    edge.write_metadata(classifier, edge.Metadata(labels=("one", "two")))
    assert graph_of(classifier).subs(3)[0].subs(6) == []


@pytest.mark.parametrize(
    ("fields", "shape", "space"),
    [
        ({}, (1, 4, 4, 3), 1),
        ({"channel_order": "BGR"}, (1, 4, 4, 3), None),
        ({"channel_order": "BGR"}, (1, 4, 4, 1), 2),
    ],
)
def test_the_order_of_colours_is_that_of_the_model(identity, fields, shape, space):
    path = identity(shape, (1, int(np.prod(shape))))
    edge.write_metadata(path, edge.Metadata(mean=(1, 2, 3), std=(4.0,), **fields))
    (image,) = graph_of(path).subs(2)
    assert image.sub(3).sub(1).number(0) == space
    (unit,) = image.subs(4)
    assert (unit.sub(1).numbers(0), unit.sub(1).numbers(1)) == ([1, 2, 3], [4, 4, 4])


@pytest.mark.parametrize(("shape", "task"), [((1, 8), "generation"), ((1, 4, 4, 1), "speech")])
def test_what_is_no_picture_is_not_called_one(identity, shape, task):
    path = identity(shape, (1, 1, 8) if len(shape) == 2 else (1, 4, 4))
    edge.write_metadata(path, edge.Metadata(task=task))
    (given,) = graph_of(path).subs(2)
    assert (given.text(0), given.sub(3), given.subs(4)) == ("x", None, [])


def test_pixels_of_a_uint8_input_stay_as_they_are(uint8_classifier):
    edge.write_metadata(uint8_classifier, DESCRIBED)
    (image,) = graph_of(uint8_classifier).subs(2)
    assert (image.sub(5).numbers(0), image.sub(5).numbers(1)) == ([255], [0])


@pytest.fixture
def uint8_classifier(write_model):
    """An 8-bit model that sums up 2x2 pixels into 2 scores, p -> (p - 100) / 10."""
    return write_model(
        {
            "x": ((1, 2, 2, 1), "uint8", 0.1, 100),
            "size": ((2,), "int32", None, 0, [1, 4]),
            "flat": ((1, 4), "uint8", 0.1, 100),
            "weights": ((2, 4), "uint8", 1.0, 0, np.ones((2, 4))),
            "y": ((1, 2), "uint8", 1.0, 128),
        },
        [
            ("RESHAPE", ["x", "size"], ["flat"], None),
            ("FULLY_CONNECTED", ["flat", "weights"], ["y"], schema.FullyConnectedOptionsT()),
        ],
        ["x"],
        ["y"],
    )


@pytest.mark.parametrize(
    ("channels", "operators", "activation"),
    [
        (2, ["SOFTMAX"], None),
        (2, ["LOGISTIC"], None),
        (2, ["RELU"], 2),
        (1, ["RELU"], 1),
        (2, ["SOFTMAX", "QUANTIZE"], None),
    ],
)
def test_the_activation_of_a_mask_is_what_is_missing(write_model, channels, operators, activation):
    names, shape = ["x", "a", "b"][: len(operators) + 1], (1, 4, 4, channels)
    types = {"x": "float32", "a": "float32", "b": "int8"}
    options = {"SOFTMAX": schema.SoftmaxOptionsT()}
    path = write_model(
        {name: (shape, types[name], *((0.1, 0) if name == "b" else ())) for name in names},
        [(o, [names[i]], [names[i + 1]], options.get(o)) for i, o in enumerate(operators)],
        ["x"],
        names[-1:],
    )
    edge.write_metadata(path, edge.Metadata(task="segmentation"))
    assert Fields(standard(path)).text(7) == "1.5.0"
    (custom,) = graph_of(path).subs(9)
    data = bytes(custom.numbers(1, Uint8Flags))
    assert (custom.text(0), data[4:8]) == ("SEGMENTER_METADATA", b"V001")
    assert (Fields(data).number(0) or None) == activation


ANCHORS = [(0.0, 0.25, 0.5, 0.5), (0.25, 0.5, 1.0, 1.0)]
OFFSETS = {"decoder": "ssd", "anchors": ANCHORS, "variances": (0.1, 0.2, 0.4, 0.5)}


def test_other_tools_read_anchors(detector):
    described = edge.Detector(**OFFSETS, activation="sigmoid", score_threshold=0.25)
    edge.write_metadata(detector, edge.Metadata(labels=("a", "b", "c"), detector=described))
    graph = graph_of(detector)
    scores, boxes = graph.subs(3)  # the order of the graph, which isn't that of the signature
    assert (scores.text(0), boxes.text(0)) == ("score", "location")
    assert [(f.text(0), f.number(2)) for f in scores.subs(6)] == [("labels.txt", 2)]
    (unit,) = scores.subs(4)
    assert (unit.number(0, Uint8Flags), unit.sub(1).number(0, Float32Flags)) == (3, 0.25)
    content = boxes.sub(3)
    assert (content.number(0, Uint8Flags), content.sub(1).number(1)) == (3, 1)
    assert content.sub(1).numbers(0, Uint32Flags) == [1, 0, 3, 2]
    (custom,) = graph.subs(9)
    assert custom.text(0) == "DETECTOR_METADATA"
    options = Fields(bytes(custom.numbers(1, Uint8Flags)))
    anchors = [
        [anchor.number(slot, Float32Flags) for slot in range(4)]
        for anchor in options.sub(1).sub(0).subs(0)
    ]
    assert anchors == [[0.375, 0.25, 0.25, 0.5], [0.75, 0.625, 0.5, 0.75]]  # x, y, width, height
    decoding = options.sub(2)
    assert [decoding.number(i, Int32Flags) for i in range(6)] == [3, 2, 4, 0, 0, 2]
    assert [decoding.number(i, Float32Flags) for i in range(6, 10)] == [5, 10, 2, 2.5]
    assert [decoding.number(i) for i in (10, 11)] == [1, 1]


@pytest.fixture
def detector(write_model):
    """Two anchors and three classes; the signature names the outputs in the other order."""
    tensors = {"x": ((1, 14), "float32")}
    for name, shape, cut in (("s", (1, 2, 3), 0), ("b", (1, 2, 4), 6)):
        tensors |= {
            f"{name}_from": ((2,), "int32", None, 0, [0, cut]),
            f"{name}_size": ((2,), "int32", None, 0, [1, 6 if name == "s" else 8]),
            f"{name}_part": ((1, 6 if name == "s" else 8), "float32"),
            f"{name}_shape": ((3,), "int32", None, 0, list(shape)),
            name: (shape, "float32"),
        }
    operators = [
        operator
        for n in "sb"
        for operator in (
            ("SLICE", ["x", f"{n}_from", f"{n}_size"], [f"{n}_part"], None),
            ("RESHAPE", [f"{n}_part", f"{n}_shape"], [n], None),
        )
    ]
    signature = {"x": "image", "b": "boxes", "s": "scores"}
    return write_model(tensors, operators, ["x"], ["s", "b"], signature=signature)


@pytest.mark.parametrize(
    "fields",
    [
        {"activation": "softmax"},
        {"activation": "sigmoid", "background": True},
        {"order": "xy"},
        {"variances": (0.0, 1.0, 1.0, 1.0)},
    ],
    ids=str,
)
def test_what_other_tools_would_decode_wrongly_is_not_described(detector, fields):
    edge.write_metadata(detector, edge.Metadata(detector=edge.Detector(**(OFFSETS | fields))))
    graph = graph_of(detector)
    assert [output.text(0) for output in graph.subs(3)] == ["scores", "boxes"]
    assert graph.subs(9) == []


@pytest.mark.parametrize(("order", "corners"), [("yx", [1, 0, 3, 2]), ("xy", [0, 1, 2, 3])])
def test_other_tools_read_ready_detections(identity, order, corners):
    path = identity((1, 8), (1, 2, 4), (1, 8), (2, 4), (8,))
    described = edge.Detector(order=order, score_threshold=0.75)
    edge.write_metadata(path, edge.Metadata(labels=("a", "b"), detector=described))
    boxes, classes, scores, count = graph_of(path).subs(3)
    assert boxes.sub(3).sub(1).numbers(0, Uint32Flags) == corners
    assert [(f.text(0), f.number(2)) for f in classes.subs(6)] == [("labels.txt", 3)]
    assert scores.subs(4)[0].sub(1).number(0, Float32Flags) == 0.75
    names = [output.text(0) for output in (boxes, classes, scores, count)]
    assert names == ["location", "category", "score", "number of detections"]


def test_a_description_leaves_the_model_as_it_was(classifier):
    before = classifier.read_bytes()
    edge.write_metadata(classifier, DESCRIBED)
    after = classifier.read_bytes()
    start = after.index(before)
    assert start % 16 == 0
    assert start < 1000
    old, new = (schema.ModelT.InitFromObj(schema.Model.GetRootAs(d, 0)) for d in (before, after))
    assert [m.name for m in new.metadata] == [b"TFLITE_METADATA"]
    assert len(new.buffers) == len(old.buffers) + 1
    assert remove_buffer(after[: start + len(before)], "TFLITE_METADATA") == before


def test_other_buffers_stay(classifier):
    one = put_buffer(classifier.read_bytes(), "one", b"\1" * 40)
    both = put_buffer(one, "two", b"\2" * 5)
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(both, 0))
    contents = {m.name: bytes(np.asarray(model.buffers[m.buffer].data)) for m in model.metadata}
    assert contents == {b"one": b"\1" * 40, b"two": b"\2" * 5}
    assert remove_buffer(both, "two") == one
    assert remove_buffer(both, "one") == both  # not the outer one
    assert put_buffer(both, "two", b"\3") == put_buffer(one, "two", b"\3")


@pytest.mark.parametrize("described", [False, True])
def test_no_damage_crashes_the_writer(classifier, described):
    data = classifier.read_bytes()
    if described:
        data = put_buffer(data, "TFLITE_METADATA", foreign([1], [2], files=()))
    outcomes = {"written": 0, "error": 0}
    for place in range(0, len(data), 3):
        damaged = bytearray(data)
        damaged[place] ^= (0xFF, 0x01, 0x80)[place // 3 % 3]
        classifier.write_bytes(damaged)
        try:
            edge.write_metadata(classifier, DESCRIBED)
        except edge.ModelError:
            outcomes["error"] += 1
            assert classifier.read_bytes() == damaged
        else:
            outcomes["written"] += 1
            assert edge.read_metadata(classifier) == DESCRIBED
    assert min(outcomes.values()) > 100, outcomes


def test_weights_behind_the_flatbuffer_stay_where_they_are(classifier):
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAs(classifier.read_bytes(), 0))
    place = model.subgraphs[0].tensors[1].buffer
    kernel = bytes(np.asarray(model.buffers[place].data))
    model.buffers[place].data, model.buffers[place].size = None, len(kernel)
    length = 0
    for _ in range(2):  # once to learn how long the file is
        builder = flatbuffers.Builder()
        model.buffers[place].offset = length or 16
        builder.Finish(model.Pack(builder), b"TFL3")
        length = len(builder.Output())
    classifier.write_bytes(bytes(builder.Output()) + kernel)
    image = np.full((1, 4, 4, 1), 0.5, np.float32)
    before = edge.load(classifier)(image)
    edge.write_metadata(classifier, DESCRIBED)
    assert edge.read_metadata(classifier) == DESCRIBED
    np.testing.assert_array_equal(edge.load(classifier)(image), before)


# What other tools write, built with Google's own package.


def offsets(builder, items):
    builder.StartVector(4, len(items), 4)
    for item in reversed(items):
        builder.PrependUOffsetTRelative(item)
    return builder.EndVector()


def numbers(builder, values):
    return builder.CreateNumpyVector(np.asarray(values, np.float32))


def table(builder, slots, fields):
    builder.StartObject(slots)
    for slot, (kind, value) in fields.items():
        getattr(builder, f"Prepend{kind}Slot")(slot, value, 0)
    return builder.EndObject()


def foreign(mean, std, *, files=(("a.txt", None),), identifier=b"M001"):
    """Write a description as other tools do: labels in files of any name, and translations."""
    builder = flatbuffers.Builder()
    reference, kind = "UOffsetTRelative", "Int8"
    options = {0: (reference, numbers(builder, mean)), 1: (reference, numbers(builder, std))}
    options = table(builder, 2, options)
    unit = table(builder, 2, {0: ("Uint8", 1), 1: (reference, options)})
    image = table(builder, 7, {4: (reference, offsets(builder, [unit]))})
    made = []
    for name, locale in files:
        fields = {0: (reference, builder.CreateString(name)), 2: (kind, 2)}
        if locale:
            fields[3] = (reference, builder.CreateString(locale))
        made.append(table(builder, 5, fields))
    name = builder.CreateString("probability")
    scores = {0: (reference, name), 6: (reference, offsets(builder, made))}
    scores = table(builder, 7, scores)
    ends = {2: (reference, offsets(builder, [image])), 3: (reference, offsets(builder, [scores]))}
    graphs = offsets(builder, [table(builder, 10, ends)])
    text = builder.CreateString("of another tool")
    model = table(builder, 8, {1: (reference, text), 3: (reference, graphs)})
    builder.Finish(model, identifier)
    return bytes(builder.Output())


def describe(path, content, **files):
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(path.read_bytes(), 0))
    buffer, entry = schema.BufferT(), schema.MetadataT()
    buffer.data = np.frombuffer(content, np.uint8)
    entry.name, entry.buffer = "TFLITE_METADATA", len(model.buffers)
    model.buffers.append(buffer)
    model.metadata = [*(model.metadata or []), entry]
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    stream = io.BytesIO(bytes(builder.Output()))
    if files:
        with zipfile.ZipFile(stream, "a") as archive:
            for name, text in files.items():
                archive.writestr(f"{name}.txt", text)
    path.write_bytes(stream.getvalue())


def test_the_description_of_another_tool_is_read(classifier):
    translated = (("de.txt", "de"), ("a.txt", None))
    describe(classifier, foreign([127.5], [64], files=translated), a="cat\ndog\n\n", de="x\ny\nz")
    assert edge.load(classifier).metadata == edge.Metadata(
        task="classification",
        labels=("cat", "dog", ""),
        mean=(127.5,),
        std=(64.0,),
        description="of another tool",
    )
    assert [c.label for c in edge.classify(edge.load(classifier), np.zeros((4, 4), np.uint8))]


def test_a_uint8_input_of_another_tool_takes_pixels_as_they_are(uint8_classifier):
    describe(uint8_classifier, foreign([0], [1]), a="cat\r\ndog")
    model = edge.load(uint8_classifier)
    assert model.metadata.labels == ("cat", "dog")
    assert model.metadata.mean == (100.0,)
    assert model.metadata.std == pytest.approx((10.0,), rel=1e-6)


def test_the_description_of_another_tool_is_replaced(classifier):
    describe(classifier, foreign([1], [2]), a="1\n2\n3")
    edge.write_metadata(classifier, DESCRIBED)
    assert edge.read_metadata(classifier) == DESCRIBED
    assert Fields(standard(classifier)).text(1) == "digits"
    once = classifier.read_bytes()
    edge.write_metadata(classifier, edge.Metadata())
    edge.write_metadata(classifier, DESCRIBED)
    assert classifier.read_bytes() == once


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (foreign([1], [2], files=(("b.txt", None),)), r"no b\.txt"),
        (foreign([1], [0]), "std must not be zero"),
        (foreign([np.nan], [1]), "finite"),
        (foreign([1], [2], identifier=b"M002"), "M002"),
        (b"", "M001"),
        (foreign([1], [2])[:40], "damaged"),
    ],
)
def test_a_description_that_cannot_be_is_an_error(classifier, content, message):
    describe(classifier, content, a="cat\ndog\nbird\n")
    with pytest.raises(edge.ModelError, match=message):
        edge.read_metadata(classifier)


def test_labels_that_were_cut_off_are_missed(classifier):
    describe(classifier, foreign([1], [2]))
    with pytest.raises(edge.ModelError, match=r"no a\.txt"):
        edge.read_metadata(classifier)


def test_no_damage_to_the_description_of_another_tool_crashes(classifier):
    content = foreign([1, 2, 3], [4, 5, 6])
    describe(classifier, content, a="cat\ndog\nbird\n")
    data = classifier.read_bytes()
    start, outcomes = data.index(content), {"read": 0, "error": 0}
    for place in range(start, start + len(content)):
        for bits in (0x01, 0x80, 0xFF):
            damaged = bytearray(data)
            damaged[place] ^= bits
            classifier.write_bytes(damaged)
            try:
                edge.read_metadata(classifier)
                outcomes["read"] += 1
            except edge.ModelError:
                outcomes["error"] += 1
    assert min(outcomes.values()) > 100, outcomes


def test_a_metadata_entry_in_no_buffer_is_an_error(classifier):
    describe(classifier, foreign([1], [2]), a="1\n2\n3")
    model = schema.ModelT.InitFromObj(schema.Model.GetRootAsModel(classifier.read_bytes(), 0))
    model.metadata[0].buffer = 99
    builder = flatbuffers.Builder()
    builder.Finish(model.Pack(builder), b"TFL3")
    classifier.write_bytes(bytes(builder.Output()))
    with pytest.raises(edge.ModelError, match="metadata in buffer 99"):
        edge.read_metadata(classifier)

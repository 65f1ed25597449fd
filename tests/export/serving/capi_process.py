"""Run a SavedModel through TensorFlow's C interface: its C++ loader, without its Python package.

Arguments: the library, the SavedModel, names of input and output, a .npy file of floats or of
bytes, and where the outputs go. TF Serving loads models by the same loader.
"""

import ctypes
import sys

import numpy as np

library, folder, taken, given, inputs, result = sys.argv[1:]
tf = ctypes.CDLL(library)
for name in ("TF_NewGraph", "TF_NewStatus", "TF_NewSessionOptions", "TF_Message"):
    getattr(tf, name).restype = ctypes.c_void_p
for name in ("TF_LoadSessionFromSavedModel", "TF_GraphOperationByName", "TF_AllocateTensor"):
    getattr(tf, name).restype = ctypes.c_void_p
for name in ("TF_TensorData", "TF_Message"):
    getattr(tf, name).restype = ctypes.c_void_p
tf.TF_Dim.restype = ctypes.c_int64
tf.TF_TensorByteSize.restype = ctypes.c_size_t
FLOAT, STRING, STRING_SIZE = 1, 7, 24
LIBC = ctypes.CDLL(None)
LIBC.malloc.restype = ctypes.c_void_p


class Port(ctypes.Structure):
    _fields_ = [("operation", ctypes.c_void_p), ("index", ctypes.c_int)]


def pointer(value):
    return ctypes.c_void_p(value)


def port(graph, name):
    operation, _, index = name.partition(":")
    found = tf.TF_GraphOperationByName(pointer(graph), operation.encode())
    assert found, name
    return Port(found, int(index))


def tensor(values):
    strings = values.dtype.kind == "S"
    size = values.size * (STRING_SIZE if strings else 4)
    dims = (ctypes.c_int64 * values.ndim)(*values.shape)
    kind = STRING if strings else FLOAT
    made = tf.TF_AllocateTensor(kind, dims, values.ndim, ctypes.c_size_t(size))
    start = tf.TF_TensorData(pointer(made))
    if not strings:
        ctypes.memmove(start, np.ascontiguousarray(values).ctypes.data, size)
        return made
    for index, text in enumerate(values.tolist()):
        # A large string in TensorFlow's layout: four times the length and 1, capacity, address.
        held = LIBC.malloc(len(text) + 1)
        ctypes.memmove(held, text, len(text))
        string = (ctypes.c_uint64 * 3)(4 * len(text) + 1, len(text) + 1, held)
        ctypes.memmove(start + index * STRING_SIZE, string, STRING_SIZE)
    return made


def array(made):
    shape = [tf.TF_Dim(pointer(made), i) for i in range(tf.TF_NumDims(pointer(made)))]
    size = tf.TF_TensorByteSize(pointer(made))
    content = ctypes.string_at(tf.TF_TensorData(pointer(made)), size)
    return np.frombuffer(content, np.float32).reshape(shape)


def check(status):
    if tf.TF_GetCode(pointer(status)):
        sys.exit(ctypes.string_at(tf.TF_Message(pointer(status))).decode())


graph, status = tf.TF_NewGraph(), tf.TF_NewStatus()
tags = (ctypes.c_char_p * 1)(b"serve")
session = tf.TF_LoadSessionFromSavedModel(
    pointer(tf.TF_NewSessionOptions()),
    None,
    folder.encode(),
    tags,
    1,
    pointer(graph),
    None,
    pointer(status),
)
check(status)
feeds, fetches = (Port * 1)(port(graph, taken)), (Port * 1)(port(graph, given))
values = np.load(inputs)
held, outputs = (ctypes.c_void_p * 1)(tensor(values)), (ctypes.c_void_p * 1)()
tf.TF_SessionRun(
    pointer(session), None, feeds, held, 1, fetches, outputs, 1, None, 0, None, pointer(status)
)
check(status)
assert not any(name.split(".")[0] in ("tensorflow", "keras", "kerascnn") for name in sys.modules)
np.save(result, array(outputs[0]))

"""What the caller is told when the converter fails, on messages that it really gave."""

import keras
import pytest
from keras import layers

from kerascnn.export.conversion.diagnosis import explain, first_line

LOCATED = (
    "ConverterError: Could not translate MLIR to FlatBuffer.<unknown>:0: error: loc(callsite("
    'fused["Qr:", "net_1/inner_1/factor_1/Qr@__inference_call_370"] at callsite(fused['
    '"StatefulPartitionedCall:", "StatefulPartitionedCall@__inference_signature_wrapper_380"] at '
    "fused[\"StatefulPartitionedCall:\"]))): 'tf.Qr' op is neither a custom op nor a flex op\n"
    "Some ops are not supported by the native TFLite runtime, you can enable TF kernels\n"
    "TF Select ops: Qr, RandomStandardNormal\nDetails:\n\ttf.Qr(tensor<1x4x4xf32>)\n"
)


def model(*inner):
    nested = keras.Sequential([layers.ReLU(name="factor"), *inner], name="inner")
    return keras.Sequential([layers.Input((6, 4)), nested], name="net")


def test_an_operation_without_a_builtin_is_named_with_its_layer():
    said = explain(model(), 1, LOCATED, "")
    assert said.endswith("Received: Qr, RandomStandardNormal in layer inner/factor")
    assert "let the caller pass the noise in" in said
    assert "\n" not in said


@pytest.mark.parametrize("layer", [layers.LSTM(2, name="cells"), layers.GRU(2, name="cells")])
def test_a_crash_on_a_rolled_recurrent_layer_names_it(layer):
    said = explain(model(layer), -11, "", "")
    assert "unroll=True" in said
    assert said.endswith("layer inner/cells (the converter died of SIGSEGV)")


def test_a_crash_without_a_suspect_says_how_to_find_the_layer():
    said = explain(model(layers.LSTM(2, unroll=True)), -6, "", "terminated")
    assert "halving" in said
    assert "SIGABRT" in said


def test_another_failure_keeps_the_first_line_of_its_message():
    said = explain(model(), 1, "ValueError: no such thing\nand more", "")
    assert said.endswith("Received: ValueError: no such thing")


def test_the_cause_comes_before_what_keras_wraps_it_in():
    raised = "Exception encountered when calling A.call().\n\n\x1b[1mwrong size\x1b[0m\n\nArguments"
    assert first_line(raised) == "wrong size (Exception encountered when calling A.call())"
    assert first_line("") == "no message"

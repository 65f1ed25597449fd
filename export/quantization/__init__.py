"""Training that knows of int8: flat graphs, folded normalisation, fake quantization."""

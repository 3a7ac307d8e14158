"""Models in formats of other programs: ONNX and safetensors."""

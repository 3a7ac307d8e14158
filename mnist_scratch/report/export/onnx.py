"""A run's model as ONNX: a graph from raw pixels to probabilities, which runs without this program.

Its input cannot be prepared wrongly: it is the images' bytes as they are, uint8, which the graph
standardises itself; a runtime refuses any other dtype.

The operators and their attributes: github.com/onnx/onnx, docs/Operators.md.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD
from mnist_scratch.nn.layers import Dense, ReLU, Sigmoid, Tanh
from mnist_scratch.report.export.metadata import about_model, named_layers
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import written_whole

_OPERATORS: dict[type, str] = {Dense: "Gemm", ReLU: "Relu", Tanh: "Tanh", Sigmoid: "Sigmoid"}
# Of March 2021, with today's definition of Softmax: every runtime since then reads it.
_OPERATOR_SET, _FORMAT = 13, 7
_SIDE = 28


def write_onnx(run: RunFolder, output: Path) -> None:
    """Write a run's model as ONNX.

    Its input `images` is uint8 (N, 28, 28), 0 for paper and 255 for ink; its outputs are `logits`
    and `probabilities`, float32 (N, C), also those of a float64 model, which is rounded. The
    metadata is that of `about_model`.

    Parameters
    ----------
    run
        The run.
    output
        The file to write.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read, the model has a layer that is not in the table above, or
        the file cannot be written.
    """
    model = _model(run)
    onnx.checker.check_model(model)
    content = model.SerializeToString(deterministic=True)
    with written_whole(output) as file:
        file.write(content)


def _model(run: RunFolder) -> onnx.ModelProto:
    network = run.model()
    # (pixels / 255 - mean) / std, in the order of operations of the training.
    scale, shift = 1.0 / (255.0 * PIXEL_STD), PIXEL_MEAN / PIXEL_STD
    initializers = [
        numpy_helper.from_array(np.array(scale, np.float32), "pixel_scale"),
        numpy_helper.from_array(np.array(shift, np.float32), "pixel_shift"),
    ]
    nodes = [
        helper.make_node("Flatten", ["images"], ["pixels"], axis=1),  # (N, 784)
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Mul", ["floats", "pixel_scale"], ["scaled"]),
        helper.make_node("Sub", ["scaled", "pixel_shift"], ["standardised"]),
    ]
    inputs = "standardised"
    layers = named_layers(network, _OPERATORS, "ONNX export")
    for number, (layer, operator) in enumerate(layers):
        last = layer is network.layers[-1]
        outputs = "logits" if last else f"layer_{number}"
        if isinstance(layer, Dense):
            names = [f"layer_{number}.weights", f"layer_{number}.biases"]
            arrays = (layer.weights.astype(np.float32), layer.biases.astype(np.float32))
            initializers += map(numpy_helper.from_array, arrays, names)
            nodes.append(helper.make_node(operator, [inputs, *names], [outputs]))
        else:
            nodes.append(helper.make_node(operator, [inputs], [outputs]))
        inputs = outputs
    nodes.append(helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1))
    graph = helper.make_graph(
        nodes,
        "mnist_scratch",
        [helper.make_tensor_value_info("images", TensorProto.UINT8, ["N", _SIDE, _SIDE])],
        [
            helper.make_tensor_value_info(name, TensorProto.FLOAT, ["N", network.widths[-1]])
            for name in ("logits", "probabilities")
        ],
        initializers,
    )
    model = helper.make_model(
        graph,
        producer_name="mnist_scratch",
        opset_imports=[helper.make_opsetid("", _OPERATOR_SET)],
        ir_version=_FORMAT,
    )
    helper.set_model_props(model, about_model(run))
    return model

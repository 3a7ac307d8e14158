"""A run's parameters as safetensors, named and laid out as PyTorch has them.

`torch.nn.Sequential(Linear(784, 256), ReLU(), ..., Linear(128, 10))` loads them by its
`load_state_dict`: layer n in turn, from 0, has `n.weight` (O, I) and `n.bias` (O,), in the
network's dtype.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from safetensors.numpy import save

from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD
from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import Dense, ReLU, Sigmoid, Tanh
from mnist_scratch.report.export.metadata import about_model, named_layers
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import written_whole

# Modules of PyTorch without settings of their own, which the file could not tell.
_NAMES: dict[type, str] = {Dense: "linear", ReLU: "relu", Tanh: "tanh", Sigmoid: "sigmoid"}


def write_safetensors(run: RunFolder, output: Path) -> None:
    """Write the parameters of a run's model as safetensors.

    The metadata is that of `about_model` and `widths` ("784-256-10"), `activation` ("relu"; "" if
    there is none), and `pixel_mean` and `pixel_std`, with which an image is prepared:
    (pixels / 255 - pixel_mean) / pixel_std.

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
    network = run.model()
    tensors: dict[str, Array] = {}
    activation = ""
    for number, (layer, name) in enumerate(named_layers(network, _NAMES, "safetensors export")):
        if isinstance(layer, Dense):
            # Copied, not a transposed view: the library writes memory in its order.
            tensors[f"{number}.weight"] = np.ascontiguousarray(layer.weights.T)  # (O, I)
            tensors[f"{number}.bias"] = layer.biases  # (O,)
        else:
            activation = name
    metadata = about_model(run) | {
        "format": "pt",  # what PyTorch's users look for
        "widths": "-".join(map(str, network.widths)),
        "activation": activation,
        "pixel_mean": str(PIXEL_MEAN),
        "pixel_std": str(PIXEL_STD),
    }
    content = _in_order(save(tensors, metadata))
    with written_whole(output) as file:
        file.write(content)


def _in_order(content: bytes) -> bytes:
    """Return a file with its metadata in the order of their names.

    The library's order is random; sorted, the same model gives the same bytes. A file is the length
    of its header as 8 bytes, the header in JSON, padded with spaces, and the tensors
    (github.com/huggingface/safetensors, "Format").
    """
    end = 8 + int.from_bytes(content[:8], "little")
    header = json.loads(content[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    return len(text).to_bytes(8, "little") + text + content[end:]

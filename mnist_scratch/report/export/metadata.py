"""What every exported model needs: its metadata, and what a format calls its layers."""

from __future__ import annotations

import json
from collections.abc import Mapping

from mnist_scratch.data.sources.pictures import as_word
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import Layer
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.version import __version__


def about_model(run: RunFolder) -> dict[str, str]:
    """Return the metadata of a run's model as texts, which is all that both formats take.

    These are `dataset`, `class_names` (a list in JSON, in the order of the logits), `mnist_scratch`
    (this program's version), `pictures` ("resized" and so on) if they are not prepared as MNIST
    was, and `test_accuracy` (0 to 1) if the run is finished.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read.
    """
    dataset = run.config().data.dataset
    saved = run.saved_model()
    about = {
        "dataset": dataset,
        "class_names": json.dumps(saved.classes),
        "mnist_scratch": __version__,
    }
    if saved.resized:
        about["pictures"] = as_word(saved.resized)
    accuracy = run.test_accuracy()
    return about if accuracy is None else about | {"test_accuracy": str(accuracy)}


def named_layers(
    network: Network, names: Mapping[type, str], target: str
) -> list[tuple[Layer, str]]:
    """Return the layers of a network, each with what a format calls it.

    Parameters
    ----------
    network
        The network.
    names
        Every type of layer that the format can express, and its name there.
    target
        What does not support the others, for the message.

    Raises
    ------
    MnistScratchError
        If the format cannot express a layer.
    """
    for layer in network.layers:
        # Not isinstance: a subclass computes something else.
        if type(layer) not in names:
            known = ", ".join(kind.__name__ for kind in names)
            raise MnistScratchError(
                f"{target} does not support {type(layer).__name__} layers; it supports {known}"
            )
    return [(layer, names[type(layer)]) for layer in network.layers]

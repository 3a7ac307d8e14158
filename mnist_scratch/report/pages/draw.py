"""A page to draw digits on, in one file: the model, the preparation and the forward pass inside.

The page, its style and its scripts are the files in `draw_page/`; filled in here are these, the
model, the constants that Python and the scripts share, and what a person should know. What is drawn
is prepared as `predict` prepares a clean picture of it, byte for byte; of a run whose pictures were
resized as they are, the network sees the whole field. A pen leaves no noise, no shadow, no lines of
a form and no thin or faint ink, so the steps of `data/pictures/` against those are not on the page.
"""

from __future__ import annotations

import base64
import html
import json
from pathlib import Path
from types import ModuleType

from mnist_scratch.data.loader import PIXEL_MEAN, PIXEL_STD
from mnist_scratch.data.pictures import prepare, several, strokes
from mnist_scratch.data.sources.registry import DIGITS
from mnist_scratch.nn.layers import Dense, ReLU, Sigmoid, Tanh
from mnist_scratch.nn.network import Network
from mnist_scratch.report.export.metadata import named_layers
from mnist_scratch.report.pages.template import fill, read
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.system.files import write_text_whole
from mnist_scratch.system.text import printable

# What network.js calls the layers that it can compute.
_LAYERS: dict[type, str] = {Dense: "dense", ReLU: "relu", Tanh: "tanh", Sigmoid: "sigmoid"}
_SCRIPTS = ("prepare.js", "network.js", "digits.js", "strokes.js", "page.js")


def write_page(run: RunFolder, output: Path) -> None:
    """Write a page that opens from disk, needs no network and classifies what is drawn on it.

    Parameters
    ----------
    run
        The run whose model the page has.
    output
        The HTML file to write.

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read, the model has a layer that the page's script cannot
        compute, or the page cannot be written.
    """
    network, names, resized = run.saved_model()
    name = printable(run.path.resolve().name)
    widths = "-".join(map(str, network.widths))
    dataset = run.config().data.dataset
    # Classes with names of their own are no digits.
    kind, task = ("digit", "Draw a digit") if names == DIGITS else ("class", "Draw a picture")
    about = f"Run {name}: a network of {widths}, trained on {dataset}"
    if resized:
        about += ". It sees the whole field: draw in the size and place of its pictures"
    scripts = [read(f"draw_page/{script}") for script in _SCRIPTS]
    page = fill(
        "draw_page/page.html",
        title=html.escape(f"{task}: {name}"),
        task=task,
        kind=kind,
        about=html.escape(about),
        style=read("style.css") + read("draw_page/style.css"),
        # JSON has "<" in strings alone, where it can be written so; no text then ends the script.
        model=json.dumps(_model(network) | {"names": names, "resized": bool(resized)}).replace(
            "<", "\\u003c"
        ),
        script="\n".join([_constants(prepare, several, strokes), *scripts]),
    )
    write_text_whole(output, page)


def _constants(*modules: ModuleType) -> str:
    """Return the public constants of modules in JavaScript, where they have the same names."""
    constants = {name: value for each in modules for name, value in vars(each).items()}
    return "\n".join(
        f"const {name} = {value};"
        for name, value in constants.items()
        if name.isupper() and not name.startswith("_")
    )


def _model(network: Network) -> dict[str, object]:
    """Return what the script needs of a network; the parameters as float32, lowest byte first."""
    layers: list[dict[str, object]] = []
    for layer, name in named_layers(network, _LAYERS, "the drawing page"):
        layers.append({"name": name})
        if isinstance(layer, Dense):
            layers[-1] |= {"inputs": layer.width_in, "outputs": layer.width_out}
    parameters = network.parameters.astype("<f4").tobytes()
    return {
        "mean": PIXEL_MEAN,
        "std": PIXEL_STD,
        "layers": layers,
        "parameters": base64.b64encode(parameters).decode("ascii"),
    }

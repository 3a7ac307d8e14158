"""Exporters and the drawing page support a layer, or refuse it by name."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from importlib import resources
from pathlib import Path

import numpy as np
import pytest

from mnist_scratch.config.schema import Config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, ReLU
from mnist_scratch.nn.network import Network
from mnist_scratch.report.export import onnx, safetensors
from mnist_scratch.report.pages import draw
from mnist_scratch.runs.folder import RunFolder

Writer = Callable[[RunFolder, Path], None]
WRITERS: dict[str, tuple[Writer, dict[type, str]]] = {
    "ONNX export": (onnx.write_onnx, onnx._OPERATORS),
    "safetensors export": (safetensors.write_safetensors, safetensors._NAMES),
    "the drawing page": (draw.write_page, draw._LAYERS),
}


class Twice(ReLU):
    """A made-up activation: 2 max(0, x)."""

    name = "twice"

    def forward(self, inputs: np.ndarray) -> np.ndarray:
        return 2.0 * super().forward(inputs)


def run_with(activation: str, path: Path) -> RunFolder:
    run = RunFolder.create(path, Config())
    run.save_model(Network.of_widths((784, 8, 10), activation, np.random.default_rng(0)))
    return run


@pytest.mark.parametrize("target", WRITERS)
@pytest.mark.parametrize("activation", ACTIVATIONS)
def test_every_activation_is_written_or_refused_by_name(
    target: str, activation: str, tmp_path: Path
) -> None:
    run = run_with(activation, tmp_path / "run")
    write, known = WRITERS[target]
    name = ACTIVATIONS[activation].__name__
    if ACTIVATIONS[activation] in known:
        write(run, tmp_path / "output")
        assert (tmp_path / "output").stat().st_size > 1000
    else:
        with pytest.raises(MnistScratchError, match=f"^{target} does not support {name} layers"):
            write(run, tmp_path / "output")
        assert not (tmp_path / "output").exists()


@pytest.mark.parametrize("target", WRITERS)
def test_a_made_up_activation_is_refused_by_name(
    target: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ACTIVATIONS, "twice", Twice)
    run = run_with("relu", tmp_path / "run")
    run.save_model(Network.of_widths((784, 8, 10), "twice", np.random.default_rng(0)))
    write, known = WRITERS[target]
    names = ", ".join(kind.__name__ for kind in known)
    message = f"^{target} does not support Twice layers; it supports {names}$"
    with pytest.raises(MnistScratchError, match=message):
        write(run, tmp_path / "output")
    assert not (tmp_path / "output").exists()


def test_the_page_s_script_computes_exactly_the_layers_that_the_page_accepts() -> None:
    script = resources.files("mnist_scratch.report.pages") / "draw_page" / "network.js"
    text = script.read_text(encoding="utf-8")
    (activations,) = re.findall(r"const ACTIVATIONS = \{(.*?)\n\};", text, re.DOTALL)
    names = set(re.findall(r"^  (\w+):", activations, re.MULTILINE))
    assert {Dense: "dense"} == {k: n for k, n in draw._LAYERS.items() if n not in names}
    assert names == set(draw._LAYERS.values()) - {"dense"}
    assert 'layer.name !== "dense"' in text


def test_the_page_names_the_layers_in_order(tmp_path: Path) -> None:
    draw.write_page(run_with("tanh", tmp_path / "run"), tmp_path / "page.html")
    (model,) = re.findall(r'id="model">(.*?)</script>', (tmp_path / "page.html").read_text())
    names = [layer["name"] for layer in json.loads(model)["layers"]]
    assert names == ["dense", "tanh", "dense"]


def test_the_page_has_the_parameters_of_a_float64_model_as_float32(tmp_path: Path) -> None:
    run = RunFolder.create(tmp_path / "run", Config())
    run.save_model(Network([Dense(784, 10)], 0, np.float64))
    draw.write_page(run, tmp_path / "page.html")
    (model,) = re.findall(r'id="model">(.*?)</script>', (tmp_path / "page.html").read_text())
    written = np.frombuffer(base64.b64decode(json.loads(model)["parameters"]), "<f4")
    np.testing.assert_array_equal(written, run.model().parameters.astype(np.float32))

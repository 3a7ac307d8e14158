from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import onnx
import onnxruntime
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file

from mnist_scratch import __version__
from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset, Examples
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import Dense, Tanh
from mnist_scratch.nn.loss import softmax
from mnist_scratch.nn.network import Network
from mnist_scratch.report.export.onnx import write_onnx
from mnist_scratch.report.export.safetensors import write_safetensors
from mnist_scratch.runs.folder import RunFolder

NETWORKS = [
    ((784, 10), "relu"),
    ((784, 24, 10), "relu"),
    ((784, 24, 16, 10), "tanh"),
    ((784, 24, 16, 10), "sigmoid"),
]


def some_run(path: Path, widths: tuple[int, ...], activation: str) -> RunFolder:
    run = RunFolder.create(path, with_values(Config(), {("data", "dataset"): "fashion-mnist"}, ""))
    network = Network.of_widths(widths, activation, np.random.default_rng(1))
    rng = np.random.default_rng(2)
    network.parameters += rng.normal(0, 0.05, network.parameters.size)  # biases too
    run.save_model(network, class_names("fashion-mnist"), resized="dark")
    (path / "evaluation.json").write_text('{"accuracy": 0.875}')
    return run


def session(path: Path) -> onnxruntime.InferenceSession:
    return onnxruntime.InferenceSession(str(path), providers=["CPUExecutionProvider"])


def by_hand(network: Network, dataset: Examples) -> Array:
    """The logits, with the preparation written down once more."""
    pixels = dataset.images.reshape(-1, 784) / 255.0
    return network.forward(((pixels - 0.1307) / 0.3081).astype(np.float32))


@pytest.mark.parametrize(("widths", "activation"), NETWORKS)
def test_onnx_goes_from_raw_pixels_to_the_network_s_own_logits_and_probabilities(
    widths: tuple[int, ...], activation: str, digits: Dataset, tmp_path: Path
) -> None:
    run = some_run(tmp_path / "run", widths, activation)
    write_onnx(run, tmp_path / "model.onnx")
    expected = by_hand(run.model(), digits)
    for count in (1, 100):
        inputs = {"images": digits.images[:count]}
        logits, probabilities = session(tmp_path / "model.onnx").run(None, inputs)
        np.testing.assert_allclose(logits, expected[:count], rtol=1e-4, atol=1e-4)
        np.testing.assert_allclose(probabilities, softmax(expected[:count]), rtol=1e-3, atol=1e-6)


def test_onnx_says_what_it_takes_and_what_it_is(tmp_path: Path) -> None:
    write_onnx(some_run(tmp_path / "run", (784, 10), "relu"), tmp_path / "model.onnx")
    running = session(tmp_path / "model.onnx")
    (images,) = running.get_inputs()
    assert (images.name, images.type, images.shape) == ("images", "tensor(uint8)", ["N", 28, 28])
    outputs = [(output.name, output.shape) for output in running.get_outputs()]
    assert outputs == [("logits", ["N", 10]), ("probabilities", ["N", 10])]
    about = running.get_modelmeta().custom_metadata_map
    assert json.loads(about.pop("class_names")) == list(class_names("fashion-mnist"))
    assert about == {
        "dataset": "fashion-mnist",
        "pictures": "resized dark",
        "mnist_scratch": __version__,
        "test_accuracy": "0.875",
    }
    for prepared in (np.zeros((1, 28, 28), np.float32), np.zeros((1, 784), np.uint8)):
        with pytest.raises(Exception, match="INVALID_ARGUMENT"):
            running.run(None, {"images": prepared})


def test_a_run_that_is_not_finished_is_exported_without_an_accuracy(tmp_path: Path) -> None:
    run = some_run(tmp_path / "run", (784, 10), "relu")
    (run.path / "evaluation.json").unlink()
    write_onnx(run, tmp_path / "model.onnx")
    names = {entry.key for entry in onnx.load(tmp_path / "model.onnx").metadata_props}
    assert names == {"class_names", "dataset", "mnist_scratch", "pictures"}


@pytest.mark.mnist
def test_onnx_reads_mnist_as_the_program_does(mnist_dir: Path, tmp_path: Path) -> None:
    test = load_dataset("mnist", str(mnist_dir)).test
    run = some_run(tmp_path / "run", (784, 64, 10), "relu")
    write_onnx(run, tmp_path / "model.onnx")
    (logits,) = session(tmp_path / "model.onnx").run(["logits"], {"images": test.images})
    assert np.array_equal(logits.argmax(1), by_hand(run.model(), test).argmax(1))


@pytest.mark.parametrize(("widths", "activation"), NETWORKS)
def test_safetensors_are_what_a_sequential_of_linear_layers_loads(
    widths: tuple[int, ...], activation: str, digits: Dataset, tmp_path: Path
) -> None:
    run = some_run(tmp_path / "run", widths, activation)
    write_safetensors(run, tmp_path / "model.safetensors")
    tensors = load_file(tmp_path / "model.safetensors")
    # Sequential counts the activations between the linear layers too.
    linear = range(0, 2 * len(widths) - 2, 2)
    assert set(tensors) == {f"{n}.{name}" for n in linear for name in ("weight", "bias")}
    functions: dict[str, Callable[[npt.NDArray[np.float64]], npt.NDArray[np.float64]]] = {
        "relu": lambda x: x * (x > 0),
        "tanh": np.tanh,
        "sigmoid": lambda x: 1 / (1 + np.exp(-x)),
    }
    outputs = (digits.images.reshape(-1, 784) / 255 - 0.1307) / 0.3081
    for number in linear:
        outputs = functions[activation](outputs) if number else outputs
        # Linear: y = x A^T + b, with A of (outputs, inputs).
        outputs = outputs @ tensors[f"{number}.weight"].T + tensors[f"{number}.bias"]
    np.testing.assert_allclose(outputs, by_hand(run.model(), digits), rtol=1e-4, atol=1e-4)
    with safe_open(tmp_path / "model.safetensors", "np") as file:
        about = file.metadata()
    assert about["widths"] == "-".join(map(str, widths))
    assert about["activation"] == (activation if len(widths) > 2 else "")
    assert (about["pixel_mean"], about["pixel_std"]) == ("0.1307", "0.3081")
    assert (about["format"], about["test_accuracy"]) == ("pt", "0.875")


def test_a_float64_model_is_rounded_in_onnx_and_kept_in_safetensors(
    digits: Dataset, tmp_path: Path
) -> None:
    run = RunFolder.create(tmp_path / "run", Config())
    run.save_model(Network([Dense(784, 12), Tanh(), Dense(12, 10)], 0, np.float64))
    network = run.model()
    write_onnx(run, tmp_path / "model.onnx")
    (logits,) = session(tmp_path / "model.onnx").run(["logits"], {"images": digits.images})
    assert logits.dtype == np.float32
    np.testing.assert_allclose(logits, by_hand(network, digits), rtol=1e-4, atol=1e-4)
    write_safetensors(run, tmp_path / "model.safetensors")
    weights = load_file(tmp_path / "model.safetensors")["2.weight"]
    np.testing.assert_array_equal(weights, network.dense_layers[1].weights.T, strict=True)

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import Dense, Layer, ReLU, Sigmoid
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.model import load_model, save_model


def small_network() -> Network:
    layers: list[Layer] = [Dense(4, 3), ReLU(), Dense(3, 3), Sigmoid(), Dense(3, 2)]
    return Network(layers, np.random.default_rng(0))


def test_a_model_comes_back_with_its_layers_and_parameters(tmp_path: Path) -> None:
    network = small_network()
    network.parameters[:] += 0.5
    save_model(tmp_path / "model.npz", network)
    back = load_model(tmp_path / "model.npz")
    assert [type(layer) for layer in back.layers] == [type(layer) for layer in network.layers]
    assert back.parameters.tobytes() == network.parameters.tobytes()
    images = np.random.default_rng(1).normal(size=(5, 4)).astype(np.float32)
    np.testing.assert_array_equal(back.forward(images), network.forward(images))


def test_the_same_model_has_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        save_model(tmp_path / name, small_network())
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_anybody_with_numpy_can_read_it(tmp_path: Path) -> None:
    network = small_network()
    save_model(tmp_path / "model.npz", network)
    with np.load(tmp_path / "model.npz", allow_pickle=False) as arrays:
        assert arrays["layers"].tolist() == ["dense", "relu", "dense", "sigmoid", "dense"]
        np.testing.assert_array_equal(arrays["dense_2.weights"], network.dense_layers[1].weights)


def arrays_of(network: Network) -> dict[str, Any]:
    values: dict[str, Any] = {
        "format": np.array(1),
        "layers": np.array(["dense", "relu", "dense", "sigmoid", "dense"]),
    }
    for number, layer in enumerate(network.dense_layers, start=1):
        values[f"dense_{number}.weights"] = layer.weights
        values[f"dense_{number}.biases"] = layer.biases
    return values


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"format": np.array(2)}, "its format is 2"),
        ({"format": None}, "the array 'format' is missing"),
        ({"layers": np.array(["dense", "relu", "dense", "sigmoid"])}, "unknown array 'dense_3"),
        ({"layers": np.array(["dense"] * 4)}, "array 'dense_4.weights' is missing"),
        ({"layers": np.array(["dense", "gelu", "dense", "dense"])}, "unknown layer 'gelu'"),
        ({"layers": np.array(["relu", "dense", "dense", "dense"])}, "first layer must be a Dense"),
        ({"layers": np.array([1, 2])}, "'layers' is <i8"),
        ({"dense_1.weights": np.zeros((4, 3), np.int32)}, "'dense_1.weights' is <i4"),
        ({"dense_1.weights": np.zeros(12, np.float32)}, r"'dense_1.weights' is <f4 \(12,\)"),
        ({"dense_1.biases": np.zeros(4, np.float32)}, r"weights \(4, 3\), biases \(4,\)"),
        ({"dense_2.biases": np.array([0, np.nan, 0], np.float32)}, "not finite"),
        ({"dense_2.weights": np.zeros((5, 3), np.float32)}, "3 outputs, but .* takes 5"),
        ({"more": np.zeros(1)}, "unknown array 'more'"),
    ],
)
def test_a_file_that_is_not_exactly_a_model_is_refused(
    tmp_path: Path, changes: dict[str, Any], message: str
) -> None:
    arrays = {k: v for k, v in (arrays_of(small_network()) | changes).items() if v is not None}
    np.savez(tmp_path / "model.npz", allow_pickle=True, **arrays)
    with pytest.raises(MnistScratchError, match=f"model.npz is not a model.*{message}"):
        load_model(tmp_path / "model.npz")


def test_a_truncated_model_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    save_model(path, small_network())
    whole = path.read_bytes()
    for length in range(0, len(whole), 97):
        path.write_bytes(whole[:length])
        with pytest.raises(MnistScratchError, match="not a model, or damaged"):
            load_model(path)


def test_a_changed_byte_in_an_array_is_found(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    network = small_network()
    save_model(path, network)
    whole = bytearray(path.read_bytes())
    place = whole.index(network.dense_layers[0].weights.tobytes())
    whole[place] ^= 1
    path.write_bytes(whole)
    with pytest.raises(MnistScratchError, match="CRC"):
        load_model(path)


def test_a_flipped_bit_anywhere_is_found_or_does_no_harm(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    network = Network([Dense(1, 1)], np.random.default_rng(0))
    save_model(path, network)
    whole = path.read_bytes()
    for place in range(len(whole)):
        changed = bytearray(whole)
        changed[place] ^= 1 << place % 8
        path.write_bytes(changed)
        try:
            same = load_model(path).parameters.tobytes() == network.parameters.tobytes()
        except MnistScratchError:
            continue
        assert same, place


def test_a_missing_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"cannot read .*model\.npz"):
        load_model(tmp_path / "model.npz")

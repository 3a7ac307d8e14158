from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import Config
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn import Array
from mnist_scratch.nn.layers import ACTIVATIONS, Dense, Layer, ReLU, Sigmoid, Tanh
from mnist_scratch.nn.network import Network
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.model import load_model, load_saved_model, save_model


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


def test_a_float64_model_comes_back_with_the_same_float64_numbers(tmp_path: Path) -> None:
    layers: list[Layer] = [Dense(4, 3), Tanh(), Dense(3, 2)]
    network = Network(layers, 0, np.float64)
    network.parameters[:] = np.random.default_rng(2).normal(size=network.parameters.size)
    save_model(tmp_path / "model.npz", network)
    back = load_model(tmp_path / "model.npz")
    assert back.parameters.dtype == np.float64
    assert back.parameters.tobytes() == network.parameters.tobytes()
    inputs = np.random.default_rng(1).normal(size=(5, 4))
    np.testing.assert_array_equal(back.forward(inputs), network.forward(inputs))


def test_a_float32_model_s_file_is_the_one_that_it_always_was(tmp_path: Path) -> None:
    network = small_network()
    save_model(tmp_path / "model.npz", network)
    np.savez(tmp_path / "expected.npz", **arrays_of(network))
    assert (tmp_path / "model.npz").read_bytes() == (tmp_path / "expected.npz").read_bytes()


def test_a_model_is_named_by_a_text_by_its_run_s_folder_or_by_the_run(tmp_path: Path) -> None:
    network = small_network()
    run = RunFolder.create(tmp_path / "run", Config())
    save_model(str(run.path / "model.npz"), network)
    for name in (str(run.path / "model.npz"), str(run.path), run.path, run):
        assert load_model(name).parameters.tobytes() == network.parameters.tobytes()


@pytest.mark.parametrize(
    ("path", "network", "message"),
    [
        (
            small_network(),
            "model.npz",
            r"save_model\(path, network\): network .*, not str$",
        ),
        (small_network(), small_network(), "path = .*: must be a path, as str or Path"),
        (
            "model.npz",
            small_network().parameters,
            r".* must be a Network, not float32 \(",
        ),
        ("model.npz", None, ".*: network must be a Network, not None$"),
        (7, small_network(), "path = 7: must be a path, as str or Path"),
    ],
)
def test_what_is_no_path_or_no_network_is_named(path: Any, network: Any, message: str) -> None:
    with pytest.raises(TypeError, match=f"(?s)^{message}"):
        save_model(path, network)


class Twice(ReLU):
    """A made-up activation that has inherited its name: 2 max(0, x)."""

    def forward(self, inputs: Array) -> Array:
        return 2.0 * super().forward(inputs)


def test_an_activation_that_would_come_back_as_another_is_not_saved(tmp_path: Path) -> None:
    network = Network([Dense(4, 3), Twice(), Dense(3, 2)], 0)
    with pytest.raises(MnistScratchError, match=r"Twice layers cannot be saved.*ACTIVATIONS"):
        save_model(tmp_path / "model.npz", network)
    assert list(tmp_path.iterdir()) == []


def test_an_activation_of_one_s_own_is_saved_once_it_is_registered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Doubled(Twice):
        name = "doubled"

    monkeypatch.setitem(ACTIVATIONS, "doubled", Doubled)
    save_model(tmp_path / "model.npz", Network([Dense(4, 3), Doubled(), Dense(3, 2)], 0))
    assert type(load_model(tmp_path / "model.npz").layers[1]) is Doubled


class Leaky(ReLU):
    """A made-up activation with settings: one in a number, one in an array, one of its class."""

    name = "leaky"
    threshold = 0.0

    def __init__(self, slope: float = 0.1, slopes: Array | None = None) -> None:
        self.slope = slope
        self.slopes = np.ones(3) if slopes is None else slopes
        self.mask: Array | None = None  # until a forward

    def forward(self, inputs: Array) -> Array:
        self.mask = (inputs > self.threshold) * self.slopes
        return super().forward(inputs)


def test_an_activation_with_other_settings_than_its_defaults_is_not_saved(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ACTIVATIONS, "leaky", Leaky)
    path = tmp_path / "model.npz"
    above = Leaky()
    above.threshold = 1.0
    for activation, message in {
        Leaky(0.2): r"a Leaky with slope = 0.2 cannot .* would make Leaky\(\), where it is 0.1; ",
        Leaky(slopes=np.zeros(3)): r"a Leaky with slopes = array\(.*cannot be saved",
        above: "a Leaky with threshold = 1.0 cannot be saved",
    }.items():
        with pytest.raises(MnistScratchError, match=message):
            save_model(path, Network([Dense(4, 3), activation, Dense(3, 2)], 0))
    assert not path.exists()
    network = Network([Dense(4, 3), Leaky(0.1), Dense(3, 2)], 0)
    network.forward(np.ones((2, 4), np.float32))  # which leaves outputs and mask
    save_model(path, network)
    assert type(load_model(path).layers[1]) is Leaky


@pytest.mark.parametrize("number", [np.nan, np.inf])
def test_a_network_that_has_diverged_is_not_saved(tmp_path: Path, number: float) -> None:
    network = small_network()
    network.parameters[5] = number
    with pytest.raises(MnistScratchError, match="NaN or infinite, so it cannot be saved"):
        save_model(tmp_path / "model.npz", network)
    assert list(tmp_path.iterdir()) == []


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
        ({"dense_1.biases": np.zeros(3)}, r"'dense_1.biases' is <f8 \(3,\)"),
        ({"dense_2.weights": np.zeros((3, 3))}, r"'dense_2.weights' is <f8 \(3, 3\)"),
        ({"dense_1.weights": np.zeros((4, 3), np.float16)}, "'dense_1.weights' is <f2"),
        ({"config": np.zeros(3, np.uint8)}, "it is a checkpoint; the model .* is model.npz"),
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


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("absent.npz", r"cannot read .*absent\.npz: No such file or directory"),
        ("", r"cannot read .*model\.npz: No such file or directory"),  # a folder without a model
        ("model.onnx", r"model\.onnx is not a model, or damaged: File is not a zip file"),
    ],
)
def test_what_is_no_model_is_named_with_what_would_be_one(
    tmp_path: Path, name: str, reason: str
) -> None:
    (tmp_path / "model.onnx").write_bytes(b"another format")
    remedy = "; name the .npz file that save_model wrote, or the folder of a run$"
    with pytest.raises(MnistScratchError, match=reason + remedy):
        load_model(tmp_path / name)
    with pytest.raises(TypeError, match=r"path = .*: must be a path"):
        load_model(small_network())  # type: ignore[arg-type]


def test_names_of_classes_are_stored_unless_they_are_the_numbers(tmp_path: Path) -> None:
    network = small_network()
    for number, names in enumerate((("no", "yes"), ("い", "$x$"), ("0", "1"), ())):
        path = tmp_path / f"{number}.npz"
        save_model(path, network, names)
        back = load_saved_model(path)
        assert back.classes == (names or ("0", "1"))
        assert back.network.parameters.tobytes() == network.parameters.tobytes()
    assert (tmp_path / "2.npz").read_bytes() == (tmp_path / "3.npz").read_bytes()


def test_a_model_knows_that_its_pictures_were_resized(tmp_path: Path) -> None:
    path = tmp_path / "model.npz"
    for resized in ("auto", "dark", ""):
        save_model(path, small_network(), resized=resized)
        assert load_saved_model(path).resized == resized
        assert ("pictures" in np.load(path)) is bool(resized), "no new bytes for digits"
    np.savez(path, **dict(np.load(path)), pictures="cut out")
    with pytest.raises(MnistScratchError, match="pictures are 'cut out', where prepared, "):
        load_model(path)


@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("a", "b", "c"), "3 names, where the network is 4-3-3-2 and has 2 logits"),
        (("a", "a"), "class 1: class 0 has the name a too"),
        (("a", "b\x1b[2J"), "all printable"),
    ],
)
def test_names_that_do_not_belong_to_the_model_are_refused(
    tmp_path: Path, names: tuple[str, ...], message: str
) -> None:
    network, path = small_network(), tmp_path / "model.npz"
    with pytest.raises(ValueError, match=message):
        save_model(path, network, names)
    np.savez(path, **arrays_of(network), classes=np.array(names))
    with pytest.raises(MnistScratchError, match=f"not a model, or damaged: .*{message}"):
        load_model(path)

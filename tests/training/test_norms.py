from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.layers import Dense, ReLU
from mnist_scratch.nn.network import Network
from mnist_scratch.training.history import layer_norms, norms_as_csv, read_norms
from mnist_scratch.training.trainer import Trainer


def test_the_norms_are_those_of_weights_and_gradients_without_biases() -> None:
    network = Network([Dense(2, 2), ReLU(), Dense(2, 1)], np.random.default_rng(0))
    network.parameters[...] = [1.0, 2.0, 2.0, 4.0, 9.0, 9.0, 3.0, 4.0, 9.0]
    network.gradients[...] = [0.0, 0.0, 0.0, 7.0, 5.0, 5.0, 1e30, 0.0, 5.0]
    np.testing.assert_allclose(layer_norms(network), [[5.0, 7.0], [5.0, 1e30]], rtol=1e-7)


def test_the_norms_of_an_epoch_are_taken_at_its_end(digits: Dataset) -> None:
    settings = {("training", "epochs"): 2, ("training", "batch_size"): 20}
    network = Network.of_widths((784, 8, 10), "relu", np.random.default_rng(0))
    trainer = Trainer(network, digits, digits, with_values(Config(), settings, "test"))
    at_ends: list[float] = []
    trainer.run(lambda: at_ends.append(float(np.linalg.norm(network.dense_layers[1].weights))))
    assert [norms[1, 0] for norms in trainer.norms] == pytest.approx(at_ends, rel=1e-6)
    assert all((norms > 0).all() for norms in trainer.norms)


def test_norms_read_back_to_the_last_bit(tmp_path: Path) -> None:
    norms = np.random.default_rng(0).uniform(size=(3, 2, 2))
    (tmp_path / "norms.csv").write_text(norms_as_csv(list(norms)))
    np.testing.assert_array_equal(read_norms(tmp_path / "norms.csv"), norms)
    assert norms_as_csv(list(norms)).splitlines()[2].startswith("1,2,")


@pytest.mark.parametrize(
    "text",
    [
        *("", "a\n", "epoch,layer,weight_norm,gradient_norm\n1,1,2\n"),
        "epoch,layer,weight_norm,gradient_norm\n1,2,2,3\n",
        "epoch,layer,weight_norm,gradient_norm\n1,1,2,3\n3,1,2,3\n",
        "epoch,layer,weight_norm,gradient_norm\n1,1,2,nan\n",
        "epoch,layer,weight_norm,gradient_norm\n1,1e300,2,3\n",
        "epoch,layer,weight_norm,gradient_norm\n1,inf,2,3\n",
        "epoch,layer,weight_norm,gradient_norm\n1,-1,2,3\n",
        "epoch,layer,weight_norm,gradient_norm\n1,1,2,3\n1\n",
    ],
)
def test_what_are_no_norms_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "norms.csv").write_text(text)
    with pytest.raises(MnistScratchError, match=r"norms\.csv: damaged: "):
        read_norms(tmp_path / "norms.csv")


def test_missing_norms_are_named(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"cannot read .*norms\.csv"):
        read_norms(tmp_path / "norms.csv")

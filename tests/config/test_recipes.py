"""What the recipes claim, on real MNIST; the claims themselves stand in configs/*.toml."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.runs.run import run_training
from mnist_scratch.training.evaluation import evaluate


@pytest.mark.mnist
def test_the_default_recipe_reaches_its_floor_and_nothing_impossible(mnist_run: Path) -> None:
    evaluation = json.loads((mnist_run / "evaluation.json").read_text())
    # A single seed: the recipe's mean less five of its standard deviations. No dense network is
    # known above 99.2% in so few epochs; more would mean that the test set leaked.
    assert 0.9819 < evaluation["accuracy"] < 0.992
    assert evaluation["examples"] == 10_000
    assert read_config(mnist_run / "config.toml").network == Config().network
    rows = RunFolder(mnist_run).history().rows
    assert 2.0 < rows[0].loss < 3.5, "an untrained network is near log(10) = 2.303 or worse"


@pytest.mark.mnist
@pytest.mark.no_cover
def test_speedrun_reaches_its_floor_and_nothing_impossible(mnist_dir: Path, tmp_path: Path) -> None:
    values = {("data", "data_dir"): str(mnist_dir), ("data", "dataset"): "mnist"}
    config = with_values(read_config(find_config("speedrun")), values, "test")
    result = run_training(config, tmp_path / "run")
    # One seed again: the mean less five standard deviations, and above what its network can reach.
    assert 0.975 < result.evaluation.accuracy < 0.99


@pytest.mark.mnist
@pytest.mark.no_cover
def test_a_few_synthetic_digits_alone_teach_to_read_mnist(
    mnist_dir: Path, synthetic_dir: Path, tmp_path: Path
) -> None:
    assert 0.85 < accuracy_on_mnist(mnist_dir, synthetic_dir, tmp_path) < 0.96


@pytest.mark.mnist
@pytest.mark.slow
def test_synthetic_digits_alone_teach_to_read_mnist(mnist_dir: Path, tmp_path: Path) -> None:
    assert 0.93 < accuracy_on_mnist(mnist_dir, tmp_path / "synthetic", tmp_path) < 0.99


def accuracy_on_mnist(mnist_dir: Path, synthetic_dir: Path, tmp_path: Path) -> float:
    """Train on synthetic digits, which are drawn if they are not there, and test on MNIST."""
    values = {("data", "data_dir"): str(synthetic_dir), ("data", "dataset"): "synthetic"}
    config = with_values(read_config(find_config("default")), values, "test")
    result = run_training(config, tmp_path / "run")
    assert result.evaluation.dataset == "synthetic"
    return evaluate(result.directory.model(), load_dataset("mnist", str(mnist_dir)).test).accuracy

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.network import Network
from mnist_scratch.training.trainer import Trainer


def a_trainer(digits: Dataset, **settings: object) -> Trainer:
    values = {
        ("training", "batch_size"): 10,
        ("training", "epochs"): 20,
        ("optimizer", "learning_rate"): 0.01,
        ("schedule", "name"): "constant",
        ("schedule", "warmup"): 0.0,
        ("optimizer", "momentum"): 0.0,
        ("optimizer", "nesterov"): False,
        ("optimizer", "weight_decay"): 0.0,
        **{("training", key): value for key, value in settings.items()},
    }
    network = Network.of_widths((784, 12, 11, 10), "relu", np.random.default_rng(0))
    return Trainer(network, digits, digits, with_values(Config(), values, "test"))


def spoil(trainer: Trainer, step: int, change: Callable[[Network], None]) -> None:
    """Change something in the network after a step's backward."""
    backward = trainer.network.backward

    def spoiled(d_logits: Any) -> None:
        backward(d_logits)
        if trainer.step == step:
            change(trainer.network)

    trainer.network.backward = spoiled  # type: ignore[method-assign]  # a fault, for this test


def put(number: float, layer: int, name: str) -> Callable[[Network], None]:
    def change(network: Network) -> None:
        getattr(network.dense_layers[layer - 1], name).flat[5] = number

    return change


@pytest.mark.parametrize("number", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize(("layer", "shape"), [(2, "12-11"), (3, "11-10")])
@pytest.mark.parametrize("name", ["d_weights", "d_biases"])
def test_a_gradient_that_is_not_finite_stops_the_run_in_the_next_step(
    digits: Dataset, number: float, layer: int, shape: str, name: str
) -> None:
    trainer = a_trainer(digits)
    spoil(trainer, 7, put(number, layer, name))
    array = name.removeprefix("d_")
    with pytest.raises(
        MnistScratchError,
        match=rf"at step \d+ \(epoch \d+, learning rate 0.01\).*\n.*{array} of dense layer {layer} "
        rf"\({shape}\)\.\nTo prevent it, train again with a lower learning rate",
    ):
        trainer.run()
    # A unit at minus infinity is zero after ReLU, and hides until the end of the epoch.
    assert trainer.step == 8 if np.isnan(number) else 8 <= trainer.step <= 10


def test_what_the_loss_does_not_show_is_found_within_a_hundred_steps(digits: Dataset) -> None:
    # The units of the first layer are off for every image: no output depends on their weights.
    trainer = a_trainer(digits, batch_size=1)

    def hide(network: Network) -> None:
        first = network.dense_layers[0]
        first.weights[...] = 0.0
        first.biases[...] = -1.0
        first.d_biases[0] = np.inf  # which moves a bias to minus infinity, further off

    spoil(trainer, 42, hide)
    with pytest.raises(MnistScratchError, match=r"at step 100 [^@]*biases of dense layer 1 "):
        trainer.run()


def test_outputs_that_overflow_are_named_by_their_layer(digits: Dataset) -> None:
    trainer = a_trainer(digits)

    def enlarge(network: Network) -> None:
        network.dense_layers[0].weights[...] = 1e20
        network.dense_layers[1].weights[...] = 1e20

    spoil(trainer, 3, enlarge)
    with pytest.raises(MnistScratchError, match=r"at step 4 [^@]*the outputs of dense layer 2\."):
        trainer.run()


def test_a_state_that_is_not_finite_is_never_saved(digits: Dataset) -> None:
    trainer = a_trainer(digits, check_finite=False)
    trainer.network.parameters[3] = np.nan
    with pytest.raises(MnistScratchError, match="weights of dense layer 1"):
        trainer.state()


def test_without_the_check_the_training_goes_on_until_it_is_validated(digits: Dataset) -> None:
    trainer = a_trainer(digits, check_finite=False, epochs=1)
    spoil(trainer, 2, put(np.nan, 2, "d_weights"))
    with pytest.raises(MnistScratchError, match="the validation loss became NaN or infinite"):
        trainer.run()
    assert trainer.step == 10


def test_a_divergence_that_validation_sees_is_told_as_any_other(digits: Dataset) -> None:
    # One step in the epoch: its loss and what it did to the parameters are finite.
    trainer = a_trainer(digits, batch_size=100)

    def enlarge(network: Network) -> None:
        network.dense_layers[1].weights[...] = 1e30
        network.dense_layers[2].weights[...] = 1e30

    spoil(trainer, 1, enlarge)
    with pytest.raises(
        MnistScratchError,
        match=r"at step 1 \(epoch 1, learning rate 0.01\) the validation loss became",
    ):
        trainer.run()

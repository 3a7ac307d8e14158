from __future__ import annotations

import copy
import dataclasses
import inspect
import math
import pickle
import re
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType

import numpy as np
import pytest

import mnist_scratch
from mnist_scratch.config.schema import (
    UNDISTORTED,
    AugmentationConfig,
    Config,
    OptimizerConfig,
    TrainingConfig,
    with_values,
)
from mnist_scratch.data.dataset import Dataset, split
from mnist_scratch.data.loader import BatchLoader
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import SoftmaxCrossEntropy, SquaredError
from mnist_scratch.nn.network import Network
from mnist_scratch.nn.optimizer import OPTIMIZERS, SGD, Optimizer
from mnist_scratch.nn.schedule import SCHEDULES
from mnist_scratch.training.evaluation import evaluate
from mnist_scratch.training.seeding import generator
from mnist_scratch.training.trainer import Trainer, learning_rates, make_optimizer


def factor_of(config: Config) -> Callable[[float], float]:
    """The learning rate over the peak as a function of progress, at steps of a 5,000th."""
    rates = learning_rates(config, 5000 // config.training.epochs)
    return lambda progress: rates(1 + round(5000 * progress)) / config.optimizer.learning_rate


def configured(**settings: object) -> Config:
    places = {
        "epochs": "training",
        "batch_size": "training",
        "patience": "training",
        "log_every": "training",
        "seed": "training",
        "loss": "training",
        "learning_rate": "optimizer",
        "name": "schedule",
        "warmup": "schedule",
        "step_epochs": "schedule",
        "step_factor": "schedule",
        "momentum": "optimizer",
        "nesterov": "optimizer",
        "weight_decay": "optimizer",
    }
    values = {(places[key], key): value for key, value in settings.items()}
    plain = Config(augmentation=UNDISTORTED)
    return with_values(plain, {("training", "batch_size"): 16, **values}, "test")


def trained(
    digits: Dataset, config: Config, seed: int = 0, hidden: tuple[int, ...] = ()
) -> Trainer:
    network = Network.of_widths((784, *hidden, 10), "relu", np.random.default_rng(seed))
    trainer = Trainer(network, digits, digits, config)
    trainer.run()
    return trainer


def test_training_learns_what_is_easy(digits: Dataset) -> None:
    trainer = trained(digits, configured(epochs=10, learning_rate=0.01))
    assert evaluate(trainer.network, digits).accuracy == 1.0
    losses = [row.loss for row in trainer.history.rows]
    assert losses[0] > 2.0
    assert losses[-1] < 0.1


def test_labels_that_mean_nothing_are_learned_by_heart_and_not_beyond(digits: Dataset) -> None:
    # The impossibly good: with shuffled labels, held-out examples must stay at chance.
    rng = np.random.default_rng(0)
    held_out = Dataset("held out", digits.images[50:], rng.permutation(digits.labels[50:]))
    seen = Dataset("seen", digits.images[:50], rng.permutation(digits.labels[:50]))
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    Trainer(network, seen, seen, configured(epochs=30, learning_rate=0.01)).run()
    assert evaluate(network, seen).accuracy > 0.9
    assert evaluate(network, held_out).accuracy < 0.4


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others(digits: Dataset) -> None:
    def run(seed: int) -> tuple[bytes, list[float]]:
        trainer = trained(digits, configured(epochs=2, seed=seed, learning_rate=0.01))
        return trainer.network.parameters.tobytes(), [row.loss for row in trainer.history.rows]

    assert run(1) == run(1)
    assert run(1) != run(2)


def test_every_step_is_logged_with_its_learning_rate(digits: Dataset) -> None:
    config = configured(epochs=3, learning_rate=0.01, name="cosine", warmup=0.0)
    history = trained(digits, config).history
    assert [row.step for row in history.rows] == list(range(1, 22))
    assert [row.epoch for row in history.rows] == [1] * 7 + [2] * 7 + [3] * 7
    for row in history.rows:
        expected = 0.01 * (1 + math.cos(math.pi * (row.step - 1) / 21)) / 2
        assert row.learning_rate == pytest.approx(expected)
    assert [row.step for row in history.epochs] == [7, 14, 21]


def test_a_logged_loss_is_the_average_since_the_row_before(digits: Dataset) -> None:
    each = trained(digits, configured(epochs=2, learning_rate=0.01)).history.rows
    some = trained(digits, configured(epochs=2, learning_rate=0.01, log_every=3)).history.rows
    assert [row.step for row in some] == [3, 6, 7, 10, 13, 14]
    losses = [row.loss for row in each]
    expected = [losses[0:3], losses[3:6], losses[6:7], losses[7:10], losses[10:13], losses[13:14]]
    assert [row.loss for row in some] == pytest.approx([np.mean(part) for part in expected])


def test_the_first_logged_loss_is_that_of_the_first_batch(digits: Dataset) -> None:
    one_batch = configured(epochs=1, batch_size=100)
    history = trained(digits, one_batch, seed=3).history
    untrained = Network.of_widths((784, 10), "relu", np.random.default_rng(3))
    assert history.rows[0].loss == pytest.approx(evaluate(untrained, digits).loss, rel=1e-5)


def test_training_on_the_squared_error_logs_and_lowers_the_squared_error(digits: Dataset) -> None:
    one_batch = configured(epochs=1, batch_size=100, loss="squared-error")
    first = trained(digits, one_batch, seed=3).history.rows[0].loss
    untrained = Network.of_widths((784, 10), "relu", np.random.default_rng(3))
    assert first == pytest.approx(evaluate(untrained, digits, SquaredError()).loss, rel=1e-5)

    config = configured(epochs=10, learning_rate=0.03, loss="squared-error")
    trainer = trained(digits, config)
    assert trainer.history.rows[-1].loss < 0.1
    best = trainer.history.epochs[trainer.best_epoch - 1]
    assert best.validation_loss == evaluate(trainer.network, digits, SquaredError()).loss
    measured = evaluate(trainer.network, digits)
    assert measured.accuracy == 1.0
    assert measured.loss > best.validation_loss, "an evaluation's loss is cross-entropy"


def test_the_network_ends_with_the_parameters_that_were_best(digits: Dataset) -> None:
    # At this rate without a schedule the accuracy goes up and down from epoch to epoch.
    config = configured(epochs=8, learning_rate=0.3, name="constant", warmup=0.0)
    hard = Dataset("hard", np.roll(digits.images, 2, axis=1), digits.labels)
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    trainer = Trainer(network, digits, hard, config)
    kept = []
    trainer.run(after_epoch=lambda: kept.append(network.parameters.copy()))
    scores = [(row.validation_accuracy, -row.validation_loss) for row in trainer.history.epochs]  # type: ignore[operator]
    best = max(range(8), key=scores.__getitem__)
    assert scores[best] != scores[-1], "this test needs a last epoch that is not the best"
    assert trainer.best_epoch == best + 1
    assert np.array_equal(network.parameters, kept[best])


def test_training_stops_when_patience_ends(digits: Dataset) -> None:
    # The validation labels are another class than all training labels: it only ever gets worse.
    alike = Dataset("alike", digits.images, np.zeros(100, np.uint8))
    other = Dataset("other", digits.images, np.ones(100, np.uint8))
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    trainer = Trainer(network, alike, other, configured(epochs=20, patience=3, learning_rate=0.01))
    trainer.run()
    assert trainer.best_epoch == 1
    assert len(trainer.history.epochs) == 4


def test_a_training_that_diverges_stops_with_an_error_that_says_where(digits: Dataset) -> None:
    config = configured(epochs=50, learning_rate=1e20, name="constant", warmup=0.0)
    with pytest.raises(
        MnistScratchError,
        match=r"at step 2 \(epoch 1, learning rate 1e\+20\) the loss became [^@]*"
        r"outputs of dense layer 2, the logits",
    ):
        trained(digits, config, hidden=(16,))


def test_a_parameter_that_is_not_finite_is_found_at_the_end_of_the_epoch(digits: Dataset) -> None:
    # One step only: its loss is finite, and what it does to the parameters is seen after it.
    config = configured(epochs=1, batch_size=100, learning_rate=1e39, name="constant", warmup=0.0)
    with pytest.raises(MnistScratchError, match=r"at step 1 [^@]*weights of dense layer 1 "):
        trained(digits, config)


@pytest.mark.parametrize(
    ("name", "values"),
    [
        ("constant", {0.05: 0.52, 0.5: 1.0}),
        ("step", {0.05: 0.52, 0.25: 1.0, 0.5: 0.1, 0.9: 0.1}),
        ("cosine", {0.1: 1.0, 0.55: 0.5}),
        ("one-cycle", {0.1: 1.0, 0.55: 0.5, 0.775: 0.25}),
    ],
)
def test_each_schedule_is_the_one_that_the_config_names(
    name: str, values: dict[float, float]
) -> None:
    factor = factor_of(configured(name=name, warmup=0.1, epochs=20, step_epochs=10))
    for progress, expected in values.items():
        assert factor(progress) == pytest.approx(expected)


@pytest.mark.parametrize(
    "settings",
    [
        {"momentum": 0.0, "nesterov": False, "weight_decay": 0.0},
        {"momentum": 0.8, "nesterov": False, "weight_decay": 0.0},
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.0},
        {"momentum": 0.8, "nesterov": True, "weight_decay": 0.1},
    ],
)
def test_the_loop_is_the_one_that_a_learner_writes(
    digits: Dataset, settings: dict[str, float]
) -> None:
    config = configured(epochs=1, learning_rate=0.01, name="constant", warmup=0.0, **settings)
    trainer = trained(digits, config)
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    loss_function = SoftmaxCrossEntropy()
    optimizer = SGD(network, 0.01, **settings)  # type: ignore[arg-type]  # a float for a bool
    for images, targets in BatchLoader(digits, 16, generator(0, "shuffling")):
        loss_function.forward(network.forward(images), targets)
        network.backward(loss_function.backward())
        optimizer.step()
    assert np.array_equal(trainer.network.parameters, network.parameters)


def test_equal_accuracies_are_told_apart_by_the_loss(digits: Dataset) -> None:
    trainer = trained(digits, configured(epochs=8, learning_rate=0.01))
    ends = trainer.history.epochs
    assert [row.validation_accuracy for row in ends[-2:]] == [1.0, 1.0]
    losses = [row.validation_loss for row in ends if row.validation_accuracy == 1.0]
    assert len(losses) > 1
    assert losses == sorted(losses, reverse=True)  # type: ignore[type-var]
    assert trainer.best_epoch == 8


def test_the_drop_of_the_step_schedule_is_the_one_configured() -> None:
    factor = factor_of(configured(name="step", warmup=0.0, epochs=20, step_factor=0.5))
    assert factor(0.6) == 0.5


def test_the_time_of_the_training_is_measured(digits: Dataset) -> None:
    trainer = trained(digits, configured(epochs=2, learning_rate=0.01))
    first, second = (row.seconds for row in trainer.history.epochs)
    assert first is not None
    assert second is not None
    assert 0 < first < second <= trainer.seconds


def test_without_a_momentum_there_is_nothing_to_look_ahead_along() -> None:
    network = Network.of_widths((784, 10), "relu", 0)
    for momentum in (0.0, 0.9):
        optimizer = make_optimizer(network, configured(momentum=momentum, nesterov=True))
        assert isinstance(optimizer, SGD)
        assert optimizer.nesterov == (momentum > 0.0)


@pytest.mark.parametrize("kind", OPTIMIZERS.values())
def test_every_parameter_of_an_optimizer_is_a_setting(kind: type[Optimizer]) -> None:
    settings = {field.name for field in dataclasses.fields(OptimizerConfig)}
    assert inspect.signature(kind).parameters.keys() - {"network"} <= settings


def test_every_setting_of_an_optimizer_is_a_parameter_of_one() -> None:
    parameters = [inspect.signature(kind).parameters for kind in OPTIMIZERS.values()]
    for field in dataclasses.fields(OptimizerConfig):
        assert field.name == "name" or any(field.name in each for each in parameters)


@pytest.mark.parametrize("name", SCHEDULES)
def test_every_parameter_of_a_schedule_is_set(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    given: list[dict[str, float]] = []
    taken = inspect.signature(SCHEDULES[name])

    def kind(progress: float, **options: float) -> float:
        given.append(options)
        return progress

    kind.__signature__ = taken  # type: ignore[attr-defined]
    monkeypatch.setitem(SCHEDULES, name, kind)
    learning_rates(configured(name=name), 7)(1)
    assert [each.keys() for each in given] == [taken.parameters.keys() - {"progress"}]


def test_a_trainer_runs_once(digits: Dataset) -> None:
    trainer = trained(digits, configured(epochs=1, learning_rate=0.01))
    with pytest.raises(ValueError, match="make another"):
        trainer.run()


def test_a_training_step_goes_through_eight_files(digits: Dataset) -> None:
    package = Path(mnist_scratch.__file__).parent
    seen: set[str] = set()

    def note(frame: FrameType, event: str, _: object) -> None:
        path = Path(frame.f_code.co_filename)
        if event == "call" and path.is_relative_to(package):
            seen.add(path.relative_to(package).as_posix())

    network = Network.of_widths((784, 12, 10), "relu", np.random.default_rng(0))
    trainer = Trainer(network, digits, digits, configured(epochs=2, batch_size=20))
    trainer.run(
        after_epoch=lambda: sys.setprofile(note),  # from the second epoch on
        after_step=lambda: sys.setprofile(None),
    )
    sys.setprofile(None)
    around = {f"training/{name}.py" for name in ("progress", "history", "stopping")}
    around.add("system/text.py")  # which progress reads the width of the terminal from
    assert seen - around == {
        "training/trainer.py",
        "data/loader.py",
        "data/dataset.py",
        "nn/network.py",
        "nn/layers.py",
        "nn/loss.py",
        "nn/optimizer.py",
        "nn/schedule.py",
    }


def pickled(trainer: Trainer) -> Trainer:
    again: Trainer = pickle.loads(pickle.dumps(trainer))  # noqa: S301
    return again


def test_a_trainer_does_not_train_one_network_and_evaluate_another(digits: Dataset) -> None:
    other = Network.of_widths((784, 12, 10), "relu", 1)
    for name, value in (("network", other), ("optimizer", SGD(other, 0.1))):
        network = Network.of_widths((784, 12, 10), "relu", 0)
        trainer = Trainer(network, digits, digits, configured(epochs=1, batch_size=20))
        setattr(trainer, name, value)
        with pytest.raises(ValueError, match="the optimizer moves another network"):
            trainer.run()


@pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, pickled])
@pytest.mark.parametrize("steps", [0, 3, 5, 8], ids=lambda steps: f"after step {steps}")
def test_a_copy_trains_to_the_same_bytes_as_the_original_and_leaves_it_alone(
    digits: Dataset, copied: Callable[[Trainer], Trainer], steps: int
) -> None:
    # Five steps an epoch: none done, in the first epoch, between two, in the second.
    config = configured(epochs=3, batch_size=20, log_every=2, learning_rate=0.004)
    config = dataclasses.replace(
        config,
        augmentation=AugmentationConfig(rotation=5.0),
        optimizer=dataclasses.replace(config.optimizer, name="adam"),
    )
    network = Network.of_widths((784, 12, 10), "relu", np.random.default_rng(0))
    training, validation = split(digits, 10, np.random.default_rng(0))
    trainer = Trainer(network, training, validation, config)
    copies = []

    def copy_at_that_step() -> None:
        if trainer.step == steps:
            copies.append(copied(trainer))

    copy_at_that_step()
    trainer.run(copy_at_that_step, copy_at_that_step)
    (other,) = copies
    expected = network.parameters.copy()
    assert not np.array_equal(other.network.parameters, expected)
    other.run()
    assert other.network.parameters.tobytes() == network.parameters.tobytes() == expected.tobytes()
    for ours, theirs in zip(trainer.history.rows, other.history.rows, strict=True):
        assert theirs._replace(seconds=None) == ours._replace(seconds=None)
    assert np.array_equal(trainer.norms, other.norms)


def test_a_copy_of_a_trainer_that_has_run_has_run(digits: Dataset) -> None:
    trainer = trained(digits, configured(epochs=1, learning_rate=0.01))
    with pytest.raises(ValueError, match="this trainer has run; make another"):
        copy.deepcopy(trainer).run()


def test_what_a_trainer_cannot_use_is_named(digits: Dataset) -> None:
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    for arguments, message in {
        (
            digits,
            network,
            digits,
            Config(),
        ): r"^Trainer\(network, .*\): network must be a Netw",
        (network, None, digits, Config()): "training must be a Dataset or a Subset, not NoneType",
        (network, digits, Config(), digits): "validation must be a Dataset or a Subset, not Config",
        (network, digits, digits, Config): "config = <class .*: must be a Config, as in Trainer",
        (network, digits, digits, TrainingConfig()): "config = TrainingConfig.*: must be a Config",
    }.items():
        with pytest.raises(TypeError, match=message):
            Trainer(*arguments)  # type: ignore[arg-type]
    letters = Network.of_widths((784, 26), "relu", np.random.default_rng(0))
    with pytest.raises(ValueError, match="the network is 784-26: it must take 784 pixels and giv"):
        Trainer(letters, digits, digits, Config())
    trainer = Trainer(network, digits, digits, configured(epochs=1))
    with pytest.raises(TypeError, match="after_epoch = None: must be a function without parameter"):
        trainer.run(after_epoch=None)  # type: ignore[arg-type]
    with pytest.raises(TypeError, match=r"after_epoch = .*: must be a function without"):
        trainer.run(after_epoch=lambda epoch: epoch)  # type: ignore[misc, arg-type]
    trainer.run()  # which the refusal has not begun


def test_a_trainer_shows_how_far_it_is(digits: Dataset) -> None:
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    trainer = Trainer(network, digits, digits, configured(epochs=3, learning_rate=0.01))
    assert repr(trainer) == f"Trainer({network!r}, 0 of 3 epochs)"
    assert repr(trainer.history) == "History(0 rows, 0 epochs)"
    trainer.run()
    assert re.search(r", 3 of 3 epochs, best \d+\.\d\d% in epoch [123]\)$", repr(trainer))
    assert repr(trainer.history) == "History(21 rows, 3 epochs)"

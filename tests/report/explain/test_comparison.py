from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from helpers.untraced import untraced

from mnist_scratch.data.dataset import Dataset, Examples
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import softmax
from mnist_scratch.report.explain import comparison
from mnist_scratch.report.explain.comparison import (
    COMPARED,
    Comparison,
    compare_losses,
    sample,
    start_network,
)
from mnist_scratch.training.trainer import Trainer


@pytest.fixture(scope="module")
def training(synthetic_dir: Path) -> Examples:
    return load_dataset("synthetic", str(synthetic_dir)).training


@pytest.fixture(scope="module")
def on_synthetic(training: Examples) -> Comparison:
    return untraced(compare_losses)(training, lambda _: None)


class Recorder(Trainer):
    """Records what it would train with, without training."""

    seen: list[tuple[str, npt.NDArray[np.floating], list[npt.NDArray[np.float32]]]]

    def run(
        self,
        after_epoch: Callable[[], object] = lambda: None,
        after_step: Callable[[], object] = lambda: None,
    ) -> None:
        batches = [images.copy() for _ in range(2) for images, _ in self.loader]
        parameters = self.network.parameters.copy()
        self.seen.append((self.config.training.loss, parameters, batches))


def test_both_losses_start_from_the_same_parameters_and_see_the_same_batches(
    training: Examples, monkeypatch: pytest.MonkeyPatch
) -> None:
    Recorder.seen = []
    monkeypatch.setattr(comparison, "Trainer", Recorder)
    monkeypatch.setattr(comparison, "TRAINING_EXAMPLES", 200)
    said: list[str] = []
    compare_losses(training, said.append)
    assert [loss for loss, _, _ in Recorder.seen] == [*COMPARED, *COMPARED]
    assert said[1] == "squared-error, starting confidently wrong:"
    assert said[2] == "cross-entropy, starting as usual:"
    _, confident, batches = Recorder.seen[0]
    _, ordinary, _ = Recorder.seen[2]
    for number, (_, parameters, seen) in enumerate(Recorder.seen):
        assert np.array_equal(parameters, confident if number < 2 else ordinary)
        assert len(seen) == len(batches) == 8
        assert all(np.array_equal(*pair) for pair in zip(seen, batches, strict=True))
    # One number makes an ordinary start confident of 0: the bias of its logit, ten before the end.
    assert np.flatnonzero(confident != ordinary).tolist() == [len(confident) - 10]
    assert (confident[-10], ordinary[-10]) == (comparison.CONFIDENT_BIAS, 0.0)


def test_the_confident_start_gives_nearly_every_image_to_class_0(training: Examples) -> None:
    rest, validation = sample(training)
    assert (len(rest), len(validation)) == (6400, 2000)
    images = ((validation.images.reshape(2000, 784) / 255.0 - 0.1307) / 0.3081).astype(np.float32)
    predictions = softmax(start_network(comparison.CONFIDENT_BIAS, 10).forward(images))
    assert np.median(predictions[:, 0]) > 0.9999


def check_the_plateau(compared: Comparison, learnt: float) -> None:
    """`learnt`: the accuracy that a network has reached after 200 steps if it learns at all."""
    cross_entropy, squared = compared.confidently_wrong
    assert (cross_entropy.loss, squared.loss) == ("cross-entropy", "squared-error")
    assert cross_entropy.start_accuracy == squared.start_accuracy < 0.15
    assert cross_entropy.accuracies[2] > learnt
    assert squared.accuracies[2] < 0.15
    early = [row.loss for row in squared.history.rows if row.step <= 200]
    assert min(early) > 0.9 * squared.start_loss, "flat"
    assert cross_entropy.history.rows[19].loss < 0.15 * cross_entropy.start_loss
    assert cross_entropy.accuracies[-1] > squared.accuracies[-1] + 0.02


def check_the_ordinary_start(compared: Comparison, learnt: float) -> None:
    cross_entropy, squared = compared.ordinary
    assert cross_entropy.accuracies[2] > learnt
    assert squared.accuracies[2] > learnt - 0.05
    assert abs(cross_entropy.accuracies[-1] - squared.accuracies[-1]) < 0.03


def test_confidently_wrong_squared_error_is_stuck_where_cross_entropy_learns(
    on_synthetic: Comparison,
) -> None:
    check_the_plateau(on_synthetic, learnt=0.55)


def test_from_an_ordinary_start_squared_error_does_nearly_as_well(
    on_synthetic: Comparison,
) -> None:
    check_the_ordinary_start(on_synthetic, learnt=0.55)


def test_the_curves_begin_before_the_first_step(on_synthetic: Comparison) -> None:
    for learning in (*on_synthetic.confidently_wrong, *on_synthetic.ordinary):
        assert len(learning.accuracies) == 13
        assert [row.step for row in learning.history.rows] == list(range(10, 1201, 10))
    # A confident error costs its logit gap, about 15 less what the image adds, or just below 2.
    cross_entropy, squared = on_synthetic.confidently_wrong
    assert 10.0 < cross_entropy.start_loss < 16.0
    assert 1.7 < squared.start_loss < 1.9
    assert on_synthetic.dataset == "synthetic"


@pytest.mark.mnist
@pytest.mark.no_cover
def test_the_plateau_is_there_on_mnist(mnist_dir: Path) -> None:
    compared = compare_losses(load_dataset("mnist", str(mnist_dir)).training, lambda _: None)
    check_the_plateau(compared, learnt=0.85)
    check_the_ordinary_start(compared, learnt=0.85)


def test_too_few_images_to_compare_on_are_an_error(digits: Dataset) -> None:
    with pytest.raises(MnistScratchError, match=r"digits has 100 training images; .* 8,400"):
        compare_losses(digits, lambda _: None)

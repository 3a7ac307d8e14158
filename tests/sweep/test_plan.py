"""The plan of a sweep, and the figures that come of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from mnist_scratch.config.schema import Config, DataConfig
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.runs import threads
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.sweep.grid import Combination, combinations, read_variation
from mnist_scratch.sweep.plan import SweepRun, fitting_jobs, plan_runs
from mnist_scratch.sweep.results import Figures, Result, Spread, best


@pytest.fixture
def config(digit_files: Path) -> Config:
    return Config(data=DataConfig(dataset="files", data_dir=str(digit_files)))


def planned(config: Config, folder: Path, *texts: str, most: int | None = None) -> list[SweepRun]:
    compared = combinations(config, [read_variation(text) for text in texts])
    return plan_runs(compared, 2, folder, most)


def test_all_combinations_get_the_first_seed_before_any_gets_the_second(
    config: Config, tmp_path: Path
) -> None:
    runs = planned(config, tmp_path, "optimizer.learning_rate=0.1,0.2")
    assert [(run.path.name, run.combination, run.config.training.seed) for run in runs] == [
        ("learning_rate=0.1-seed-000", 0, 0),
        ("learning_rate=0.2-seed-000", 1, 0),
        ("learning_rate=0.1-seed-001", 0, 1),
        ("learning_rate=0.2-seed-001", 1, 1),
    ]
    assert [run.config.optimizer.learning_rate for run in runs] == [0.1, 0.2, 0.1, 0.2]


def test_threads_are_shared_out_unless_their_number_is_given(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in threads._VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(threads, "usable_cpus", lambda: 8)
    tried: list[Config] = []

    def try_numbers(config: Config, numbers: Sequence[int]) -> threads.Threads:
        tried.append(config)
        return threads.Threads(numbers[-1] if config.network.hidden else 1, {})

    monkeypatch.setattr(threads, "_try", try_numbers)
    monkeypatch.setattr("mnist_scratch.sweep.plan.usable_cpus", lambda: 8)
    small = replace(config, network=replace(config.network, hidden=()))
    for asked, most, expected in (
        (config, None, 8),
        (config, 3, 3),
        (small, None, 1),
        (small, 3, 1),
        (replace(config, training=replace(config.training, threads=5)), 3, 5),
    ):
        runs = planned(asked, tmp_path, most=most)
        assert {run.config.training.threads for run in runs} == {expected}
        assert fitting_jobs(runs) == 8 // expected
    tried.clear()
    variations = ("optimizer.learning_rate=0.1,0.2", "network.hidden=[100],[]")
    runs = planned(config, tmp_path, *variations)
    assert [run.config.training.threads for run in runs] == [8, 1] * 4
    assert fitting_jobs(runs) == 1
    assert [config.network.hidden for config in tried] == [(100,), ()], "once for each kind of step"
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "4")
    assert planned(config, tmp_path, most=3)[0].config.training.threads == 4


def test_a_run_that_exists_keeps_its_threads(config: Config, tmp_path: Path) -> None:
    began = replace(config, training=replace(config.training, threads=7))
    RunFolder.create(
        tmp_path / "seed-001", replace(began, training=replace(began.training, seed=1))
    )
    first, second = planned(config, tmp_path, most=1)
    assert (first.config.training.threads, second.config.training.threads) == (1, 7)
    other = replace(config, training=replace(config.training, threads=6))
    with pytest.raises(MnistScratchError, match=r"threads \(--threads\): 7, now 6"):
        planned(other, tmp_path)


def test_a_folder_with_another_run_or_other_things_is_named_before_anything_runs(
    config: Config, tmp_path: Path
) -> None:
    first, _ = planned(config, tmp_path)
    RunFolder.create(first.path, first.config)
    assert planned(config, tmp_path)[0].config == first.config
    longer = replace(config, training=replace(config.training, epochs=9))
    with pytest.raises(MnistScratchError) as caught:
        planned(longer, tmp_path)
    assert str(caught.value) == (
        f"{first.path} is a run with another config:\n  [training] epochs (--epochs): 4, now 9\n"
        "Name another folder for this sweep (--run)."
    )
    (tmp_path / "other" / "seed-001").mkdir(parents=True)
    (tmp_path / "other" / "seed-001" / "letter.txt").touch()
    with pytest.raises(MnistScratchError, match="exists already and is not overwritten"):
        planned(config, tmp_path / "other")


def test_more_than_ten_thousand_runs_are_refused(config: Config, tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"more than 10,000\s+runs"):
        plan_runs(combinations(config, []), 10**12, tmp_path, None)


def test_combinations_that_would_share_a_folder_are_refused(config: Config, tmp_path: Path) -> None:
    compared = [Combination({"data.data_dir": name}, config) for name in ("a", "A")]
    with pytest.raises(MnistScratchError, match="two combinations would share the folder"):
        plan_runs(compared, 1, tmp_path, None)


def test_mean_and_errors_are_those_of_statistics_by_hand() -> None:
    spread = Spread.of([0.90, 0.92, 0.97])
    # Deviations -0.03, -0.01, 0.04: squares sum to 0.0026, over n - 1 = 2 is 0.0013.
    assert spread.mean == pytest.approx(0.93)
    assert spread.standard_deviation == pytest.approx(0.0013**0.5)
    assert spread.standard_error == pytest.approx((0.0013 / 3) ** 0.5)
    assert (spread.minimum, spread.maximum) == (0.90, 0.97)
    assert Spread.of([0.5]) == (0.5, None, None, 0.5, 0.5)


def test_the_best_is_chosen_by_validation_among_those_that_are_complete() -> None:
    def result(validation: float, test: float, unfinished: int = 0) -> Result:
        run = Figures("", 0, 1, validation, test, 0.1, 1.0, 1)
        return Result(
            Combination({"training.epochs": validation}, Config()), [run], ["x"] * unfinished
        )

    good_on_test, good, incomplete = result(0.90, 0.99), result(0.95, 0.91), result(0.99, 0.99, 1)
    assert best([good_on_test, good, incomplete]) is good
    assert best([incomplete, incomplete]) is None
    assert best([good]) is None, "one combination is not the best of any"

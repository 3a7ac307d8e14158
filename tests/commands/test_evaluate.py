"""`mnist-scratch evaluate` on runs that were trained on a hundred digits."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from mnist_scratch.cli import main
from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.runs.run import run_training


class Runs(NamedTuple):
    run: Path  # trained on the digits in `own`
    other: Path  # trained on their negatives


def write_files(folder: Path, images: np.ndarray, labels: np.ndarray) -> Path:
    folder.mkdir()
    for name, array in zip(FILE_NAMES, 2 * (images, labels), strict=True):
        (folder / name).write_bytes(format_idx(array))
    return folder


def train(path: Path, data: Path) -> None:
    values: dict[tuple[str, str], Any] = {
        ("data", "dataset"): "files",
        ("data", "data_dir"): str(data),
        ("data", "validation_examples"): 20,
        ("network", "hidden"): [16],
        ("training", "epochs"): 1,
        ("training", "batch_size"): 10,
    }
    run_training(with_values(Config(), values, "test"), path)


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The two runs and their data, to be copied."""
    folder = tmp_path_factory.mktemp("evaluate")
    rng = np.random.default_rng(5)
    labels = np.repeat(np.arange(10, dtype=np.uint8), 10)
    images = rng.integers(0, 60, (100, 28, 28), dtype=np.uint8)
    images[np.arange(100), 2 * labels + 4] = 200
    train(folder / "run", write_files(folder / "own", images, labels))
    train(folder / "other", write_files(folder / "negatives", 255 - images, labels))
    write_files(folder / "few", 255 - images[::8], labels[::8])
    return folder


@pytest.fixture
def runs(trained: Path, tmp_path: Path) -> Runs:
    return Runs(
        *(Path(shutil.copytree(trained / name, tmp_path / name)) for name in ("run", "other"))
    )


def test_augmentation_stands_beside_the_plain_figures_and_is_reproducible(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    written = runs.run / "evaluation.json"
    plain = json.loads(written.read_text())
    assert main(["evaluate", str(runs.run), "--tta", "3"]) == 0
    assert "\nwith --tta 3   " in capsys.readouterr().out
    first = written.read_bytes()
    assert main(["evaluate", str(runs.run), "--tta", "3"]) == 0
    assert written.read_bytes() == first
    values = json.loads(first)
    with_tta = values.pop("with_tta")
    assert values == plain
    assert with_tta["versions"] == 3
    assert with_tta["loss"] != plain["loss"]
    assert main(["evaluate", str(runs.run)]) == 0
    assert json.loads(written.read_text()) == plain


@pytest.mark.parametrize("versions", ["0", "1001"])
def test_a_number_of_versions_out_of_range_is_refused(
    runs: Runs, versions: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(runs.run), "--tta", versions]) == 2
    assert f"--tta {versions}: must be from 1 to 1,000" in capsys.readouterr().err


def test_a_run_without_a_finished_epoch_is_refused_with_how_to_resume_it(
    runs: Runs, capsys: pytest.CaptureFixture[str]
) -> None:
    history = runs.run / "history.csv"
    history.write_text("".join(history.read_text().splitlines(keepends=True)[:2]))
    assert main(["evaluate", str(runs.run)]) == 2
    errors = capsys.readouterr().err
    assert errors.startswith(f"mnist-scratch: {history} has no finished epoch; ")
    assert errors.endswith(f"mnist-scratch train --resume {runs.run}\n")


@pytest.mark.parametrize(
    ("second", "message"),
    [
        ("other", "different files of files; choose the test images to evaluate on with --dataset"),
        ("absent", "absent is not the folder of a run"),
    ],
)
def test_runs_that_are_no_ensemble_are_refused_with_what_to_do(
    runs: Runs, second: str, message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(runs.run), str(runs.run.with_name(second))]) == 2
    output, errors = capsys.readouterr()
    assert output == ""
    assert message in errors


def test_an_ensemble_is_evaluated_on_named_data_and_writes_nothing_into_its_runs(
    runs: Runs, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = [(run / "evaluation.json").read_bytes() for run in runs]
    arguments = ["evaluate", *map(str, runs), "--dataset", "files"]
    arguments += ["--data-dir", str(trained / "own"), "--tta", "2"]
    assert main(arguments) == 0
    text = capsys.readouterr().out
    assert text.startswith("accuracy    --tta 2     run\n")
    assert "\nensemble       2 runs\ndata set       files\n" in text
    assert main([*arguments, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    assert [run["run"] for run in values["runs"]] == list(map(str, runs))
    assert values["with_tta"].keys() == values["runs"][0]["with_tta"].keys()
    assert values["examples"] == 100
    assert [(run / "evaluation.json").read_bytes() for run in runs] == before


def test_misclassified_images_are_drawn_and_counted(
    runs: Runs, trained: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    picture = runs.run / "errors.png"
    few = ["--dataset", "files", "--data-dir", str(trained / "few")]
    arguments = ["evaluate", str(runs.run), *few, "--mistakes", str(picture)]
    assert main(arguments) == 0
    assert picture.read_bytes().startswith(b"\x89PNG")
    text = capsys.readouterr().out
    assert main([*arguments, "--json"]) == 0
    values = json.loads(capsys.readouterr().out)
    errors = 13 - sum(values["confusion"][digit][digit] for digit in range(10))
    assert values["mistakes"] == {"picture": str(picture), "images": errors}
    assert f"misclassified  {errors}, all in {picture}\n" in text

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine, refused, succeeded

from mnist_scratch.data.idx import format_idx, parse_idx
from mnist_scratch.data.sources.registry import FILE_NAMES
from mnist_scratch.runs.folder import RunFolder


@pytest.fixture
def other_run(finished_run: Path) -> Path:
    """A run that says it was trained on other files."""
    other = Path(shutil.copytree(finished_run, finished_run.with_name("other")))
    environment = json.loads((other / "environment.json").read_text())
    environment["data_sha256"] = dict.fromkeys(environment["data_sha256"], "0" * 64)
    (other / "environment.json").write_text(json.dumps(environment))
    return other


def test_augmentation_stands_beside_the_plain_figures_and_is_reproducible(
    main: CommandLine, finished_run: Path
) -> None:
    written = finished_run / "evaluation.json"
    plain = json.loads(written.read_text())
    result = main("evaluate", finished_run, "--tta", "3")
    assert result.returncode == 0, result.stderr
    assert "\nwith --tta 3   " in result.stdout
    first = written.read_bytes()
    assert main("evaluate", finished_run, "--tta", "3").returncode == 0
    assert written.read_bytes() == first
    values = json.loads(first)
    with_tta = values.pop("with_tta")
    assert values == plain
    assert with_tta["versions"] == 3
    assert with_tta["loss"] != plain["loss"]
    assert main("evaluate", finished_run).returncode == 0
    assert json.loads(written.read_text()) == plain


@pytest.mark.parametrize("versions", ["0", "1001"])
def test_a_number_of_versions_out_of_range_is_refused(
    main: CommandLine, finished_run: Path, versions: str
) -> None:
    result = main("evaluate", finished_run, "--tta", versions)
    assert (result.returncode, result.stdout) == (2, "")
    assert f"--tta {versions}: must be from 1 to 1,000" in result.stderr


def test_a_run_without_a_finished_epoch_is_refused_with_how_to_resume_it(
    main: CommandLine, finished_run: Path
) -> None:
    history = finished_run / "history.csv"
    history.write_text("".join(history.read_text().splitlines(keepends=True)[:2]))
    result = main("evaluate", finished_run)
    assert result.returncode == 2
    assert result.stderr.startswith(f"mnist-scratch: {history} has no finished epoch; ")
    assert result.stderr.endswith(f"mnist-scratch train --resume {finished_run}\n")


def test_runs_that_are_no_ensemble_are_refused_with_what_to_do(
    main: CommandLine, finished_run: Path, other_run: Path
) -> None:
    for second, message in (
        (other_run, "different files of files; choose the test images to evaluate on"),
        (Path("absent"), "absent is not the folder of a run"),
    ):
        result = main("evaluate", finished_run, second)
        assert (result.returncode, result.stdout) == (2, "")
        assert message in result.stderr


def test_an_ensemble_is_evaluated_on_named_data_and_writes_nothing_into_its_runs(
    main: CommandLine, finished_run: Path, other_run: Path, digit_files: Path
) -> None:
    runs = (finished_run, other_run)
    before = [(run / "evaluation.json").read_bytes() for run in runs]
    evaluate = ("evaluate", *runs, "--dataset", "files", "--data-dir", digit_files, "--tta", "2")
    text = main(*evaluate).stdout
    assert text.startswith("accuracy    --tta 2     run\n")
    assert "\nensemble       2 runs\ndata set       files\n" in text
    assert all(len(line) <= 80 or str(finished_run.parent) in line for line in text.splitlines())
    values = json.loads(main(*evaluate, "--json").stdout)
    assert [run["run"] for run in values["runs"]] == list(map(str, runs))
    assert {run["accuracy"] for run in values["runs"]} == {values["accuracy"]}
    assert values["with_tta"].keys() == values["runs"][0]["with_tta"].keys()
    assert [(run / "evaluation.json").read_bytes() for run in runs] == before


def test_misclassified_images_are_drawn_and_counted(
    main: CommandLine, finished_run: Path, digit_files: Path, tmp_path: Path
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for name in FILE_NAMES:
        array = parse_idx((digit_files / name).read_bytes(), name)
        (few / name).write_bytes(format_idx(array[:12]))
    evaluate = (
        *("evaluate", finished_run, "--dataset", "files", "--data-dir", few),
        *("--mistakes", tmp_path / "errors.png"),
    )
    text = main(*evaluate).stdout
    assert (tmp_path / "errors.png").read_bytes().startswith(b"\x89PNG")
    values = json.loads(main(*evaluate, "--json").stdout)
    errors = 12 - int(np.trace(values["confusion"]))
    assert errors > 0
    assert values["mistakes"] == {"picture": str(tmp_path / "errors.png"), "images": errors}
    assert f"misclassified  {errors}, all in {tmp_path / 'errors.png'}\n" in text


@pytest.mark.mnist
def test_a_run_on_other_data_says_so_and_keeps_its_own_evaluation(
    main: CommandLine, finished_run: Path, mnist_dir: Path
) -> None:
    own = (finished_run / "evaluation.json").read_bytes()
    result = main("evaluate", "run", "--dataset", "mnist", "--data-dir", mnist_dir)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("trained on     files\ndata set       mnist\n")
    beside = json.loads((finished_run / "evaluation-mnist.json").read_text())
    assert beside["dataset"] == "mnist"
    assert (finished_run / "evaluation.json").read_bytes() == own


@pytest.mark.parametrize("command", ["evaluate", "report"])
def test_a_run_without_a_model_says_so_before_data_are_drawn_or_fetched(
    main: CommandLine, tmp_path: Path, command: str
) -> None:
    (tmp_path / "run").mkdir()
    (tmp_path / "run" / "config.toml").write_text('[data]\ndataset = "auto"\n')
    message = refused(main(command, "run"))
    assert message == (
        "mnist-scratch: run has no model.npz: no epoch is finished yet; "
        "resume it with: mnist-scratch train --resume run\n"
    )
    assert sorted(path.name for path in tmp_path.iterdir()) == ["run"]


def test_a_run_that_diverged_is_evaluated_with_a_word_about_it_and_what_to_do(
    main: CommandLine, finished_run: Path
) -> None:
    message = "the training has diverged: at step 5.\nStart a new run with a lower --learning-rate."
    RunFolder(finished_run).write_divergence(message)
    answer = main("evaluate", "run")
    assert "test accuracy" in answer.stdout
    assert answer.stderr.startswith(
        f"run: {message}\nWhat is evaluated is the model of its best ep"
    )


def test_the_file_that_an_evaluation_writes_is_named(main: CommandLine, finished_run: Path) -> None:
    assert succeeded(main("evaluate", "run")).endswith(f"\n{Path('run', 'evaluation.json')}\n")

"""The command line as a user has it: as a process, in an empty folder, without a network."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine
from matplotlib import image

from mnist_scratch.cli import main
from mnist_scratch.config.schema import settings
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.sources.registry import FILE_NAMES

QUICK = ("--epochs", "1", "--hidden", "16")


@pytest.fixture
def finished_run(command_line: CommandLine, synthetic_dir: Path, tmp_path: Path) -> Path:
    arguments = ("--dataset", "synthetic", "--data-dir", synthetic_dir, "--run", "run")
    result = command_line("train", *QUICK, *arguments)
    assert result.returncode == 0, result.stderr
    return tmp_path / "run"


def test_train_ends_with_a_summary_and_leaves_a_run(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    arguments = ("--dataset", "synthetic", "--data-dir", synthetic_dir)
    result = command_line("train", *QUICK, *arguments)
    assert result.returncode == 0, result.stderr
    lines = result.stdout.splitlines()
    assert len(lines) == 5
    assert lines[0].startswith("data set       synthetic")
    accuracy = (
        r"test accuracy  \d\d\.\d\d% of 10,000 images \(95% interval \d\d\.\d\d% to \d\d\.\d\d%\)$"
    )
    assert re.match(accuracy, lines[1])
    assert re.match(r"test loss      0\.\d{4}$", lines[2])
    assert re.match(r"training       \d+\.\d s; the best epoch was 1$", lines[3])
    run = tmp_path / lines[4].removeprefix("run").strip()
    assert run.parent == tmp_path / "runs"
    assert (run / "loss_curve.png").exists()
    assert 'dataset = "synthetic"' in (run / "config.toml").read_text()
    assert "epoch 1/1" in result.stderr
    assert "\r" not in result.stderr, "bars belong on a terminal"
    assert all(len(line) <= 80 for line in lines)


def test_report_writes_a_page_and_its_pictures(
    command_line: CommandLine, finished_run: Path
) -> None:
    result = command_line("report", "run")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout == f"{Path('run', 'report.html')}\n"
    assert (finished_run / "report" / "confusion.png").exists()


def test_train_prints_json_alone_on_standard_output(
    command_line: CommandLine, synthetic_dir: Path
) -> None:
    arguments = ("--dataset", "synthetic", "--data-dir", synthetic_dir, "--run", "here", "--json")
    result = command_line("train", *QUICK, *arguments)
    values = json.loads(result.stdout)
    assert values["run"] == "here"
    assert values["dataset"] == "synthetic"
    assert values["examples"] == 10_000
    assert 0 < values["accuracy"] <= 1


def test_flags_replace_what_the_recipe_says(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    arguments = ("--dataset", "synthetic", "--data-dir", synthetic_dir, "--run", "run")
    flags = ("--config", "minimal", "--epochs", "1", "--batch-size", "500", "--no-nesterov")
    result = command_line("train", *flags, *arguments)
    assert result.returncode == 0, result.stderr
    written = (tmp_path / "run" / "config.toml").read_text()
    assert "hidden = []" in written, "from the recipe"
    assert "epochs = 1\nbatch_size = 500\n" in written
    assert "nesterov = false" in written


def test_evaluate_says_what_train_said(
    command_line: CommandLine, finished_run: Path, synthetic_dir: Path
) -> None:
    before = (finished_run / "evaluation.json").read_bytes()
    trained = json.loads(before)
    result = command_line("evaluate", finished_run, "--json")
    assert result.returncode == 0, result.stderr
    values = json.loads(result.stdout)
    assert values.pop("trained_on") == "synthetic"
    assert values == {key: trained[key] for key in values}
    assert {"dataset", "examples", "loss", "accuracy"} <= set(values)
    shown = command_line(
        "evaluate", finished_run, "--dataset", "synthetic", "--data-dir", synthetic_dir
    )
    assert shown.stdout.splitlines()[0].startswith("data set       synthetic")
    assert f"{values['accuracy']:.2%} of 10,000" in shown.stdout
    assert re.search(r"^calibration    expected error \d+\.\d\d%; ", shown.stdout, re.MULTILINE)
    assert len(re.findall(r"^\d( +\d+\.\d\d%){3} ", shown.stdout, re.MULTILINE)) == 10
    assert len(re.findall(r"^true \d  predicted \d ", shown.stdout, re.MULTILINE)) == 5
    assert all(len(line) <= 80 for line in shown.stdout.splitlines())
    assert (finished_run / "evaluation.json").read_bytes() == before


def test_plot_draws_one_run_or_several(
    command_line: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    (finished_run / "loss_curve.png").unlink()
    result = command_line("plot", "run")
    assert result.stdout == f"{Path('run', 'loss_curve.png')}\n"
    assert image.imread(finished_run / "loss_curve.png").shape == (900, 1200, 4)
    result = command_line("plot", "run", "run")
    path, _, table = result.stdout.partition("\n\n")
    assert path == "comparison.png"
    assert table.endswith("Their configs are the same.\n")
    result = command_line("plot", "run", "run", "--output", "new/other.png")
    assert (tmp_path / "new" / "other.png").read_bytes() == (
        tmp_path / "comparison.png"
    ).read_bytes()


def test_pictures_do_not_care_which_windows_matplotlib_is_told_to_open(
    command_line: CommandLine, finished_run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (finished_run / "loss_curve.png").unlink()
    monkeypatch.setenv("MPLBACKEND", "nonsense")
    command_line("plot", "run")
    assert (finished_run / "loss_curve.png").exists()


def test_explain_goes_from_logits_to_loss_on_standard_output(command_line: CommandLine) -> None:
    result = command_line("explain", "--logits", "1.2", "0.9", "3.1", "--target", "2")
    assert (result.returncode, result.stderr) == (0, "")
    assert "-log p[2] = -log 0.793417 = 0.231407" in result.stdout
    assert all(len(line) <= 80 for line in result.stdout.splitlines())


def test_explain_takes_negative_and_masked_logits(capsys: pytest.CaptureFixture[str]) -> None:
    logits = ["-1.5", "2", "-inf", "-1e0", "-.5", "-INF"]
    assert main(["explain", "--target", "1", "--json", "--logits", *logits]) == 0
    values = json.loads(capsys.readouterr().out)
    assert values["logits"] == [-1.5, 2.0, "-inf", -1.0, -0.5, "-inf"]
    assert values["predictions"][2] == values["predictions"][5] == 0.0
    total = np.exp([-3.5, 0.0, -3.0, -2.5]).sum()
    assert values["loss"] == pytest.approx(np.log(total), rel=1e-14)


def test_explain_draws_test_images_of_a_run(
    command_line: CommandLine, finished_run: Path, synthetic_dir: Path, tmp_path: Path
) -> None:
    result = command_line("explain", "run", "--worst", "2")
    assert result.returncode == 0, result.stderr
    path, *lines = result.stdout.splitlines()
    assert path == str(Path("run", "explanation.png"))
    assert image.imread(tmp_path / path).shape == (948, 1440, 4)
    assert len(lines) == 2
    result = command_line("explain", "run", "--worst", "2", "--json", "--output", "new/picture.png")
    values = json.loads(result.stdout)
    assert (tmp_path / "new" / "picture.png").read_bytes() == (tmp_path / path).read_bytes()
    assert (values["picture"], values["dataset"]) == (str(Path("new/picture.png")), "synthetic")
    first, second = (values["images"][place] for place in (0, 1))
    assert first["fused_loss"] >= second["fused_loss"] > 1.0
    assert lines[0].startswith(f"image {first['index']}: a {first['target']}, read as a ")
    labels = load_dataset("synthetic", str(synthetic_dir)).test.labels
    assert first["target"] == labels[first["index"]]
    # A run can stand behind flags too, and several images can be asked for.
    numbers = ("--index", "17", "--index", str(first["index"]))
    result = command_line("explain", *numbers, "run", "--output", "asked.png")
    assert result.stdout.splitlines()[0] == "asked.png"
    assert result.stdout.splitlines()[1].startswith(f"image 17: a {labels[17]}, read")
    assert result.stdout.splitlines()[2] == lines[0]
    # What is shown is cross-entropy's, also of a run that was trained with another loss.
    assert (values["trained_with"], result.stderr) == ("cross-entropy", "")
    config = tmp_path / "run" / "config.toml"
    config.write_text(config.read_text().replace('"cross-entropy"', '"squared-error"'))
    result = command_line("explain", *numbers, "run", "--json", "--output", "asked.png")
    assert json.loads(result.stdout)["trained_with"] == "squared-error"
    result = command_line("explain", *numbers, "run", "--output", "asked.png")
    assert result.stdout.splitlines()[2] == lines[0]
    assert result.stderr == (
        "run was trained with squared-error; losses and pushes are those of cross-entropy\n"
    )
    result = command_line("explain", "run", "--index", "10000")
    assert (result.returncode, result.stdout) == (2, "")
    message = "mnist-scratch: --index 10000: the test images of synthetic are 0 to 9999\n"
    assert result.stderr == message


def test_explain_draws_curves_where_mnist_cannot_be_had(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "synthetic").symlink_to(synthetic_dir)
    result = command_line("explain", "--curves", "--json")
    assert result.returncode == 0, result.stderr
    values = json.loads(result.stdout)
    assert (values["picture"], values["dataset"]) == ("cross_entropy_curves.png", "synthetic")
    assert image.imread(tmp_path / values["picture"]).shape == (1560, 1560, 4)
    assert values["sure_and_wrong"]["squared-error"]["steps"] == list(range(0, 1201, 100))
    assert result.stderr.count("training 784-30-10 on 6,400 images of synthetic") == 4


@pytest.mark.mnist
def test_the_worst_images_of_mnist_are_those_with_the_largest_loss(
    command_line: CommandLine, mnist_dir: Path, tmp_path: Path
) -> None:
    at_hand = {"MNIST_SCRATCH_DATA": str(mnist_dir)}
    command_line("train", *QUICK, "--run", "run", environment=at_hand)
    result = command_line("explain", "run", "--worst", "5", "--json", environment=at_hand)
    assert result.returncode == 0, result.stderr
    values = json.loads(result.stdout)
    test = load_dataset("mnist", str(mnist_dir)).test
    # The forward pass written out, in float64.
    model = np.load(tmp_path / "run" / "model.npz")
    outputs = (test.images.reshape(-1, 784) / 255.0 - 0.1307) / 0.3081
    outputs = np.maximum(outputs @ model["dense_1.weights"] + model["dense_1.biases"], 0.0)
    logits = outputs @ model["dense_2.weights"] + model["dense_2.biases"]
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(10_000), test.labels]
    worst = np.argsort(-losses)[:5]
    assert [shown["index"] for shown in values["images"]] == worst.tolist()
    shown_losses = [shown["fused_loss"] for shown in values["images"]]
    np.testing.assert_allclose(shown_losses, losses[worst], rtol=1e-4)


def test_auto_trains_on_synthetic_digits_where_mnist_cannot_be_had(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    shutil.copytree(synthetic_dir, tmp_path / "data" / "synthetic")
    result = command_line("train", *QUICK, "--run", "run")
    assert result.returncode == 0, result.stderr
    assert "MNIST is not in" in result.stderr
    assert result.stdout.startswith("data set       synthetic")
    assert 'dataset = "synthetic"' in (tmp_path / "run" / "config.toml").read_text()
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text())["dataset"] == "synthetic"


def test_mnist_that_cannot_be_had_is_an_error(command_line: CommandLine, tmp_path: Path) -> None:
    for command in (("train", "--dataset", "mnist"), ("data", "download")):
        result = command_line(*command)
        assert result.returncode == 2
        assert result.stderr.count("refused") == 3, "one for each mirror"
        assert "by hand" in result.stderr
        assert "Traceback" not in result.stderr
    assert list(tmp_path.rglob("mnist")) == []
    assert not (tmp_path / "runs").exists()
    (tmp_path / "runs").mkdir()
    command_line("train", "--dataset", "mnist")
    assert list((tmp_path / "runs").iterdir()) == [], "the folder was there before"


def test_data_status_says_where_every_file_would_be(
    command_line: CommandLine, tmp_path: Path
) -> None:
    result = command_line("data", "status")
    assert result.returncode == 0
    lines = result.stdout.splitlines()
    assert [line.split()[0] for line in lines[::4]] == [
        *("mnist", "fashion-mnist", "kmnist", "qmnist", "emnist-digits", "synthetic"),
    ]
    cache = tmp_path / "cache" / "mnist_scratch"
    assert lines[0].split() == ["mnist", "missing", str(cache / "mnist" / f"{FILE_NAMES[0]}.gz")]
    assert lines[-4].split() == ["synthetic", "missing", str(cache / "synthetic" / FILE_NAMES[0])]


def test_data_verify_ends_with_two_when_a_file_is_not_right(
    command_line: CommandLine, synthetic_dir: Path
) -> None:
    result = command_line(
        "data", "verify", "--dataset", "synthetic", "--data-dir", synthetic_dir, "--json"
    )
    assert result.returncode == 0
    assert [file["state"] for file in json.loads(result.stdout)] == ["verified"] * 4
    result = command_line("data", "verify", "--data-dir", synthetic_dir)
    assert result.returncode == 2
    assert result.stdout.count("damaged") == 4
    assert "4 of 4 files of mnist are not right; delete what is damaged" in result.stderr
    assert result.stderr.count("is damaged or another file") == 4


def test_data_show_draws_images_as_they_are_and_distorted(
    command_line: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    show = ("data", "show", "--dataset", "synthetic", "--data-dir", synthetic_dir)
    for name, distort in (("images.png", []), ("distorted.png", ["--distort"])):
        result = command_line(*show, *distort, "--output", name)
        assert (result.returncode, result.stdout, result.stderr) == (0, f"{name}\n", "")
    sheets = [(tmp_path / name).read_bytes() for name in ("images.png", "distorted.png")]
    assert all(sheet.startswith(b"\x89PNG") for sheet in sheets)
    assert sheets[0] != sheets[1]
    for options, problem in (
        (("--distort", "--config", "default"), "default: this recipe distorts nothing"),
        (("--config", "default"), "give --distort too"),
        (("--distort", "--config", "nothing"), "nothing"),
        (("--output", "sheet.jpg"), "let the name end in .png"),
    ):
        result = command_line(*show, *options)
        assert result.returncode == 2
        assert problem in result.stderr


def test_own_files_are_trained_on_and_looked_at(
    command_line: CommandLine, digits: Dataset, tmp_path: Path
) -> None:
    own = tmp_path / "own"
    own.mkdir()
    for name, array in zip(FILE_NAMES, 2 * (digits.images, digits.labels), strict=True):
        (own / name).write_bytes(format_idx(array))
    of_own = ("--dataset", "files", "--data-dir", "own")
    result = command_line("train", *QUICK, *of_own, "--validation-examples", "9", "--run", "run")
    assert result.returncode == 0, result.stderr
    assert "training 784-16-10 on 91 images of files, validating on 9\n" in result.stderr
    for command in (("evaluate", "run"), ("report", "run"), ("explain", "run", "--index", "99")):
        result = command_line(*command)
        assert (result.returncode, result.stderr) == (0, "")
    hashes = json.loads((tmp_path / "run" / "environment.json").read_text())["data_sha256"]
    assert list(hashes) == list(FILE_NAMES)
    with (own / FILE_NAMES[0]).open("r+b") as file:
        file.seek(1000)
        file.write(b"another pixel")
    result = command_line("train", "--resume", "run")
    assert result.returncode == 2
    assert f"begun on other data than these of files: '{FILE_NAMES[0]}' differs" in result.stderr


def test_evaluate_measures_an_ensemble_with_augmentation_and_draws_its_errors(
    command_line: CommandLine, finished_run: Path, synthetic_dir: Path, tmp_path: Path
) -> None:
    before = (finished_run / "evaluation.json").read_bytes()
    together = ("evaluate", finished_run, finished_run, "--data-dir", synthetic_dir, "--tta", "2")
    result = command_line(*together, "--mistakes", "mistakes.png")
    assert result.returncode == 0, result.stderr
    assert "ensemble       2 runs\n" in result.stdout
    assert "\nwith --tta 2   " in result.stdout
    assert all(len(line) <= 80 or str(tmp_path) in line for line in result.stdout.splitlines())
    assert (tmp_path / "mistakes.png").read_bytes().startswith(b"\x89PNG")
    assert (finished_run / "evaluation.json").read_bytes() == before
    values = json.loads(command_line(*together, "--json").stdout)
    assert values["with_tta"]["versions"] == 2
    assert {run["accuracy"] for run in values["runs"]} == {values["accuracy"]}
    result = command_line("evaluate", finished_run, "--tta", "0")
    assert result.returncode == 2
    assert "--tta 0: must be from 1 to 1,000" in result.stderr


@pytest.mark.mnist
def test_mnist_at_hand_is_found_verified_and_trained_on(
    command_line: CommandLine, mnist_dir: Path, tmp_path: Path
) -> None:
    at_hand = {"MNIST_SCRATCH_DATA": str(mnist_dir)}
    assert command_line("data", "verify", environment=at_hand).returncode == 0
    assert command_line("data", "download", environment=at_hand).returncode == 0
    result = command_line("train", "--config", "minimal", "--run", "run", environment=at_hand)
    assert result.returncode == 0, result.stderr
    assert result.stdout.startswith("data set       mnist\n")
    result = command_line("evaluate", "run", "--json", environment=at_hand)
    values = json.loads(result.stdout)
    assert values["dataset"] == "mnist"
    assert 0.92 < values["accuracy"] < 0.935


@pytest.mark.mnist
def test_a_run_on_synthetic_digits_says_so_when_it_reads_mnist(
    command_line: CommandLine, finished_run: Path, mnist_dir: Path
) -> None:
    own = (finished_run / "evaluation.json").read_bytes()
    arguments = ("evaluate", finished_run, "--dataset", "mnist")
    result = command_line(*arguments, environment={"MNIST_SCRATCH_DATA": str(mnist_dir)})
    assert result.stdout.startswith("trained on     synthetic\ndata set       mnist\n")
    assert json.loads((finished_run / "evaluation-mnist.json").read_text())["dataset"] == "mnist"
    assert (finished_run / "evaluation.json").read_bytes() == own


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("train", "--epochs", "0"), "--epochs = 0: must be at least 1"),
        (("train", "--learning-rate", "nan"), "--learning-rate = nan: must be a finite number"),
        (("train", "--dataset", "minst"), "did you mean 'mnist'"),
        (("train", "--schedule", "cosin"), "did you mean 'cosine'"),
        (("train", "--epoch", "3"), "unknown argument --epoch, did you mean '--epochs'?"),
        (("train", "--epochs", "three"), "invalid int value: 'three'"),
        (("train", "--config", "defualt"), "no recipe 'defualt', did you mean 'default'"),
        (("train", "--config", "absent.toml"), "cannot read the config absent.toml"),
        (("train", "--config", "wrong.toml"), "wrong.toml: unknown key 'epocs' in [training]"),
        (("train", "--run", "wrong.toml"), "exists already and is not overwritten"),
        (("train", "--resume", "absent"), "absent is not the folder of a run"),
        (("train", "--resume", "x", "--run", "y"), "a resumed run stays in its folder, x"),
        (("evaluate", "absent"), "absent is not the folder of a run"),
        (("evaluate", "half"), f"cannot read {Path('half', 'model.npz')}"),
        (("plot", "absent"), "absent is not the folder of a run"),
        (("plot", "half"), f"cannot read {Path('half', 'history.csv')}"),
        (("explain",), "given nothing: explain one thing at a time"),
        (("explain", "half", "--logits", "1", "--target", "0"), "given RUN half and --logits and"),
        (("explain", "--curves", "--worst", "1"), "given --worst and --curves: explain one thing"),
        (
            ("explain", "--logits", "1", "2"),
            "--logits needs --target K too, the true class: 0 to 1",
        ),
        (("explain", "--target", "1"), "--target 1 needs --logits Z ..."),
        (("explain", "--logits", "1", "2", "--target", "2"), "--target 2: no such class"),
        (("explain", "--logits", "1", "2", "--target", "-1"), "--target -1: no such class"),
        (("explain", "--logits", "1", "nan", "--target", "0"), "that of class 1 is nan"),
        (("explain", "--logits", "1", "-nan", "--target", "0"), "that of class 1 is nan"),
        (("explain", "--logits", "inf", "1", "--target", "0"), "that of class 0 is inf"),
        (("explain", "--logits", "-inf", "-Inf", "--target", "0"), "all are -inf"),
        (("explain", "--logits", "1", "x", "--target", "0"), "invalid float value: 'x'"),
        (
            ("explain", "--logits", "1", "--target", "0", "--output", "x"),
            "--output x: --logits are",
        ),
        (("explain", "--curves", "--output", "x.jpg"), "x.jpg: pictures are PNG; let the name end"),
        (("explain", "half"), "say whose network and which images"),
        (("explain", "--index", "3"), "say whose network and which images"),
        (("explain", "--worst", "3", "absent"), "absent is not the folder of a run"),
        (("explain", "--worst", "3", "half", "more"), "unknown argument more"),
        (("data", "statsu"), "invalid choice"),
        (("evaluate", "x" * 300), "File name too long"),
        (("data", "status", "--data-dir", "~nobody-of-this-name"), "the data folder ~nobody"),
        (("plot", "half", "--output", "x.jpg"), "cannot read"),
        ((), "the following arguments are required: COMMAND"),
    ],
)
def test_bad_input_ends_with_two_and_one_clear_message(
    command_line: CommandLine, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "wrong.toml").write_text("[training]\nepocs = 3\n")
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "config.toml").write_text("")
    result = command_line(*arguments)
    assert result.returncode == 2
    assert message in result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""


def test_too_little_memory_is_no_traceback(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    def refused(*_: object) -> None:
        raise MemoryError("Unable to allocate 7.28 TiB")

    monkeypatch.setattr("mnist_scratch.commands.train.run_training", refused)
    assert main(["train", "--run", str(tmp_path / "run")]) == 2
    assert "not enough memory: Unable to allocate 7.28 TiB; try narrower" in capsys.readouterr().err


@pytest.mark.parametrize(
    "command",
    [
        *((), ("train",), ("evaluate",), ("plot",), ("explain",), ("predict",), ("draw",)),
        *(("report",), ("runs",), ("export",), ("sweep",)),
        *(("data",), ("data", "verify"), ("data", "show")),
    ],
)
def test_help_suffices(
    command: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    with pytest.raises(SystemExit) as end:
        main([*command, "--help"])
    assert end.value.code == 0
    text = capsys.readouterr().out
    assert all(len(line) <= 80 for line in text.splitlines())
    if command == ("train",):
        unfolded = " ".join(text.split())
        for setting in settings():
            assert f"--{setting.flag} " in unfolded or f"--{setting.flag}," in unfolded
            assert setting.meaning.replace("-", "") in unfolded.replace("-", "").replace("- ", "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
def test_a_closed_pipe_is_no_error(finished_run: Path) -> None:
    command = f'"{sys.executable}" -m mnist_scratch evaluate "{finished_run}" | true'
    result = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command], capture_output=True, text=True, check=False
    )
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such shell")
def test_a_training_that_nobody_watches_any_more_does_not_say_that_it_is_done(
    synthetic_dir: Path, tmp_path: Path
) -> None:
    train = f'"{sys.executable}" -m mnist_scratch train --run run --dataset synthetic'
    command = f'{train} --data-dir "{synthetic_dir}" 2>&1 | head -1 >/dev/null'
    result = subprocess.run(
        ["/bin/bash", "-o", "pipefail", "-c", command],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 141
    assert not (tmp_path / "run" / "evaluation.json").exists()


@pytest.mark.skipif(sys.platform != "linux", reason="a device that is always full")
def test_a_result_that_cannot_be_written_is_an_error(command_line: CommandLine) -> None:
    command = f'"{sys.executable}" -m mnist_scratch data status'
    for redirection, status in ((">/dev/full", 2), (">&-", 0), ("2>&-", 0)):
        result = subprocess.run(
            ["/bin/bash", "-c", f"{command} {redirection}"],
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == status, redirection
        assert "Traceback" not in result.stderr
        assert "Exception" not in result.stderr


def test_the_version_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as end:
        main(["--version"])
    assert end.value.code == 0
    assert re.fullmatch(r"mnist-scratch \d+\.\d+\.\d+\n", capsys.readouterr().out)

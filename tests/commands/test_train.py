"""`mnist-scratch train`: new runs. test_train_resume.py has those that are resumed."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers.command_line import SMALL, CommandLine, refused, succeeded

from mnist_scratch.data.idx import format_idx, parse_idx
from mnist_scratch.data.sources.registry import FILE_NAMES

# That training draws its loss, test_plot.py holds.
pytestmark = pytest.mark.usefixtures("undrawn_loss")


def test_a_training_ends_with_a_summary_and_leaves_a_run(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    answer = main("train", *SMALL, "--data-dir", digit_files)
    assert answer.returncode == 0, answer.stderr
    lines = answer.stdout.splitlines()
    assert len(lines) == 5
    assert all(len(line) <= 80 for line in lines)
    assert lines[0] == "data set       files"
    accuracy = (
        r"test accuracy  \d\d\.\d\d% of 100 images \(95% interval \d\d\.\d\d% to \d\d\.\d\d%\)$"
    )
    assert re.match(accuracy, lines[1])
    assert re.match(r"test loss      \d\.\d{4}$", lines[2])
    assert re.match(r"training       \d+\.\d s; the best epoch was [12]$", lines[3])
    run = tmp_path / lines[4].removeprefix("run").strip()
    assert run.parent == tmp_path / "runs"
    assert 'dataset = "files"' in (run / "config.toml").read_text()


def test_progress_goes_to_standard_error_and_bars_belong_on_a_terminal(
    main: CommandLine, digit_files: Path
) -> None:
    answer = main("train", *SMALL, "--data-dir", digit_files)
    assert "training 784-16-10 on 350 images of files, validating on 50\n" in answer.stderr
    assert "epoch 1/2" in answer.stderr
    assert "epoch 2/2" in answer.stderr
    assert "\r" not in answer.stderr


def test_json_stands_alone_on_standard_output(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    answer = main("train", *SMALL, "--data-dir", digit_files, "--run", "here", "--json")
    values = json.loads(answer.stdout)
    evaluation = json.loads((tmp_path / "here" / "evaluation.json").read_text())
    assert values.pop("run") == "here"
    assert values.pop("best_epoch") in {1, 2}
    assert values.pop("training_seconds") > 0
    assert values == {key: evaluation[key] for key in values}
    assert {"dataset", "examples", "loss", "accuracy"} <= set(values)


def test_flags_replace_what_the_recipe_says(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    data = ("--dataset", "files", "--data-dir", digit_files, "--validation-examples", "50")
    flags = ("--config", "minimal", "--epochs", "1", "--batch-size", "50", "--no-nesterov")
    answer = main("train", *flags, *data, "--run", "run")
    assert answer.returncode == 0, answer.stderr
    written = (tmp_path / "run" / "config.toml").read_text()
    assert "hidden = []" in written, "from the recipe"
    assert "epochs = 1\nbatch_size = 50\n" in written
    assert "nesterov = false" in written


def test_the_hashes_of_the_data_are_noted_in_the_run(finished_run: Path) -> None:
    hashes = json.loads((finished_run / "environment.json").read_text())["data_sha256"]
    assert list(hashes) == list(FILE_NAMES)


def test_without_mnist_and_network_auto_trains_on_synthetic_digits_and_says_so(
    main: CommandLine, synthetic_dir: Path, tmp_path: Path
) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "synthetic").symlink_to(synthetic_dir)
    answer = main("train", "--epochs", "1", "--hidden", "16", "--run", "run")
    assert answer.returncode == 0, answer.stderr
    assert "MNIST is not in" in answer.stderr
    assert "Expect a lower accuracy than on MNIST: many of them are harder" in answer.stderr
    assert answer.stdout.startswith("data set       synthetic (digits drawn by the program)\n")
    assert 'dataset = "synthetic"' in (tmp_path / "run" / "config.toml").read_text()
    assert json.loads((tmp_path / "run" / "evaluation.json").read_text())["dataset"] == "synthetic"


@pytest.mark.parametrize("where", [(), ("--run", Path("runs", "first"))])
def test_data_that_cannot_be_had_leave_no_folder_of_a_run(
    main: CommandLine, tmp_path: Path, where: tuple[str | Path, ...]
) -> None:
    message = refused(main("train", "--dataset", "mnist", *where))
    assert message.count("refused") == 3, "one for each mirror"
    assert "by hand" in message
    assert list(tmp_path.rglob("mnist/*")) == []
    assert not (tmp_path / "runs").exists()


@pytest.mark.mnist
def test_mnist_at_hand_is_trained_on(main: CommandLine, mnist_dir: Path) -> None:
    at_hand = {"MNIST_SCRATCH_DATA": str(mnist_dir)}
    answer = main("train", "--config", "minimal", "--epochs", "2", "--json", environment=at_hand)
    assert answer.returncode == 0, answer.stderr
    values = json.loads(answer.stdout)
    assert values["dataset"] == "mnist"
    assert 0.92 < values["accuracy"] < 0.935


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--epochs", "0"), "--epochs = 0: must be at least 1"),
        (("--learning-rate", "nan"), "--learning-rate = nan: must be a finite number"),
        (("--dataset", "minst"), "did you mean 'mnist'"),
        (("--schedule", "cosin"), "did you mean 'cosine'"),
        (("--epoch", "3"), "unknown argument --epoch, did you mean '--epochs'?"),
        (("--lr", "0.1"), "unknown argument --lr, did you mean '--learning-rate'?"),
        (("--lr=0.1",), "unknown argument --lr=0.1, did you mean '--learning-rate'?"),
        (("--wd", "0"), "unknown argument --wd, did you mean '--weight-decay'?"),
        (("--batch", "64"), "unknown argument --batch, did you mean '--batch-size'?"),
        (("--optim", "adam"), "unknown argument --optim, did you mean '--optimizer'?"),
        (("--epochs", "three"), "argument --epochs: invalid int value: 'three'; 'mnist-scratch"),
        (("training.epoch=3",), "training.epoch=3: there is no setting 'training.epoch', did you"),
        (("training.epochs=0",), "[training] epochs = 0: must be at least 1"),
        (("training.epochs=3,4",), "a run takes one value; 'mnist-scratch sweep --set training."),
        (("training.epochs=3", "training.epochs=4"), "training.epochs is given twice"),
        (("training.epochs=3", "--epochs", "4"), "--epochs and training.epochs are the same"),
        (("fast",), "fast: there is no setting 'fast'"),
        (("--config", "defualt"), "no recipe 'defualt', did you mean 'default'"),
        (("--config", "absent.toml"), "cannot read the config absent.toml"),
        (("--config", "wrong.toml"), "wrong.toml: unknown key 'epocs' in [training]"),
        (("--run", "wrong.toml"), "exists already and is not overwritten"),
        (("--resume", "absent"), "absent is not the folder of a run"),
        (("--resume", "x", "--run", "y"), "a resumed run stays in its folder, x"),
    ],
)
def test_what_cannot_be_trained_is_one_clear_message(
    main: CommandLine, tmp_path: Path, arguments: tuple[str, ...], message: str
) -> None:
    (tmp_path / "wrong.toml").write_text("[training]\nepocs = 3\n")
    error = refused(main("train", *arguments))
    assert message in error
    assert "usage:" not in error


def test_settings_can_be_given_as_in_the_config_among_the_flags(
    main: CommandLine, digit_files: Path, tmp_path: Path
) -> None:
    data = ("data.dataset=files", f"data.data_dir={digit_files}", "data.validation_examples=50")
    answer = main(
        *("train", "training.epochs=1", "--run", "run", "network.hidden=[16,8]", *data),
        *("--batch-size", "50", "training.seed=7", "optimizer.nesterov=false"),
    )
    assert answer.returncode == 0, answer.stderr
    written = (tmp_path / "run" / "config.toml").read_text()
    for line in ("epochs = 1", "hidden = [16, 8]", "batch_size = 50", "seed = 7"):
        assert f"{line}\n" in written
    assert "nesterov = false" in written


def test_too_little_memory_is_one_clear_message(
    main: CommandLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError("Unable to allocate 7.28 TiB")

    monkeypatch.setattr("mnist_scratch.commands.train.run_training", fail)
    message = refused(main("train", "--run", "run"))
    assert "not enough memory: Unable to allocate 7.28 TiB; try narrower" in message


@pytest.fixture
def dark_files(digit_files: Path, tmp_path: Path) -> Path:
    """The digits of `digit_files` dark on light."""
    folder = tmp_path / "dark"
    folder.mkdir()
    for name in FILE_NAMES:
        content = (digit_files / name).read_bytes()
        array = parse_idx(content, name)
        (folder / name).write_bytes(format_idx(255 - array if array.ndim == 3 else array))
    return folder


@pytest.mark.no_cover
def test_dark_images_train_with_a_warning_or_inverted_to_the_same_bytes_as_light_ones(
    main: CommandLine,
    digit_files: Path,
    dark_files: Path,
    tmp_path: Path,
    undrawn_report: None,
) -> None:
    plain = main("train", *SMALL, "--data-dir", digit_files, "--run", "light")
    as_they_are = main("train", *SMALL, "--data-dir", dark_files, "--run", "as_they_are")
    inverted = main("train", *SMALL, "--data-dir", dark_files, "--invert", "--run", "inverted")
    assert plain.returncode == as_they_are.returncode == inverted.returncode == 0
    assert as_they_are.stderr.count("dark on light") == 1
    assert "dark on light" not in plain.stderr + inverted.stderr
    models = [(tmp_path / name / "model.npz").read_bytes() for name in ("light", "inverted")]
    assert models[0] == models[1]
    assert "invert = true" in (tmp_path / "inverted" / "config.toml").read_text()

    # What loads the run's own data later inverts them; other data stay as they are.
    own = json.loads(succeeded(main("evaluate", "inverted", "--json")))
    light = json.loads(succeeded(main("evaluate", "light", "--json")))
    assert own == light
    succeeded(main("explain", "inverted", "--worst", "2"))
    succeeded(main("report", "inverted"))
    resumed = main("train", "--resume", "inverted")
    assert resumed.returncode == 0
    assert "dark on light" not in resumed.stderr
    other = refused(main("train", "--resume", "inverted", "--no-invert"))
    assert "invert" in other
    both = refused(main("evaluate", "inverted", "light"))
    assert "one was trained on inverted images; evaluate each alone" in both

"""`mnist-scratch explain`: numbers, test images, and the curves of the losses."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CommandLine, refused, succeeded
from matplotlib import image

from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.report.explain import comparison


@pytest.fixture
def without_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    """Draw nothing, which takes a second, where only what is printed matters."""
    monkeypatch.setattr("mnist_scratch.report.explain.picture.draw_explanations", lambda *_: None)


def test_logits_are_explained_on_standard_output(main: CommandLine) -> None:
    text = succeeded(main("explain", "--logits", "1.2", "0.9", "3.1", "--target", "2"))
    assert "-log p[2] = -log 0.793417 = 0.231407" in text
    assert all(len(line) <= 80 for line in text.splitlines())


def test_negative_and_masked_logits_are_no_flags(main: CommandLine) -> None:
    logits = ("-1.5", "2", "-inf", "-1e0", "-.5", "-INF")
    answer = main("explain", "--target", "1", "--json", "--logits", *logits)
    values = json.loads(succeeded(answer))
    assert values["logits"] == [-1.5, 2.0, "-inf", -1.0, -0.5, "-inf"]
    assert values["predictions"][2] == values["predictions"][5] == 0.0
    total = np.exp([-3.5, 0.0, -3.0, -2.5]).sum()
    assert values["loss"] == pytest.approx(np.log(total), rel=1e-14)


def test_the_picture_is_written_into_the_run_or_where_output_says(
    main: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    path, _ = succeeded(main("explain", "run", "--index", "17")).splitlines()
    assert path == str(Path("run", "explanation.png"))
    assert image.imread(tmp_path / path).shape[1:] == (840, 4)
    named = Path("new", "picture.png")
    printed = succeeded(main("explain", "run", "--index", "17", "--output", named))
    assert printed.splitlines()[0] == str(named)
    assert (tmp_path / named).read_bytes() == (tmp_path / path).read_bytes()


def test_the_worst_test_images_are_those_with_the_largest_loss_first(
    main: CommandLine, finished_run: Path, digit_files: Path, without_picture: None
) -> None:
    path, *lines = succeeded(main("explain", "run", "--worst", "2")).splitlines()
    assert len(lines) == 2
    values = json.loads(succeeded(main("explain", "run", "--worst", "2", "--json")))
    assert (values["picture"], values["dataset"]) == (path, "files")
    assert values["trained_with"] == "cross-entropy"
    worst = values["images"]
    assert worst[0]["fused_loss"] >= worst[1]["fused_loss"] > 1.0
    labels = load_dataset("files", str(digit_files)).test.labels
    for line, shown in zip(lines, worst, strict=True):
        assert shown["target"] == labels[shown["index"]]
        assert line.startswith(f"image {shown['index']}: true {shown['target']}, ")


def test_images_are_explained_by_their_numbers_and_a_run_can_follow_the_flags(
    main: CommandLine, finished_run: Path, digit_files: Path, without_picture: None
) -> None:
    numbers = ("--index", "17", "--index", "4")
    _, *lines = succeeded(main("explain", *numbers, "run")).splitlines()
    labels = load_dataset("files", str(digit_files)).test.labels
    assert lines[0].startswith(f"image 17: true {labels[17]}, ")
    assert lines[1].startswith(f"image 4: true {labels[4]}, ")


def test_a_run_trained_with_another_loss_is_explained_with_cross_entropy_and_says_so(
    main: CommandLine, finished_run: Path, without_picture: None
) -> None:
    numbers = succeeded(main("explain", "run", "--index", "17"))
    config = finished_run / "config.toml"
    config.write_text(config.read_text().replace('"cross-entropy"', '"squared-error"'))
    answer = main("explain", "run", "--index", "17")
    assert answer.stdout == numbers
    assert answer.stderr.startswith("run was trained with squared-error; ")
    values = json.loads(succeeded(main("explain", "run", "--index", "17", "--json")))
    assert values["trained_with"] == "squared-error"


@pytest.mark.parametrize(
    ("chosen", "message"),
    [
        (("--index", "100"), "--index 100: the test images of files are 0 to 99"),
        (("--index", "3", "--index", "-1"), "--index -1: the test images of files are 0 to 99"),
        (("--index", "0") * 21, "--index: 21 images; name at most 20"),
        (("--worst", "0"), "--worst 0: must be from 1 to 20"),
        (("--worst", "21"), "--worst 21: must be from 1 to 20"),
    ],
)
def test_images_that_are_not_there_or_too_many_are_refused(
    main: CommandLine, finished_run: Path, chosen: tuple[str, ...], message: str
) -> None:
    assert refused(main("explain", "run", *chosen)) == f"mnist-scratch: {message}\n"


def test_a_step_back_is_explained_in_text_and_leaves_the_run_as_it_is(
    main: CommandLine, finished_run: Path
) -> None:
    before = {path: path.read_bytes() for path in finished_run.iterdir()}
    text = succeeded(main("explain", "run", "--index", "17", "--backward"))
    assert text.startswith("One step of training on test image 17 alone: true class ")
    assert "derivatives above agree with their checks" in text
    assert all(len(line) <= 80 for line in text.splitlines())
    assert {path: path.read_bytes() for path in finished_run.iterdir()} == before
    terminal = {"COLUMNS": "40"}
    narrow = succeeded(main("explain", "run", "--index", "17", "--backward", environment=terminal))
    assert max(len(line) for line in narrow.splitlines()) <= 40


def test_a_step_back_is_there_as_json_and_as_a_picture(
    main: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    arguments = ("explain", "run", "--worst", "1", "--backward", "--weight", "1,300,5")
    values = json.loads(succeeded(main(*arguments, "--json", "--output", "new/step.png")))
    assert values["picture"] == str(Path("new/step.png"))
    assert image.imread(tmp_path / values["picture"]).shape == (1890, 1050, 4)
    shown = json.loads(succeeded(main("explain", "run", "--worst", "1", "--json")))["images"][0]
    assert (values["index"], values["label"]) == (shown["index"], shown["target"])
    assert values["loss"] == pytest.approx(shown["fused_loss"], rel=1e-5)
    np.testing.assert_allclose(values["d_logits"], shown["fused_gradient"], atol=1e-5)
    weight = values["weight"]
    assert (weight["layer"], weight["input"], weight["output"]) == (1, 300, 5)
    model = np.load(finished_run / "model.npz")
    assert weight["before"] == model["dense_1.weights"][300, 5]
    assert values["optimizer"] == "SGD"
    assert values["origin"].startswith("The learning rate is that of the run's last step")
    assert all(check["agrees"] for check in values["checks"])


def test_the_gradient_of_a_batch_is_explained_in_text_and_as_json(
    main: CommandLine, finished_run: Path
) -> None:
    text = succeeded(main("explain", "run", "--batch", "32"))
    assert text.startswith("The gradient of a batch: test images 0 to 31")
    weight = ("--weight", "2,3,7")
    values = json.loads(succeeded(main("explain", "run", "--batch", "32", *weight, "--json")))
    assert (values["batch"], values["dataset"]) == (32, "files")
    assert values["mean"] == pytest.approx(values["check"]["stated"])
    assert [row["size"] for row in values["norms"]] == [8, 16, 32, 64]


def test_a_step_of_a_run_trained_with_squared_error_is_one_of_squared_error(
    main: CommandLine, finished_run: Path
) -> None:
    config = finished_run / "config.toml"
    config.write_text(config.read_text().replace('"cross-entropy"', '"squared-error"'))
    arguments = ("explain", "run", "--index", "17", "--backward", "--json")
    values = json.loads(succeeded(main(*arguments)))
    assert values["loss_name"] == "SquaredError"
    squares = np.square(np.subtract(values["predictions"], values["targets"]))
    assert values["loss"] == pytest.approx(squares.sum(), rel=1e-9)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--index", "1", "--weight", "1,1,1"), "--weight 1,1,1: say how to explain it, with"),
        (("--backward",), "name a run and its test images: RUN with --index I, --worst N or"),
        (("--backward", "--worst", "2"), "--backward explains one image, not 2: name one --index"),
        (("--backward", "--index", "1", "--index", "2"), "--backward explains one image, not 2"),
        (("--backward", "--index", "100"), "--index 100: the test images of files are 0 to 99"),
        (("--backward", "--batch", "8"), "--backward explains one image, --batch many"),
        (("--batch", "0"), "--batch 0: must be from 1 to 100"),
        (("--batch", "101"), "--batch 101: must be from 1 to 100"),
        (("--batch", "8", "--index", "1"), "not allowed with argument"),
        (("--batch", "8", "--output", "x.png"), "--output x.png: --batch is explained in text"),
        (("--backward", "--index", "1", "--output", "x.jpg"), "x.jpg: pictures are PNG"),
        (("--backward", "--index", "1", "--weight", "3,0,0"), "3,0,0: the layers are 1 to 2"),
        (
            ("--backward", "--index", "1", "--weight", "1,784,0"),
            "--weight 1,784,0: the inputs of layer 1 are 0 to 783, not 784",
        ),
        (
            ("--batch", "8", "--weight", "2,0,10"),
            "--weight 2,0,10: the outputs of layer 2 are 0 to 9, not 10",
        ),
        (("--batch", "8", "--weight", "-1,0,0"), "--weight -1,0,0: the layers are 1 to 2"),
        (("--batch", "8", "--weight", "1,2"), "--weight 1,2: must be LAYER,I,O, three whole"),
        (("--batch", "8", "--weight", "1,x,2"), "--weight 1,x,2: must be LAYER,I,O"),
    ],
)
def test_a_step_or_a_batch_that_cannot_be_explained_is_one_clear_message(
    main: CommandLine, finished_run: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main("explain", "run", *arguments))


def test_curves_of_both_losses_are_drawn_from_four_trainings(
    main: CommandLine, synthetic_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(comparison, "EPOCHS", 2)
    answer = main(
        *("explain", "--curves", "--json", "--dataset", "synthetic", "--data-dir", synthetic_dir)
    )
    assert answer.returncode == 0, answer.stderr
    values = json.loads(answer.stdout)
    assert (values["picture"], values["dataset"]) == ("cross_entropy_curves.png", "synthetic")
    assert image.imread(tmp_path / values["picture"]).shape == (1560, 1560, 4)
    assert values["confidently_wrong"]["squared-error"]["steps"] == list(range(0, 201, 100))
    assert answer.stderr.count("training 784-30-10 on 6,400 images of synthetic") == 4


@pytest.mark.mnist
def test_the_worst_images_of_mnist_are_those_with_the_largest_loss(
    main: CommandLine, mnist_run: Path, mnist_dir: Path, without_picture: None
) -> None:
    values = json.loads(succeeded(main("explain", mnist_run, "--worst", "5", "--json")))
    test = load_dataset("mnist", str(mnist_dir)).test
    # The forward pass written out, in float64.
    model = np.load(mnist_run / "model.npz")
    outputs = (test.images.reshape(-1, 784) / 255.0 - 0.1307) / 0.3081
    for layer in ("dense_1", "dense_2"):
        outputs = np.maximum(outputs @ model[f"{layer}.weights"] + model[f"{layer}.biases"], 0.0)
    logits = outputs @ model["dense_3.weights"] + model["dense_3.biases"]
    losses = np.log(np.exp(logits).sum(axis=1)) - logits[np.arange(10_000), test.labels]
    worst = np.argsort(-losses)[:5]
    assert [shown["index"] for shown in values["images"]] == worst.tolist()
    shown_losses = [shown["fused_loss"] for shown in values["images"]]
    np.testing.assert_allclose(shown_losses, losses[worst], rtol=1e-4)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "given nothing: name one thing to explain"),
        (("half", "--logits", "1", "--target", "0"), "given RUN half and --logits and"),
        (("--curves", "--worst", "1"), "given --worst and --curves: name one thing"),
        (("--logits", "1", "2"), "--logits needs --target K too, the true class: 0 to 1"),
        (("--target", "1"), "--target 1 needs --logits Z ..."),
        (("--logits", "1", "2", "--target", "2"), "--target 2: no such class"),
        (("--logits", "1", "2", "--target", "-1"), "--target -1: no such class"),
        (("--logits", "1", "nan", "--target", "0"), "that of class 1 is nan"),
        (("--logits", "1", "-nan", "--target", "0"), "that of class 1 is nan"),
        (("--logits", "inf", "1", "--target", "0"), "that of class 0 is inf"),
        (("--logits", "-inf", "-Inf", "--target", "0"), "all are -inf"),
        (("--logits", "1", "x", "--target", "0"), "invalid float value: 'x'"),
        (("--logits", "1", "--target", "0", "--output", "x"), "--output x: --logits are"),
        (("--curves", "--output", "x.jpg"), "x.jpg: pictures are PNG; let the name end"),
        (("half",), "name a run and its test images"),
        (("--index", "3"), "name a run and its test images"),
        (("--worst", "3", "absent"), "absent is not the folder of a run"),
        (("--worst", "3", "half", "more"), "unknown argument more"),
    ],
)
def test_what_cannot_be_explained_is_one_clear_message(
    main: CommandLine, half_run: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main("explain", *arguments))

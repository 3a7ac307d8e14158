from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from matplotlib import image
from matplotlib.figure import Figure

from mnist_scratch.config.schema import UNDISTORTED, Config, with_values
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.nn.loss import LOSSES
from mnist_scratch.report.plots import loss_curve
from mnist_scratch.report.plots.loss_curve import (
    draw_comparison,
    draw_loss_curve,
    loss_curve_figure,
)
from mnist_scratch.report.plots.style import COLOURS, check_picture
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.history import History, Row


def some_run(
    path: Path, epochs: int = 3, rate: float = 1.0, loss: str = "cross-entropy"
) -> RunFolder:
    values = {("data", "dataset"): "synthetic", ("training", "loss"): loss}
    config = with_values(Config(), values, "test")
    run = RunFolder.create(path, config)
    rows = []
    for step in range(1, 100 * epochs + 1):
        noise = 1.5 if step % 2 else 0.5
        height = noise * (float(np.exp(-rate * step / 50)) + 0.02)
        row = Row(step, (step + 99) // 100, 0.1, height)
        if step % 100 == 0:
            row = row._replace(
                validation_loss=row.loss + 0.05,
                validation_accuracy=0.99 - 0.01 * abs(step - 200) / 100,
                seconds=step / 10,
            )
        rows.append(row)
    run.write_history(History(rows))
    return run


def share_of(colour: str, picture: npt.NDArray[np.float32]) -> float:
    """The share of the pixels that are of a colour."""
    wanted = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    return float(np.mean(np.all(np.abs(picture[..., :3] - wanted) < 0.02, axis=-1)))


@pytest.fixture(scope="module")
def picture(tmp_path_factory: pytest.TempPathFactory) -> npt.NDArray[np.float32]:
    folder = tmp_path_factory.mktemp("curve")
    draw_loss_curve(some_run(folder / "run"), folder / "curve.png")
    assert sorted(path.name for path in folder.iterdir()) == ["curve.png", "run"]
    return image.imread(folder / "curve.png")


def test_the_picture_shows_training_validation_and_the_best_epoch(
    picture: npt.NDArray[np.float32],
) -> None:
    assert picture.shape == (816, 1088, 4)
    for colour in (COLOURS[0], COLOURS[1], COLOURS[6]):
        assert share_of(colour, picture) > 1e-4


@pytest.mark.parametrize(
    ("accuracies", "scale"),
    [((0.5, 0.99), 1e-5), ((0.9802, 0.9803), 1.0), ((0.980021, 0.980024), 1000.0)],
)
def test_nothing_of_the_picture_is_cut_off(
    accuracies: tuple[float, float], scale: float, tmp_path: Path
) -> None:
    run = some_run(tmp_path / "run", epochs=2)
    rows = [row._replace(loss=row.loss * scale) for row in run.history().rows]
    for row, accuracy in zip((99, 199), accuracies, strict=True):
        loss = rows[row].loss
        rows[row] = rows[row]._replace(validation_loss=loss, validation_accuracy=accuracy)
    run.write_history(History(rows))
    figure = loss_curve_figure(run)
    figure.draw_without_rendering()
    box = figure.get_tightbbox()  # inches
    width, height = figure.get_size_inches()
    assert 0.0 <= box.x0 < box.x1 <= width
    assert 0.0 <= box.y0 < box.y1 <= height


def test_the_best_epoch_is_the_one_with_the_highest_accuracy(tmp_path: Path) -> None:
    curve = loss_curve._read(some_run(tmp_path / "run"))
    assert curve.validated[curve.best] == 2
    assert curve.validation_accuracies[curve.best] == pytest.approx(99.0)


def test_the_legend_says_where_training_images_were_distorted_and_validation_s_not(
    tmp_path: Path,
) -> None:
    run = some_run(tmp_path / "run")
    plain = RunFolder.create(tmp_path / "plain", Config(augmentation=UNDISTORTED))
    plain.write_history(run.history())
    expected = {
        "training (distorted), smoothed over raw": run,
        "training, smoothed over raw": plain,
    }
    for label, each in expected.items():
        (upper, _) = loss_curve_figure(each).axes
        assert upper.get_legend_handles_labels()[1] == [label, "validation"]


def test_smoothing_keeps_the_mean_and_the_place(tmp_path: Path) -> None:
    curve = loss_curve._read(some_run(tmp_path / "run"))
    epochs, losses = loss_curve._smoothed(curve._replace(losses=3.0 + curve.epochs))
    assert len(losses) == 300 - 5
    np.testing.assert_allclose(losses, 3.0 + epochs)


def test_several_runs_are_drawn_into_one_picture_in_colours_of_their_own(tmp_path: Path) -> None:
    runs = [some_run(tmp_path / str(number), rate=number) for number in (1, 2, 3)]
    draw_comparison(runs, tmp_path / "comparison.png")
    picture = image.imread(tmp_path / "comparison.png")
    for colour in COLOURS[:3]:
        assert share_of(colour, picture) > 1e-4
    assert share_of(COLOURS[3], picture) == 0


def test_names_are_shown_as_they_are(tmp_path: Path) -> None:
    # Matplotlib takes $...$ for a formula, hides labels with "_", and its font lacks this glyph.
    run = some_run(tmp_path / "_$a$_\\frac_\u4e00")
    draw_loss_curve(run, tmp_path / "curve.png")
    title = loss_curve_figure(run).axes[0].get_title()
    assert title == r" _\$a\$_\frac_" + "\u4e00: synthetic"


def test_a_name_that_is_no_png_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MnistScratchError, match=r"curve\.jpg: pictures are PNG"):
        draw_loss_curve(some_run(tmp_path / "run"), tmp_path / "curve.jpg")


def test_the_raw_loss_lies_under_the_smoothed_one_and_a_line_marks_the_best_epoch(
    picture: npt.NDArray[np.float32],
) -> None:
    pale = [1 - 0.45 * (1 - int(COLOURS[5][place : place + 2], 16) / 255) for place in (1, 3, 5)]
    assert np.mean(np.all(np.abs(picture[..., :3] - pale) < 0.02, axis=-1)) > 1e-5
    assert share_of("#555555", picture) > 1e-4


def test_runs_of_one_name_are_told_apart_by_their_folders(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(loss_curve, "save", lambda figure, _: figures.append(figure))
    runs = [some_run(tmp_path / folder / "run") for folder in "ab"]
    draw_comparison(runs, tmp_path / "comparison.png")
    labels = [text.get_text() for text in figures[0].legends[0].get_texts()]
    assert labels == [str(run.path) for run in runs]


def test_the_axis_says_which_loss_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    figures: list[Figure] = []
    monkeypatch.setattr(loss_curve, "save", lambda figure, _: figures.append(figure))
    squared = some_run(tmp_path / "squared", loss="squared-error")
    other = some_run(tmp_path / "other")
    draw_loss_curve(squared, tmp_path / "curve.png")
    draw_comparison([other], tmp_path / "comparison.png")
    draw_comparison([squared, other], tmp_path / "comparison.png")
    assert [figure.axes[0].get_ylabel() for figure in figures] == [
        "squared-error",
        "cross-entropy (nats)",
        "loss (differs between the runs)",
    ]
    (legend,) = figures[-1].legends
    labels = [text.get_text() for text in legend.get_texts()]
    assert labels == ["squared, squared-error", "other, cross-entropy"]


def test_every_loss_of_training_has_a_curve(tmp_path: Path) -> None:
    for loss in LOSSES:
        figure = loss_curve_figure(some_run(tmp_path / loss, loss=loss))
        assert figure.axes[0].get_ylabel().startswith(loss)


def test_a_run_without_an_epoch_is_named(tmp_path: Path) -> None:
    run = some_run(tmp_path / "run", epochs=0)
    with pytest.raises(MnistScratchError, match=r"run/history\.csv has no finished epoch"):
        draw_loss_curve(run, tmp_path / "curve.png")
    assert not (tmp_path / "curve.png").exists()


def test_a_place_for_a_picture_is_tried_before_there_is_one(tmp_path: Path) -> None:
    check_picture(tmp_path / "new" / "picture.png")
    assert list((tmp_path / "new").iterdir()) == []
    (tmp_path / "file").write_text("")
    (tmp_path / "folder.png").mkdir()
    for name, message in (
        ("picture.jpg", "pictures are PNG"),
        ("folder.png", "is a folder"),
        ("file/picture.png", "cannot write .*picture.png"),
    ):
        with pytest.raises(MnistScratchError, match=message):
            check_picture(tmp_path / name)

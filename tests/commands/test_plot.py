"""`mnist-scratch plot`."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.command_line import CommandLine, refused, succeeded
from matplotlib import image


def test_the_loss_curve_is_drawn_into_the_run(main: CommandLine, finished_run: Path) -> None:
    before = (finished_run / "loss_curve.png").read_bytes()
    (finished_run / "loss_curve.png").unlink()
    assert succeeded(main("plot", "run")) == f"{Path('run', 'loss_curve.png')}\n"
    assert image.imread(finished_run / "loss_curve.png").shape == (816, 1088, 4)
    assert (finished_run / "loss_curve.png").read_bytes() == before, "as training drew it"


def test_several_runs_are_compared_in_one_picture_with_what_differs(
    main: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    path, _, table = succeeded(main("plot", "run", "run")).partition("\n\n")
    assert path == "comparison.png"
    assert table.endswith("Their configs are the same.\n")
    assert image.imread(tmp_path / "comparison.png").shape[2] == 4


def test_the_picture_is_written_where_output_says(
    main: CommandLine, finished_run: Path, tmp_path: Path
) -> None:
    picture = tmp_path / "new" / "other.png"
    assert succeeded(main("plot", "run", "--output", picture)) == f"{picture}\n"
    assert picture.read_bytes() == (finished_run / "loss_curve.png").read_bytes()


def test_a_backend_that_the_user_chose_for_windows_does_not_matter(
    command_line: CommandLine, finished_run: Path
) -> None:
    (finished_run / "loss_curve.png").unlink()
    succeeded(command_line("plot", "run", environment={"MPLBACKEND": "nonsense"}))
    assert (finished_run / "loss_curve.png").exists()


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("absent",), "absent is not the folder of a run"),
        (("half",), f"cannot read {Path('half', 'history.csv')}"),
        (("run", "--output", "x.jpg"), "x.jpg: pictures are PNG; let the name end in .png"),
    ],
)
def test_what_cannot_be_plotted_is_one_clear_message(
    main: CommandLine, finished_run: Path, half_run: Path, arguments: tuple[str, ...], message: str
) -> None:
    assert message in refused(main("plot", *arguments))

"""Make the README's pictures: a loss curve, digits of all kinds, cross-entropy explained.

python scripts/make_pictures.py RUN
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from PIL import Image, ImageDraw

from mnist_scratch.config.toml import find_config, read_config
from mnist_scratch.data.sources.load import load_dataset
from mnist_scratch.data.synthetic.digits import draw_digits
from mnist_scratch.report.explain.comparison import compare_losses
from mnist_scratch.report.explain.curves import draw_curves
from mnist_scratch.report.plots.contact_sheet import write_contact_sheet
from mnist_scratch.report.plots.loss_curve import draw_loss_curve
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.trainer import make_augmentation

FOLDER = Path(__file__).resolve().parents[1] / ".github"
COLUMNS = 24


def draw_contact_sheet(target: Path) -> None:
    """Draw a row of each digit, ink dark on white paper."""
    images = draw_digits(np.repeat(np.arange(10), COLUMNS), np.random.default_rng(0))
    sheet = images.reshape(10, COLUMNS, 28, 28).swapaxes(1, 2).reshape(10 * 28, COLUMNS * 28)
    figure = Figure(figsize=(COLUMNS / 2.4, 10 / 2.4), dpi=120)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.imshow(255 - sheet, cmap="gray", interpolation="nearest")
    axes.set_axis_off()
    figure.savefig(target)


def draw_three(target: Path) -> None:
    """Draw one digit as a person's own picture: large, off centre, dark on grey paper."""
    (digit,) = draw_digits(np.array([3]), np.random.default_rng(0))  # (28, 28)
    large = Image.fromarray(digit).resize((140, 140), Image.Resampling.BICUBIC)
    paper = Image.new("L", (200, 160), 225)
    paper.paste(40, (50, 10), mask=large)
    paper.save(target, optimize=True)


def draw_number(target: Path) -> None:
    """Draw a telephone number as a person writes it, digits of unequal sizes on grey paper."""
    rng = np.random.default_rng(6)
    paper = Image.new("L", (620, 110), 225)
    x = 15
    for text in "555-0174":
        side = int(rng.integers(70, 90))
        if text == "-":
            ImageDraw.Draw(paper).line((x + 8, 58, x + 36, 56), fill=40, width=6)
            x += 42
            continue
        (digit,) = draw_digits(np.array([int(text)]), rng)  # (28, 28)
        large = Image.fromarray(digit).resize((side, side), Image.Resampling.BICUBIC)
        paper.paste(40, (x, int(rng.integers(5, 20))), mask=large)
        x += side
    paper.save(target, optimize=True)


def main() -> None:
    """Write the pictures; cross-entropy is shown on the run's data set."""
    run = RunFolder(Path(sys.argv[1]))
    draw_loss_curve(run, FOLDER / "loss_curve.png")
    draw_contact_sheet(FOLDER / "synthetic_digits.png")
    draw_three(FOLDER / "three.png")
    draw_number(FOLDER / "number.png")
    data = run.config().data
    training, _ = load_dataset(data.dataset, invert=data.invert)
    distorting = make_augmentation(read_config(find_config("simard")))
    write_contact_sheet(training, distorting, FOLDER / "distorted_digits.png")
    draw_curves(compare_losses(training, print), FOLDER / "cross_entropy_curves.png")


if __name__ == "__main__":
    main()

"""Images of a data set on one sheet, as they are or distorted as in training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
from matplotlib.figure import Figure

from mnist_scratch.data.augment import Augmentation
from mnist_scratch.data.dataset import Examples
from mnist_scratch.report.plots.style import COLOURS, class_labels, save

_ACROSS = 14
_GAP = 3  # pixels between two images
_CELL = 28 + _GAP
_MANY = 60  # classes: the picture would be 10,000 pixels high
_MARGIN = 0.9  # inches, for the names


def write_contact_sheet(dataset: Examples, augmentation: Augmentation | None, path: Path) -> None:
    """Draw a row of images for each class.

    Parameters
    ----------
    dataset
        Its first images of each class are drawn.
    augmentation
        If given, the first image of each class is drawn as it is, then distorted in several ways.
    path
        The PNG to write.

    Raises
    ------
    MnistScratchError
        If it cannot be written, or its name does not end in .png.
    """
    save(_draw(dataset, augmentation), path)


def _draw(dataset: Examples, augmentation: Augmentation | None) -> Figure:
    names = class_labels(dataset.classes)
    sheet = np.full((len(names) * _CELL - _GAP, _ACROSS * _CELL - _GAP), 255, np.uint8)
    for label in range(len(names)):
        examples = np.flatnonzero(dataset.labels == label)[:_ACROSS]
        images = dataset.take(examples)[0].reshape(-1, 28, 28)  # (n, 28, 28)
        if augmentation is not None and len(images):
            images = _distorted(images[:1], augmentation, label)
        for place, image in enumerate(images):
            row, column = label * _CELL, place * _CELL
            sheet[row : row + 28, column : column + 28] = 255 - image
    figure = Figure(
        figsize=(_ACROSS * 0.62 + _MARGIN, len(names) * 0.62 + 0.55),
        dpi=150 if len(names) <= _MANY else 60,
    )
    figure.set_layout_engine("constrained")
    axes = figure.subplots()
    axes.imshow(sheet, cmap="gray", vmin=0, vmax=255, interpolation="nearest")
    axes.set_yticks(np.arange(len(names)) * _CELL + 14, names, fontsize=12)
    axes.tick_params(length=0)
    axes.spines[:].set_visible(False)
    if augmentation is None:
        axes.set_xticks([])
        axes.set_title(f"{dataset.name}: the first images of each class", fontsize=12, loc="left")
    else:
        between = (_ACROSS + 1) / 2 * _CELL
        axes.set_xticks([14, between], ["original", "distorted as in training"], fontsize=12)
        axes.axvline(_CELL - _GAP / 2 - 0.5, color=COLOURS[0], linewidth=1.5)
        axes.set_title(f"{dataset.name}: {_described(augmentation)}", fontsize=12, loc="left")
    return figure


def _distorted(
    image: npt.NDArray[np.uint8], augmentation: Augmentation, batch: int
) -> npt.NDArray[np.uint8]:
    """Return an image (1, 28, 28) followed by distorted copies of it."""
    copies = np.repeat(image.reshape(1, -1), _ACROSS - 1, axis=0)  # (n, 784)
    distorted = augmentation.distort(copies, 0, batch)
    return np.concatenate([image, np.rint(distorted).astype(np.uint8).reshape(-1, 28, 28)])


def _described(augmentation: Augmentation) -> str:
    amounts = {
        "rotation": f"{augmentation.rotation:g}°",
        "scale": f"{augmentation.scale:g}",
        "shear": f"{augmentation.shear:g}",
        "shift": f"{augmentation.shift:g}",
        "elastic_alpha": f"{augmentation.elastic_alpha:g}, sigma {augmentation.elastic_sigma:g}",
    }
    used = {name: text for name, text in amounts.items() if getattr(augmentation, name)}
    return ", ".join(f"{name.replace('_', ' ')} {text}" for name, text in used.items())

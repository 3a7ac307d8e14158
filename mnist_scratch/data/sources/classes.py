"""What the classes of the data sets are called."""

from __future__ import annotations

DIGITS = tuple("0123456789")

# Of data sets whose classes are not the digits themselves, from 0 to 9. Fashion-MNIST: README of
# github.com/zalandoresearch/fashion-mnist, "Labels". KMNIST: the ten rows of hiragana of
# kmnist_classmap.csv, codh.rois.ac.jp/kmnist, in Hepburn's romanisation, which every font has.
_NAMES = {
    "fashion-mnist": (
        *("T-shirt/top", "Trouser", "Pullover", "Dress", "Coat"),
        *("Sandal", "Shirt", "Sneaker", "Bag", "Ankle boot"),
    ),
    "kmnist": ("o", "ki", "su", "tsu", "na", "ha", "ma", "ya", "re", "wo"),
}


def class_names(dataset: str) -> tuple[str, ...]:
    """Return the names of a data set's ten classes, in the order of their labels.

    Parameters
    ----------
    dataset
        Its name, as `--dataset` has it. Where nothing else is known the names are the digits.
    """
    return _NAMES.get(dataset, DIGITS)

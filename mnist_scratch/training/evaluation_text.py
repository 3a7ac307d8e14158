"""An evaluation as tables for a terminal: metrics, the scores of every class, confusions."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np
import numpy.typing as npt

from mnist_scratch.system.text import NARROW, columns, cut, labelled, percent
from mnist_scratch.training.metrics import METRICS, class_scores, most_confused

_Confusion = npt.NDArray[np.int64]  # (C, C), as `Evaluation` has it


def metrics_line(values: Mapping[str, float]) -> str:
    """Return the values of the entries of `METRICS`."""
    metrics = (f"{METRICS[name].title} {value:.2%}" for name, value in values.items())
    return labelled("metrics", "; ".join(metrics))


def class_table(confusion: _Confusion, classes: Sequence[str]) -> Iterator[str]:
    """Yield a heading and a row for each class: precision, recall, F1, number of images."""
    narrow = columns() < NARROW
    names = [cut(name, columns() - (28 if narrow else 39)) for name in classes]
    width = max(len("class"), *map(len, names))
    heading = ("prec.", "recall", "F1") if narrow else ("precision", "recall", "F1")
    widths, gap = ((6, 6, 6), " ") if narrow else ((9, 8, 8), "  ")

    def row(name: str, cells: Sequence[str], examples: str) -> str:
        aligned = (f"{cell:>{room}}" for cell, room in zip(cells, widths, strict=True))
        return gap.join([f"{name:<{width}}", *aligned, f"{examples:>6}"])

    yield row("class", heading, "images")
    scores = class_scores(confusion)
    for name, score in zip(names, scores, strict=True):
        shares = (score.precision, score.recall, score.f1)
        cells = [percent(share, 1 if narrow else 2) for share in shares]
        yield row(name, cells, f"{score.examples:,}")
    if None in {share for score in scores for share in score}:
        yield "-: undefined, no examples"


def confusions(confusion: _Confusion, classes: Sequence[str]) -> Iterator[str]:
    """Yield a heading and a row for each of the most frequent confusions."""
    pairs = most_confused(confusion)
    longest = max(map(len, classes))
    fits = NARROW <= columns() >= 37 + 3 * longest
    yield (
        ("most confused" if fits else "most confused, true as predicted") if pairs else "no errors"
    )
    for pair in pairs:
        true, predicted = classes[pair.true], classes[pair.predicted]
        share = pair.examples / int(confusion[pair.true].sum())
        if fits:
            yield (
                f"true {true:<{longest}}  predicted {predicted:<{longest}}"
                f"  {pair.examples:>6,}, {share:.2%} of {true}"
            )
        else:
            most = (columns() - 20) // 2
            yield f"{cut(true, most)} as {cut(predicted, most)}  {pair.examples:,}, {share:.2%}"

"""What a person sees while a network trains."""

from __future__ import annotations

import sys

import numpy as np

from mnist_scratch.nn import Array
from mnist_scratch.system.bar import training_bar
from mnist_scratch.system.text import NARROW, columns
from mnist_scratch.training.history import Row

_SMOOTHING = 0.98  # of the running loss and accuracy: they follow about the last 50 batches


class Progress:
    """A bar over the whole training on a terminal or in a notebook; anywhere a line an epoch.

    Parameters
    ----------
    title
        A line to begin with.
    epochs
        Epochs of the training.
    examples
        Examples of an epoch.
    done
        Examples that were trained on before an interruption.
    """

    def __init__(self, title: str, epochs: int, examples: int, done: int = 0) -> None:
        print(title, file=sys.stderr)
        self.epochs = epochs
        self._steps = 0
        self._loss = 0.0
        self._accuracy = 0.0
        shows_bars = sys.stderr.isatty() or type(sys.stderr).__module__.startswith("ipykernel.")
        first = f"epoch {min(done // examples + 1, epochs)}/{epochs}"
        self._bar = training_bar(epochs * examples, done, first) if shows_bars else None

    def step(self, loss: float, predictions: Array, targets: Array) -> None:
        """Take note of a step: its loss, the predictions (B, C) and one-hot targets (B, C)."""
        if self._bar is None:
            return
        correct = np.argmax(predictions, axis=1) == np.argmax(targets, axis=1)
        self._steps += 1
        share = max(1.0 - _SMOOTHING, 1.0 / self._steps)
        self._loss += share * (loss - self._loss)
        self._accuracy += share * (float(np.mean(correct)) - self._accuracy)
        self._bar.set_postfix_str(f"loss {_loss(self._loss)}, {self._accuracy:.1%}", refresh=False)
        self._bar.update(len(targets))

    def clear(self) -> None:
        """Take the bar off the line, for others to print on, until the next step."""
        if self._bar is not None:
            self._bar.clear()

    def epoch(self, row: Row, *, best: bool) -> None:
        """Print the line of a finished epoch, and turn the bar to the next."""
        line = f"epoch {row.epoch:>{len(str(self.epochs))}}/{self.epochs}  "
        if columns(sys.stderr) < NARROW:
            line += f"loss {row.validation_loss:.4g}, {row.validation_accuracy:.2%}"
            line += "  best" if best else ""
        else:
            line += f"validation loss {_loss(row.validation_loss or 0.0)}, "
            line += f"accuracy {row.validation_accuracy:.2%}  {row.seconds:.1f} s"
            line += "  best so far" if best else ""
        if self._bar is None:
            print(line, file=sys.stderr)
            return
        sys.stdout.flush()  # a notebook would show later what was printed before
        self._bar.write(line, file=sys.stderr)
        following = min(row.epoch + 1, self.epochs)
        self._bar.set_description_str(f"epoch {following}/{self.epochs}", refresh=False)

    def close(self) -> None:
        """Take the bar off the terminal."""
        if self._bar is not None:
            self._bar.close()


def _loss(value: float) -> str:
    """Return a loss with four decimals; of one that is diverging, as few characters as that."""
    return f"{value:.4f}" if value < 1e6 else f"{value:.3g}"

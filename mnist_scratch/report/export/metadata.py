"""What a file that leaves the program says of the model in it, whatever its format."""

from __future__ import annotations

import json

from mnist_scratch import __version__
from mnist_scratch.data.sources.classes import class_names
from mnist_scratch.runs.folder import read_test_accuracy
from mnist_scratch.runs.rundir import RunDirectory


def about_model(run: RunDirectory) -> dict[str, str]:
    """Return what should go with a run's model, as texts: both formats take nothing else.

    These are `dataset`, `class_names` (a list in JSON, in the order of the logits), `mnist_scratch`
    (this program's version) and, if the run is finished, `test_accuracy` (0 to 1).

    Raises
    ------
    MnistScratchError
        If the run's files cannot be read.
    """
    dataset = run.config().data.dataset
    about = {
        "dataset": dataset,
        "class_names": json.dumps(class_names(dataset)),
        "mnist_scratch": __version__,
    }
    accuracy = read_test_accuracy(run.path)
    return about if accuracy is None else about | {"test_accuracy": str(accuracy)}

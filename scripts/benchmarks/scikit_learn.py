"""scikit-learn's contestant: MLPClassifier with SGD."""

from __future__ import annotations

import warnings

import numpy as np
from benchmarks.ours import PROBED, load, standardised
from benchmarks.turns import Data, Turns, Work
from sklearn.neural_network import MLPClassifier


def train_epochs(turns: Turns, work: Work, data: Data) -> None:
    """Train; a step is an epoch."""
    training, test = load(*data)
    images, labels = standardised(training), training.labels
    probed, probed_labels = standardised(test)[:PROBED], test.labels[:PROBED]
    model = MLPClassifier(
        hidden_layer_sizes=work.widths[1:-1],
        solver="sgd",
        batch_size=work.batch_size,
        learning_rate_init=work.learning_rate,
        momentum=work.momentum,
        nesterovs_momentum=work.nesterov,
        alpha=work.weight_decay,
        max_iter=1,
        tol=0.0,
        n_iter_no_change=10**6,
        warm_start=True,
        random_state=0,
    )
    warnings.simplefilter("ignore")  # that it has not converged
    model.fit(images[:1000], labels[:1000])  # makes the parameters

    def loss() -> float:
        predictions = model.predict_proba(probed)[np.arange(PROBED), probed_labels]
        return float(-np.log(np.maximum(predictions, 1e-7)).mean())

    turns.ready(loss)
    while True:
        # All epochs of a turn in one call: each call checks all of its input first.
        model.max_iter = turns.left
        model.fit(images, labels)
        turns.step(turns.left)

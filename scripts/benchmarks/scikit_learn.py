"""scikit-learn's contestant: MLPClassifier with SGD."""

from __future__ import annotations

import warnings
from typing import Any

from benchmarks.rivals import PROBED, initial_parameters, standardised_set
from benchmarks.turns import Data, Turns, Work
from sklearn.metrics import log_loss
from sklearn.neural_network import MLPClassifier


def train(turns: Turns, work: Work, data: Data, **_: Any) -> None:
    """Train; a step of the benchmark is an epoch."""
    images, labels = standardised_set(data, "train")
    probed, probed_labels = (array[:PROBED] for array in standardised_set(data, "t10k"))
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
    initial = initial_parameters(work.widths)
    for array, value in zip(
        model.coefs_ + model.intercepts_, initial[::2] + initial[1::2], strict=True
    ):
        array[...] = value
    turns.ready(lambda: float(log_loss(probed_labels, model.predict_proba(probed))))
    while True:
        # All epochs of a turn in one call: each call checks all of its input first.
        model.max_iter = turns.left
        model.fit(images, labels)
        turns.step(turns.left)

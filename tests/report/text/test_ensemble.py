from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from mnist_scratch.config.schema import Config
from mnist_scratch.data.sources.registry import class_names
from mnist_scratch.inference.ensemble import ModelResult
from mnist_scratch.nn.network import Network
from mnist_scratch.report.pages import report
from mnist_scratch.report.text.ensemble import describe_models, describe_tta
from mnist_scratch.runs.folder import RunFolder
from mnist_scratch.training.evaluation import Evaluation
from mnist_scratch.training.history import History, Row
from mnist_scratch.training.metrics import METRICS, Metric, calibration


def evaluation(confusion: npt.NDArray[np.int64]) -> Evaluation:
    right = np.repeat([True, False], [np.trace(confusion), confusion.sum() - np.trace(confusion)])
    return Evaluation(
        dataset="fashion-mnist",
        examples=len(right),
        loss=0.25,
        accuracy=float(right.mean()),
        confusion=confusion,
        calibration=calibration(np.full(len(right), 0.95), right),
        classes=class_names("fashion-mnist"),
    )


def test_a_metric_of_the_list_is_printed_written_and_reported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = Metric("error rate", lambda confusion, _: 1.0 - confusion.trace() / confusion.sum())
    monkeypatch.setitem(METRICS, "error_rate", metric)
    measured = evaluation(np.diag([8] * 10) + 2 * np.eye(10, k=1, dtype=np.int64))
    assert "mean confidence 95.00%; error rate 18.37% " in " ".join(measured.report().split())
    assert measured.as_json()["error_rate"] == pytest.approx(18 / 98)
    run = RunFolder.create(tmp_path / "run", Config())
    history = History([Row(1, 1, 0.1, 2.0, 2.1, 0.5, 0.5)])
    network = Network.of_widths((784, 10), "relu", np.random.default_rng(0))
    section = report._about_run(run, network, history, measured)
    assert '<th scope="row">error rate</th><td>18.37%</td>' in section.tables


def test_the_models_of_an_ensemble_stand_below_each_other() -> None:
    plain, tta = evaluation(np.diag([8] * 10)), evaluation(np.eye(10, k=1, dtype=np.int64) * 8)
    table = describe_models([Path("a"), Path("b")], [ModelResult(plain, tta)] * 2, 16)
    assert table.splitlines() == [
        "accuracy    --tta 16    run",
        "100.00%     0.00%       a",
        "100.00%     0.00%       b",
    ]
    table = describe_models([Path("a")], [ModelResult(plain, None)], 1)
    assert table.splitlines() == ["accuracy    run", "100.00%     a"]
    line = describe_tta(plain, 16)
    assert line == "with --tta 16  100.00% (95% interval 95.42% to 100.00%), loss 0.2500"

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

from mnist_scratch import __version__
from mnist_scratch.config.schema import Config, with_values
from mnist_scratch.data.dataset import Dataset
from mnist_scratch.runs import environment
from mnist_scratch.runs.environment import describe_environment

DATASET = Dataset("some", np.zeros((1, 28, 28), np.uint8), np.zeros(1, np.uint8), {"file": "hash"})


def test_what_a_result_depends_on_is_named() -> None:
    config = with_values(Config(), {("training", "seed"): 7, ("training", "threads"): 3}, "test")
    described = json.loads(json.dumps(describe_environment(config, DATASET)))
    assert described["seed"] == 7
    assert described["dataset"] == "some"
    assert described["mnist_scratch"] == __version__
    assert described["data_sha256"] == {"file": "hash"}
    assert described["blas"]["threads"] == 3
    assert described["usable_cpus"] >= 1
    assert described["cpu"]


def test_the_commit_is_that_of_the_checkout(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    git = ["git", "-C", str(tmp_path), "-c", "user.name=a", "-c", "user.email=a@b.example"]
    package = tmp_path / "mnist_scratch" / "training"
    package.mkdir(parents=True)
    (package / "environment.py").write_text("")
    monkeypatch.setattr(environment, "__file__", str(package / "environment.py"))
    assert describe_environment(Config(), DATASET)["git_commit"] is None
    subprocess.run([*git, "init", "-q"], check=True)
    subprocess.run([*git, "add", "."], check=True)
    subprocess.run([*git, "commit", "-qm", "first"], check=True)
    head = subprocess.run([*git, "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    assert describe_environment(Config(), DATASET)["git_commit"] == head.stdout.strip()
    subprocess.run([*git, "tag", "-a", "v1", "-m", "a tag"], check=True)
    assert describe_environment(Config(), DATASET)["git_commit"] == head.stdout.strip()
    (package / "environment.py").write_text("changed")
    assert describe_environment(Config(), DATASET)["git_commit"] == f"{head.stdout.strip()}+"


def test_without_git_the_commit_is_unknown(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / ".git").mkdir()
    monkeypatch.setattr(environment, "__file__", str(tmp_path / "package" / "training" / "x.py"))
    assert describe_environment(Config(), DATASET)["git_commit"] is None

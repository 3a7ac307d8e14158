from __future__ import annotations

import importlib
import io
import json
import math
import os
import sys
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from benchmarks import ours, programs, rivals, sections
from benchmarks.__main__ import SECTIONS
from benchmarks.__main__ import main as benchmark
from benchmarks.output import Entry, Row, figure, lines, row_of, summary
from benchmarks.turns import BenchmarkError, Contest, Contestant, Data, Turns, Work, environment

from mnist_scratch import load_dataset

TESTS = Path(__file__).resolve().parents[1]
TRIED = {
    ("ours", "1"): [2e-6, 4e-6, 90e-6],
    ("ours", "2"): [5e-6, 5e-6, 5e-6],
    ("PyTorch, users", "1"): [40e-6, 50e-6, 60e-6],
    ("PyTorch, experts", "1"): [12e-6, 13e-6, 1e-6],
    ("PyTorch, experts", "2"): [10e-6, 10e-6, 11e-6],
}


@pytest.fixture
def contest(monkeypatch: pytest.MonkeyPatch, digit_files: Path) -> Contest:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))  # has contestants for these tests
    contest = Contest(Data("files", str(digit_files)), quick=True)
    contest.rounds = 3
    return contest


def sleeping(side: str, seconds: object, losses: list[float]) -> Contestant:
    arguments = {"seconds": seconds, "losses": losses}
    return Contestant(side, "helpers.sleeping_contestant:sleep", arguments)


def test_a_turn_is_timed_from_after_the_untimed_steps_to_its_last_step() -> None:
    sent = io.StringIO("[2, 3]\n[1, 1]\n[0, 0]\n")
    answers = io.StringIO()
    turns = Turns(sent, answers)
    losses = iter([0.5, 0.25])
    turns.ready(lambda: next(losses))
    answered = []  # after each step, how many answers there were

    def work() -> None:
        while True:
            turns.step()
            answered.append(answers.getvalue().count("\n"))

    with pytest.raises(BaseException, match=r"^$"):
        work()
    assert answered == [1, 1, 1, 1, 2, 2], "2 untimed steps, then 3; 1 and 1 in the second turn"
    before, *seconds, after = map(json.loads, answers.getvalue().splitlines())
    assert (before, len(seconds), after) == (0.5, 2, 0.25)


def test_contestants_take_turns_and_a_step_has_its_own_length(contest: Contest) -> None:
    contestants = [sleeping("slow", 0.004, [2.0, 1.0]), sleeping("fast", 0.0005, [2.0, 1.0])]
    with contest:
        for _ in range(2):  # another comparison in the same processes
            measured = contest.measure(contestants)
    assert [len(seconds) for seconds in measured.values()] == [3, 3]
    assert 0.004 <= min(measured["slow", "1"]) < 0.04
    assert 0.0005 <= min(measured["fast", "1"]) < 0.015, "seconds of a step, not of a turn"


def test_a_contestant_that_does_not_learn_or_fails_is_an_error(contest: Contest) -> None:
    with contest:
        with pytest.raises(BenchmarkError, match="dead with threads 1 did not learn"):
            contest.measure([sleeping("dead", 0.0001, [2.3, 2.3])])
        with pytest.raises(BenchmarkError, match=r"(?s)broken.*TypeError"):
            contest.measure([sleeping("broken", "none", [2.0, 1.0])])


def test_contestants_that_learn_less_in_the_same_steps_are_an_error(contest: Contest) -> None:
    close = [sleeping("one", 0.0001, [2.3, 0.20]), sleeping("other", 0.0001, [2.3, 0.21])]
    worse = sleeping("third", 0.0001, [2.3, 0.25])
    with contest:
        contest.measure(close, steps=1)
        assert contest.losses == {("one", "1"): 0.20, ("other", "1"): 0.21}
        with pytest.raises(BenchmarkError, match="third with threads 1 learned less in the same"):
            contest.measure([*close, worse], steps=1)


def test_a_section_that_fails_is_named_and_the_others_are_measured(
    contest: Contest,
    digit_files: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def section(side: str, last_loss: float) -> Callable[[Contest], list[Row]]:
        def measure(contest: Contest) -> list[Row]:
            measured = contest.measure([sleeping(side, 0.0001, [2.3, last_loss])])
            return [row_of(side, "us", measured)]

        return measure

    plans = {"dead": ("the first", section("dead", 2.3)), "fine": ("the next", section("fine", 1))}
    monkeypatch.setattr("benchmarks.__main__.SECTIONS", plans)
    monkeypatch.setattr("benchmarks.__main__.version", lambda name: "0")
    monkeypatch.setattr(
        "benchmarks.__main__.load_dataset", lambda _: load_dataset("files", digit_files)
    )
    monkeypatch.setattr("benchmarks.__main__.data_folder", lambda name: digit_files)
    assert benchmark(["--quick"]) == 2
    shown, errors = capsys.readouterr()
    assert "section dead: dead with threads 1 did not learn" in errors
    assert "### The next" in shown


@pytest.mark.parametrize(("module", "library"), [("pytorch", "torch"), ("jax", "jax")])
def test_rivals_take_our_steps_from_the_same_parameters(
    digit_files: Path, module: str, library: str
) -> None:
    pytest.importorskip(library)
    # All images in one batch: the order in which they are drawn changes nothing.
    work = Work((784, 30, 20, 10), 400, momentum=0.9, nesterov=True, weight_decay=0.01)
    data = Data("files", str(digit_files))
    trainer = ours.make_trainer(work, data)
    theirs = importlib.import_module(f"benchmarks.{module}").Model(
        work, *rivals.standardised_set(data, "train")
    )
    before = trainer.network.parameters.copy()

    def difference() -> float:
        flat = np.concatenate(list(map(np.ravel, theirs.parameters)))
        return float(np.linalg.norm(flat - trainer.network.parameters))

    assert difference() == 0
    for images, targets in (batch for _ in range(30) for batch in trainer.loader):
        trainer._train_step(images, targets)
    for _ in range(30):
        theirs.epoch(rivals.UNTIMED, [work.learning_rate])
    moved = float(np.linalg.norm(trainer.network.parameters - before))
    assert moved > 1
    assert difference() < 1e-4 * moved


def test_our_own_contestants_are_timed_and_learn(contest: Contest) -> None:
    arguments = {"work": Work((784, 30, 10), 10), "data": contest.data}
    names = ("train", "products", "evaluation", "checkpoint")
    trains, *others = (Contestant(name, f"benchmarks.ours:{name}", arguments) for name in names)
    with contest:
        measured = contest.measure([trains], steps=50)  # enough to learn, however slow
        measured |= contest.measure(others)
    assert all(min(seconds) > 0 for seconds in measured.values())


def test_another_checkout_takes_part_with_its_own_code(contest: Contest, tmp_path: Path) -> None:
    package = tmp_path / "mnist_scratch"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('the other one')", encoding="utf-8")
    with contest, pytest.raises(BenchmarkError, match=r"(?s)other.*the other one"):
        sections.against(contest, tmp_path)


def test_a_ratio_is_of_the_best_medians() -> None:
    row = row_of("work", "us", TRIED)
    assert [
        (each.side, each.threads, round(each.median, 9), row.ratio(each)) for each in row.entries
    ] == [
        ("ours", "1", 4, "1.00"),
        ("ours", "2", 5, "1.25"),
        ("PyTorch, users", "1", 50, "12.50"),
        ("PyTorch, experts", "1", 12, "3.00"),
        ("PyTorch, experts", "2", 10, "2.50"),
    ]


def test_the_best_rival_of_each_work_is_named_and_a_lost_one_is_shown_as_lost() -> None:
    seconds = TRIED | {("JAX", "1"): [3e-6]}
    sections = {
        "step": [row_of("784-10", "us", TRIED), row_of("784-9-10", "us", seconds)],
        "start": [row_of("our own alone", "ms", {("ours", "1"): [1.0]})],
        "98": [Row("accuracy", "%", [Entry("ours", "1", [98.1]), Entry("JAX", "1", [98.0])])],
    }
    shown = [" ".join(line.split()) for line in summary(sections)]
    assert shown[1] == "| | ours | PyTorch | JAX | scikit-learn | best rival |"
    assert shown[3:] == [
        "| step: 784-10 | 4.000 us | 2.50 | | | PyTorch, experts |",
        "| step: 784-9-10 | 4.000 us | 2.50 | 0.75 | | JAX (lost) |",
    ]
    assert not list(summary({"start": sections["start"]}))


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, "us", "1,234"),
        (123.45, "us", "123.5"),
        (12.345, "ms", "12.35"),
        (0.98765, "s", "0.988"),
        (98.0349, "%", "98.03"),
    ],
)
def test_figures_have_the_digits_a_reader_wants(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def test_a_table_has_every_figure_in_columns_below_each_other() -> None:
    entries = [Entry("PyTorch, experts", "auto", (123456.7, 99999.9, 654321.0))]
    row = Row("784-128-10", "us", entries, note="in words")
    accuracy = Row("accuracy", "%", [Entry("ours", "auto", (98.0, 98.1))])
    shown = list(lines("a training step", [row, accuracy]))
    table = [line for line in shown if line.startswith("|")]
    assert len({tuple(place for place, it in enumerate(line) if it == "|") for line in table}) == 1
    cells = [" ".join(line.split()) for line in table]
    assert "| PyTorch, experts | auto | 123,457 us | 100,000 | 654,321 | 3 | 1.00 |" in cells
    assert "| ours | auto | 98.05 % | 98.00 | 98.10 | 2 | |" in cells
    assert shown[-1] == "\n784-128-10: in words"


def test_the_large_file_is_made_of_what_there_is(digit_files: Path, tmp_path: Path) -> None:
    programs.write_large_data(Data("files", str(digit_files)), tmp_path, 410)
    training, test = load_dataset("files", str(tmp_path))
    assert (len(training), len(test)) == (410, 100)
    assert training.images[400:].tobytes() == training.images[:10].tobytes()


def test_a_program_is_timed_with_its_own_peak_of_memory(tmp_path: Path) -> None:
    code = "import time; time.sleep(0.2); x = bytearray(10**8); x[::4096] = x[::4096]; print(9)"
    ran = programs.run_program([sys.executable, "-c", code], tmp_path)
    assert (ran.seconds > 0.2, ran.output.strip()) == (True, "9")
    assert math.isnan(ran.peak_megabytes) or 100 < ran.peak_megabytes < 140
    with pytest.raises(BenchmarkError, match="oh dear"):
        programs.run_program([sys.executable, "-c", "raise SystemExit('oh dear')"], tmp_path)


def test_processes_get_the_threads_and_the_checkout_asked_for(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "7")
    assert "OPENBLAS_NUM_THREADS" not in environment()
    assert environment("2")["OMP_NUM_THREADS"] == "2"
    assert environment("1", tmp_path)["PYTHONPATH"].split(os.pathsep)[0] == str(tmp_path)


def test_the_command_line_lists_its_sections_and_refuses_others(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit):
        benchmark(["--help"])
    shown = capsys.readouterr().out
    assert all(f"  {name:<12}{title}\n" in shown for name, (title, _) in SECTIONS.items())
    with pytest.raises(SystemExit, match="2"):
        benchmark(["stp"])
    assert "there is no section stp; sections are step, " in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        benchmark(["step", "--against", "."])

from __future__ import annotations

import io
import json
import math
import os
import sys
from pathlib import Path

import pytest
from benchmarks import programs, sections
from benchmarks.__main__ import SECTIONS
from benchmarks.__main__ import main as benchmark
from benchmarks.output import Entry, Row, compare, figure, lines
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
def contest(monkeypatch: pytest.MonkeyPatch, synthetic_dir: Path) -> Contest:
    monkeypatch.setenv("PYTHONPATH", str(TESTS))  # has contestants for these tests
    data = Data("synthetic", str(synthetic_dir))
    contest = Contest(data, quick=True)
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


def test_our_own_contestants_are_timed_and_learn(contest: Contest) -> None:
    arguments = {"work": Work((784, 30, 10), 10, learning_rate=0.1), "data": contest.data}
    names = ("train", "products", "evaluation", "checkpoint")
    contestants = [Contestant(name, f"benchmarks.ours:{name}", arguments) for name in names]
    with contest:
        measured = contest.measure(contestants)
    assert all(min(seconds) > 0 for seconds in measured.values())


def test_another_checkout_takes_part_with_its_own_code(contest: Contest, tmp_path: Path) -> None:
    package = tmp_path / "mnist_scratch"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('the other one')", encoding="utf-8")
    with contest, pytest.raises(BenchmarkError, match=r"(?s)other.*the other one"):
        sections.against(contest, tmp_path)


def test_a_ratio_is_of_the_best_medians() -> None:
    row = compare("work", "us", TRIED, "PyTorch / ours", own="2")
    assert [(entry.side, entry.threads, round(entry.median, 9)) for entry in row.entries] == [
        ("ours", "1", 4),
        ("ours", "2 (as it comes)", 5),
        ("PyTorch, users", "1", 50),
        ("PyTorch, experts", "1", 12),
        ("PyTorch, experts", "2", 10),
    ]
    assert row.ratio == pytest.approx(10 / 4)


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
    row = Row("784-128-10", "us", entries, "PyTorch / ours", 1.234, note="in words")
    accuracy = Row("accuracy", "%", [Entry("ours", "auto", (98.0, 98.1))])
    shown = list(lines("a training step", [row, accuracy]))
    table = [line for line in shown if line.startswith("|")]
    assert len({tuple(place for place, it in enumerate(line) if it == "|") for line in table}) == 1
    cells = [" ".join(line.split()) for line in table]
    assert "| PyTorch, experts | auto | 123,457 us | 100,000 | 654,321 | 3 |" in cells
    assert "| PyTorch / ours | | 1.23 | | | |" in cells
    assert "| ours | auto | 98.05 % | 98.00 | 98.10 | 2 |" in cells
    assert shown[-1] == "\n784-128-10: in words"


def test_the_large_file_is_made_of_what_there_is(synthetic_dir: Path, tmp_path: Path) -> None:
    programs.write_large_data(Data("synthetic", str(synthetic_dir)), tmp_path, 60_010)
    training, test = load_dataset("files", str(tmp_path))
    assert (len(training), len(test)) == (60_010, 10_000)
    assert training.images[60_000:].tobytes() == training.images[:10].tobytes()


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

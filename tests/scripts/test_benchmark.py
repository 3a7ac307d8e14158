from __future__ import annotations

import io
import json
import os
import sys
from pathlib import Path

import pytest
from benchmarks import programs, sections
from benchmarks.__main__ import SECTIONS
from benchmarks.__main__ import main as benchmark
from benchmarks.output import Entry, Row, Section, as_json, compare, draw, figure
from benchmarks.output import markdown_lines as markdown
from benchmarks.output import terminal_lines as terminal
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
    return Contest(data, quick=True, rounds=3)


def sleeping(side: str, seconds: object, losses: list[float]) -> Contestant:
    arguments = {"seconds": seconds, "losses": losses}
    return Contestant(side, "helpers.sleeping_contestant:sleep", "1", arguments)


def test_a_turn_is_timed_from_after_the_untimed_steps_to_its_last_step() -> None:
    commands = [{"steps": 3, "untimed": 2}, {"ask": "loss"}, {"steps": 1, "untimed": 0}, {"end": 1}]
    sent = io.StringIO("".join(json.dumps(command) + "\n" for command in commands))
    answers = io.StringIO()
    turns = Turns(sent, answers)
    turns.ready(lambda: 0.25)
    answered = []  # after each step, how many turns were answered

    def work() -> None:
        while True:
            turns.step()
            answered.append(answers.getvalue().count("seconds"))

    with pytest.raises(BaseException, match=r"^$"):
        work()
    assert answered == [0, 0, 0, 0, 1], "2 untimed steps, then 3; the sixth ends the second turn"
    kinds = [next(iter(json.loads(line))) for line in answers.getvalue().splitlines()]
    assert kinds == ["ready", "seconds", "loss", "seconds"]


def test_contestants_take_turns_and_a_step_has_its_own_length(contest: Contest) -> None:
    contestants = [sleeping("slow", 0.004, [2.0, 1.0]), sleeping("fast", 0.0005, [2.0, 1.0])]
    with contest:
        for _ in range(2):  # another comparison in the same processes
            measured = contest.measure(contestants, learns=True)
    assert [len(seconds) for seconds in measured.values()] == [3, 3]
    assert 0.004 <= min(measured["slow", "1"]) < 0.04
    assert 0.0005 <= min(measured["fast", "1"]) < 0.015, "seconds of a step, not of a turn"


def test_a_contestant_that_does_not_learn_or_fails_is_an_error(contest: Contest) -> None:
    with contest:
        with pytest.raises(BenchmarkError, match="dead with threads 1 did not learn"):
            contest.measure([sleeping("dead", 0.0001, [2.3, 2.3])], learns=True)
        with pytest.raises(BenchmarkError, match=r"(?s)broken.*TypeError"):
            contest.measure([sleeping("broken", "none", [])])


def test_our_own_contestants_are_timed_and_learn(contest: Contest) -> None:
    arguments = {"work": Work((784, 30, 10), 10, learning_rate=0.1), "data": contest.data}
    names = ("train", "products", "evaluation", "checkpoint")
    train, *others = (Contestant(name, f"benchmarks.ours:{name}", "1", arguments) for name in names)
    with contest:
        measured = contest.measure(others) | contest.measure([train], learns=True)
    assert all(min(seconds) > 0 for seconds in measured.values())


def test_another_checkout_takes_part_with_its_own_code(contest: Contest, tmp_path: Path) -> None:
    package = tmp_path / "mnist_scratch"
    package.mkdir()
    (package / "__init__.py").write_text("raise ImportError('the other one')", encoding="utf-8")
    with contest, pytest.raises(BenchmarkError, match=r"(?s)other.*the other one"):
        sections.against(contest, tmp_path)


def test_a_ratio_is_of_the_best_medians_and_stays_that_of_the_times() -> None:
    row = compare("work", "us", TRIED, "PyTorch / ours", own=("ours", "2"))
    assert [(entry.side, entry.threads, round(entry.median, 9)) for entry in row.best] == [
        ("ours", "1", 4),
        ("ours, as it comes", "2", 5),
        ("PyTorch, users", "1", 50),
        ("PyTorch, experts", "2", 10),
    ]
    assert row.ratio == pytest.approx(10 / 4)
    assert len(row.tried) == 5
    rates = compare("work", "images/s", TRIED, "PyTorch / ours", amount=1000)
    assert (rates.best[0].median, rates.ratio) == (1000 / 4e-6, row.ratio)


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


def section() -> Section:
    longest = max((work.name for work in sections.NETWORKS), key=len)
    entries = [Entry("PyTorch, experts", "auto", (123456.7, 99999.9, 654321.0))]
    row = Row(longest, "images/s", entries, 1.234, "PyTorch / ours", note=20 * "words ")
    accuracy = Row("accuracy", "%", [Entry("ours", "auto", (98.0, 98.1))])
    return Section("step", "a training step", [row, accuracy])


def test_text_markdown_json_and_picture_show_all_rows(tmp_path: Path) -> None:
    lines = list(terminal(section()))
    assert max(map(len, lines)) == 88
    assert any(line.endswith("PyTorch / ours: 1.23") for line in lines)
    assert any(
        line.split()[2:] == ["auto", "123,457", "images/s", "100,000", "654,321", "3"]
        for line in lines
    )
    table = [line for line in markdown(section()) if line.startswith("|")]
    assert {line.count("|") for line in table} == {5}
    assert "123,457 images/s (100,000 to 654,321)" in table[2]
    assert "98.050 % ± 0.050" in table[3]
    assert json.loads(json.dumps(as_json(section())))["rows"][0]["best"][0]["median"] == 123456.7
    for measured in ([], [section()]):
        draw(measured, ["a machine"], tmp_path / "picture.png")
        assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_the_arithmetic_of_a_step_is_that_of_its_products() -> None:
    # 784-30-10, batch 10, by hand: forward 2 * 10 * (23,520 + 300), the weights' gradients the
    # same, the hidden layer's 2 * 10 * 300.
    assert sections.operations(Work((784, 30, 10), 10)) == 2 * 476_400 + 6_000


def test_the_large_file_is_made_of_what_there_is(synthetic_dir: Path, tmp_path: Path) -> None:
    programs.write_large_data(Data("synthetic", str(synthetic_dir)), tmp_path, 60_010)
    training, test = load_dataset("files", str(tmp_path))
    assert (len(training), len(test)) == (60_010, 10_000)
    assert training.images[60_000:].tobytes() == training.images[:10].tobytes()
    assert programs.images_that_fit(10**12) == 8_100_000
    assert programs.images_that_fit(6 * 10**9) == 2_000_000
    with pytest.raises(BenchmarkError, match=r"3\.0 GB are free"):
        programs.images_that_fit(3 * 10**9)


def test_a_program_is_timed_with_its_own_peak_of_memory(tmp_path: Path) -> None:
    code = "import time; time.sleep(0.2); x = bytearray(10**8); x[::4096] = x[::4096]; print(9)"
    ran = programs.run_program([sys.executable, "-c", code], tmp_path)
    assert (ran.seconds > 0.2, ran.output.strip()) == (True, "9")
    assert ran.peak_megabytes is None or 100 < ran.peak_megabytes < 140
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
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert benchmark(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SECTIONS)
    assert benchmark(["stp"]) == 2
    assert "there is no section stp; sections are step, " in capsys.readouterr().err
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert benchmark(["step"]) == 2
    assert "torch, sklearn cannot be imported" in capsys.readouterr().err

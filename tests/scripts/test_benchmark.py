from __future__ import annotations

import json
from pathlib import Path

import pytest
from benchmarks import scale
from benchmarks.__main__ import main as benchmark
from benchmarks.contest import BenchmarkError
from benchmarks.figures import Entry, Row, Section, Summary, as_json, as_rate, compare, entries_of
from benchmarks.picture import draw
from benchmarks.sections import SECTIONS
from benchmarks.text import figure, markdown_lines, terminal_lines
from benchmarks.work import STEPS, Work


def test_a_summary_is_of_all_measurements() -> None:
    summary = Summary((4.0, 1.0, 7.0, 2.0))
    # By hand: deviations 0.5, -2.5, 3.5, -1.5 from 3.5, squares 21, over 3 is 7; root(7) / 2.
    assert summary.as_json() == {
        "median": 3.0,
        "minimum": 1.0,
        "maximum": 7.0,
        "mean": 3.5,
        "standard_error": pytest.approx(7**0.5 / 2),
        "n": 4,
        "measured": [4.0, 1.0, 7.0, 2.0],
    }
    assert Summary((5.0,)).standard_error is None


def tried() -> list[Entry]:
    measured = {
        ("ours", "1"): [2e-6, 4e-6, 90e-6],
        ("ours", "2"): [5e-6, 5e-6, 5e-6],
        ("users", "1"): [40e-6, 50e-6, 60e-6],
        ("experts", "1"): [12e-6, 13e-6, 1e-6],
        ("experts", "2"): [10e-6, 10e-6, 11e-6],
    }
    return entries_of(measured, 1e6)


def test_a_ratio_is_of_the_best_medians() -> None:
    row = compare(
        "work", "us", tried(), over=("users", "experts"), under="ours", ratio_name="others / ours"
    )
    assert [(entry.side, entry.threads) for entry in row.entries] == [
        ("ours", "1"),
        ("users", "1"),
        ("experts", "2"),
    ]
    assert row.ratio == pytest.approx(10 / 4)
    assert len(row.tried) == 5


@pytest.mark.parametrize("chosen", ["1", "2"])
def test_how_a_side_does_as_it_comes_stands_beside_its_best(chosen: str) -> None:
    entries = entries_of({("ours", "1"): [3.0], ("ours", "2"): [2.0], ("x", "1"): [4.0]}, 1.0)
    row = compare(
        "work",
        "us",
        entries,
        over=("x",),
        under="ours",
        ratio_name="r",
        own_threads={"ours": chosen},
    )
    assert [(entry.side, entry.threads) for entry in row.entries] == [
        ("ours", "2"),
        ("ours, as it comes", chosen),
        ("x", "1"),
    ]
    assert row.ratio == 2.0


def test_seconds_become_a_rate_and_the_ratio_stays_that_of_the_times() -> None:
    entries = entries_of({("ours", "1"): [0.5, 0.25, 0.2], ("theirs", "1"): [1.0, 1.0, 1.0]}, 1.0)
    times = compare("work", "s", entries, over=("theirs",), under="ours", ratio_name="r")
    row = as_rate(times, "images/s", 1000)
    assert row.entries[0].summary.measured == (2000.0, 4000.0, 5000.0)
    assert (row.unit, row.ratio) == ("images/s", 4.0)


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (1234.5, "us", "1,234"),
        (123.45, "us", "123.5"),
        (12.345, "ms", "12.35"),
        (0.98765, "s", "0.988"),
        (98.0349, "%", "98.03"),
        (123456.7, "images/s", "123,457"),
    ],
)
def test_figures_have_the_digits_a_reader_wants(value: float, unit: str, text: str) -> None:
    assert figure(value, unit) == text


def section() -> Section:
    longest = max((work.name for work in STEPS), key=len)
    entries = [Entry("PyTorch, experts", "auto", Summary((123456.7, 99999.9, 654321.0)))]
    row = Row(longest, "images/s", entries, 1.234, "PyTorch's best / ours", note=20 * "words ")
    accuracy = Row("accuracy", "%", [Entry("ours", "auto", Summary((98.0, 98.1)))])
    return Section("step", "a training step", [row, accuracy])


def test_no_line_of_the_table_is_too_long_and_columns_are_aligned() -> None:
    lines = list(terminal_lines(section()))
    assert max(map(len, lines)) <= 88
    figures = [line for line in lines if line.startswith("  ") and line.endswith(("3", "2"))]
    assert [line.split()[-1] for line in figures] == ["3", "2"]
    assert {len(line) for line in figures} == {len(lines[3])}
    assert any(line.endswith("PyTorch's best / ours: 1.23") for line in lines)


def test_the_table_in_markdown_has_a_cell_for_every_column() -> None:
    lines = [line for line in markdown_lines(section()) if line.startswith("|")]
    assert {line.count("|") for line in lines} == {5}
    assert "123,457 images/s (100,000 to 654,321)" in lines[2]
    assert "98.050 % ± 0.050" in lines[3]


def test_json_has_what_was_tried_beside_the_best() -> None:
    row = compare("work", "us", tried(), over=("experts",), under="ours", ratio_name="r")
    (found,) = json.loads(json.dumps(as_json(Section("step", "title", [row]))))["rows"]
    assert [entry["side"] for entry in found["best"]] == ["ours", "users", "experts"]
    assert len(found["tried"]) == 5
    assert found["best"][0]["n"] == 3


def test_the_arithmetic_of_a_step_is_that_of_its_products() -> None:
    # 784-30-10, batch 10, by hand: forward 2 * 10 * (23,520 + 300), the weights' gradients the
    # same, the hidden layer's 2 * 10 * 300.
    assert scale.operations(Work((784, 30, 10), 10)) == 2 * 476_400 + 6_000


def test_the_large_file_is_as_large_as_the_disk_allows() -> None:
    assert scale.images_that_fit(10**12) == 8_100_000
    assert scale.images_that_fit(6 * 10**9) == 2_000_000
    with pytest.raises(BenchmarkError, match=r"3\.0 GB are free"):
        scale.images_that_fit(3 * 10**9)


def test_an_unknown_section_is_refused_with_those_that_there_are(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert benchmark(["stp"]) == 2
    assert "there is no section stp; sections are step, " in capsys.readouterr().err


def test_the_time_to_an_accuracy_needs_mnist_itself(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("MNIST_SCRATCH_DATA", str(tmp_path))
    assert benchmark(["98"]) == 2
    error = capsys.readouterr().err
    assert f"98: MNIST itself is needed, and is not in {tmp_path}" in error
    assert "mnist-scratch data download" in error


def test_without_what_it_compares_with_it_says_how_to_install_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    assert benchmark(["step"]) == 2
    assert "torch, sklearn, threadpoolctl cannot be imported" in capsys.readouterr().err


def test_the_list_names_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    assert benchmark(["--list"]) == 0
    assert [line.split()[0] for line in capsys.readouterr().out.splitlines()] == list(SECTIONS)


def test_the_picture_is_drawn_of_whatever_was_measured(tmp_path: Path) -> None:
    row = compare("work", "us", tried(), over=("experts",), under="ours", ratio_name="r")
    for sections in ([], [section()], [section(), Section("limit", "title", [row])]):
        draw(sections, ["a machine"], tmp_path / "picture.png")
        assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")

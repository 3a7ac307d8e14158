"""What README.md and CONTRIBUTING.md show works: code is run, commands are parsed or pasted."""

from __future__ import annotations

import hashlib
import os
import re
import shlex
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from helpers.command_line import CHECKOUT, run_in_process
from nbclient import NotebookClient
from nbformat.v4 import new_code_cell, new_notebook

from mnist_scratch.cli import make_parser
from mnist_scratch.commands import COMMANDS
from mnist_scratch.data.idx import format_idx
from mnist_scratch.data.sources.registry import DATASETS, FILE_NAMES, SourceFile
from mnist_scratch.data.synthetic.digits import draw_digits

README = CHECKOUT / "README.md"
FROM_PYTHON = CHECKOUT / "mnist_scratch" / "README.md"
CONTRIBUTING = CHECKOUT / ".github" / "CONTRIBUTING.md"
TEXTS = [
    README,
    FROM_PYTHON,
    CONTRIBUTING,
    CHECKOUT / "configs" / "README.md",
    CHECKOUT / "data" / "README.md",
]
FENCES = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)
# What stands between these comments in README.md can be pasted into a shell, block after block.
PASTED = re.compile(r"<!-- can be pasted -->\n(.*?)<!-- until here -->", re.DOTALL)
TABLE_COMMAND = re.compile(r"^\| *`([^`]+)`", re.MULTILINE)


def blocks(text: str, language: str) -> list[str]:
    return [block for marked, block in FENCES.findall(text) if marked == language]


def commands_of(text: str) -> list[str]:
    """Return the lines of a text's shell blocks, then the commands that begin its tables' rows."""
    lines = [line for block in blocks(text, "sh") for line in block.splitlines()]
    return [*lines, *TABLE_COMMAND.findall(text)]


def pasted_commands() -> list[str]:
    parts = PASTED.findall(README.read_text(encoding="utf-8"))
    return [command for part in parts for command in commands_of(part)]


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    """A copy of the checkout in which git knows every file that it knows here."""
    folder = tmp_path / "copy"
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=CHECKOUT, capture_output=True, text=True, check=True
    )
    for name in filter(None, listed.stdout.split("\0")):
        if (CHECKOUT / name).exists():  # else it is about to be deleted
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(CHECKOUT / name, folder / name)
    for arguments in (("init", "--quiet"), ("add", "--all")):
        subprocess.run(["git", *arguments], cwd=folder, check=True)
    return folder


def untracked(folder: Path) -> list[str]:
    """Return the files that git would show as changed or new."""
    listed = subprocess.run(
        ["git", "ls-files", "--others", "--modified", "--exclude-standard"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=True,
    )
    return listed.stdout.split("\n")[:-1]


@pytest.fixture
def few_of_mnist(copy: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Let MNIST be 6,600 synthetic digits, and lie in the copy's data/ as if it were downloaded."""
    folder = copy / "data" / "mnist"
    folder.mkdir()
    files = write_digits(folder)
    monkeypatch.setitem(DATASETS, "mnist", DATASETS["mnist"]._replace(files=files))


def write_digits(folder: Path) -> list[SourceFile]:
    """Write the four files of a data set of 6,600 synthetic digits, most of them many times."""
    rng = np.random.default_rng(3)
    files = []
    for names, count in ((FILE_NAMES[:2], 6_500), (FILE_NAMES[2:], 100)):
        labels = rng.integers(0, 10, count).astype(np.uint8)
        images = np.resize(draw_digits(labels[:1000], rng), (count, 28, 28))
        labels = np.resize(labels[:1000], count)
        for name, array in zip(names, (images, labels), strict=True):
            content = format_idx(array)
            (folder / name).write_bytes(content)
            files.append(SourceFile(name, len(content), hashlib.sha256(content).hexdigest()))
    return files


@pytest.mark.no_cover
def test_the_commands_can_be_pasted_and_leave_nothing_untracked(
    copy: Path, few_of_mnist: None, undrawn_report: None, undrawn_loss: None
) -> None:
    commands = [
        line.replace("./scripts/train", "mnist-scratch train") for line in pasted_commands()
    ]
    of_the_program = [
        words[1:]
        for words in (shlex.split(line, comments=True) for line in commands)
        if words and words[0] == "mnist-scratch"
    ]
    assert {words[0] for words in of_the_program} == set(COMMANDS)
    for words in of_the_program:
        if words[0] == "sweep":  # its processes know MNIST's own hashes
            for value in ("data.dataset=files", "data.data_dir=data/mnist", "training.epochs=1"):
                words.extend(("--set", value))
            words.extend(("--seeds", "1"))  # a process each
        answer = run_in_process(*words, folder=copy)
        assert answer.returncode == 0, (words, answer.stderr)
    assert untracked(copy) == []


@pytest.mark.slow
@pytest.mark.mnist
@pytest.mark.skipif(shutil.which("bash") is None, reason="the blocks are for a Unix shell")
def test_a_shell_runs_the_commands_with_all_that_they_install(copy: Path, mnist_dir: Path) -> None:
    environment = {k: v for k, v in os.environ.items() if k != "PYTHONPATH"}
    result = subprocess.run(
        ["bash", "-e"],
        input="\n".join(pasted_commands()),
        cwd=copy,
        env=environment | {"MNIST_SCRATCH_DATA": str(mnist_dir)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert untracked(copy) == []


def test_the_lines_of_the_readme_train_in_a_notebook(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_digits(tmp_path)
    monkeypatch.setenv("OPENBLAS_NUM_THREADS", "1")
    # ipykernel warns that its socket is not encrypted.
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    small = (
        "import functools, mnist_scratch\n"
        "mnist_scratch.load_dataset = "
        f"functools.partial(mnist_scratch.load_dataset, 'files', {str(tmp_path)!r})"
    )
    texts = [path.read_text(encoding="utf-8") for path in (README, FROM_PYTHON)]
    code = [block for text in texts for block in blocks(text, "python")]
    assert sum(bool(line.strip()) for line in code[0].splitlines()) <= 20
    cells = [small, *code, code[1]]  # a cell may be run again
    notebook = new_notebook(cells=[new_code_cell(cell) for cell in cells])
    here = {"metadata": {"path": str(tmp_path)}}  # where the lines write
    NotebookClient(notebook, timeout=300, resources=here).execute()
    shown = [
        "".join(output.text for output in cell.outputs if output.name == stream)
        for cell in notebook.cells
        for stream in ("stdout", "stderr")
    ]
    _, _, by_hand, nothing, by_trainer, progress, _, _, again, _ = shown
    printed = re.search(r"epoch 2: .*\n(0\.\d+)\nPredictions\(", by_hand)
    assert printed
    # Of 100 synthetic digits, after training on so few; six networks had 60% to 70%.
    assert 0.45 < float(printed[1]) < 0.85
    assert nothing == ""
    assert re.search(r"epoch 2: .*\n.*test accuracy", by_trainer, re.DOTALL)
    assert again == by_trainer
    assert re.search(r"epoch 2/2 *\|.*images/s", progress)  # the bar


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_command_shown_is_one_that_the_program_takes(path: Path) -> None:
    lines = commands_of(path.read_text(encoding="utf-8"))
    shown = [line for line in lines if line.startswith("mnist-scratch ")]
    if path == README:
        assert len(shown) >= 5
    for line in shown:
        arguments = shlex.split(line, comments=True)[1:]
        options, unknown = make_parser().parse_known_args(arguments)
        assert not unknown, line
        assert options.command


@pytest.mark.parametrize("path", TEXTS, ids=lambda path: f"{path.parent.name}-{path.name}")
def test_every_file_that_is_linked_is_there(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", path.read_text(encoding="utf-8")):
        assert (path.parent / target).exists(), target


def test_every_name_and_file_in_contributing_is_there() -> None:
    text = FENCES.sub("", CONTRIBUTING.read_text(encoding="utf-8"))
    folders = (CHECKOUT / name for name in ("mnist_scratch", "scripts", "tests"))
    files = [path for folder in folders for path in folder.rglob("*.*")]
    code = "".join(path.read_text(encoding="utf-8") for path in files if path.suffix == ".py")
    words = {*re.findall(r"\w+", code), "SECTION", "KEY", "d_"}
    for name in re.findall(r"`([\w/.]+)`", text):
        if re.search(r"\.(py|js|npz)$", name):
            assert "NAME" in name or any(str(path).endswith(f"/{name}") for path in files), name
        elif "/" not in name:
            assert words.issuperset(name.split(".")), name

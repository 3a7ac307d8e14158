from __future__ import annotations

import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.command_line import CHECKOUT, NO_NETWORK

import mnist_scratch
from mnist_scratch.commands import COMMANDS

# Each takes 2% (threadpoolctl) to 150% (Matplotlib) of the time that NumPy takes to be imported.
HEAVY = {
    *("PIL", "_hashlib", "concurrent.futures", "distributed", "matplotlib", "numpy.random", "onnx"),
    *(
        "platformdirs",
        "ssl",
        "subprocess",
        "threadpoolctl",
        "tomllib",
        "tqdm",
        "urllib.request",
        "zipfile",
    ),
}


def test_the_public_names_are_listed_once_and_can_be_imported() -> None:
    names = mnist_scratch.__all__
    assert len(set(names)) == len(names)
    assert set(names) <= set(dir(mnist_scratch))


@pytest.mark.parametrize(
    "code",
    ["import mnist_scratch", "from mnist_scratch.cli import main; main(['--help'])"],
    ids=["import", "help"],
)
def test_what_is_slow_to_import_is_imported_where_it_is_needed(code: str) -> None:
    assert HEAVY & (modules_after(code) - modules_after("import numpy")) == set()


def test_no_command_imports_matplotlib_for_its_help() -> None:
    commands = "; ".join(f"import mnist_scratch.commands.{name}" for name in COMMANDS)
    assert "matplotlib" not in modules_after(commands)


def modules_after(code: str) -> set[str]:
    show = "import atexit, sys; atexit.register(lambda: print(*sys.modules, file=sys.stderr))"
    result = subprocess.run(
        [sys.executable, "-c", f"{show}\n{code}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(result.stderr.split())


def test_the_wheel_runs_outside_the_checkout_with_its_recipes(
    tmp_path: Path, digit_files: Path
) -> None:
    build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
    subprocess.run([*build, str(tmp_path), str(CHECKOUT)], check=True, capture_output=True)
    (wheel,) = tmp_path.glob("*.whl")
    assert wheel.name.startswith(f"mnist_scratch-{mnist_scratch.__version__}-")
    site = tmp_path / "site"
    with zipfile.ZipFile(wheel) as archive:
        names = archive.namelist()
        archive.extractall(site)
    assert "mnist_scratch/py.typed" in names
    assert "mnist_scratch/report/pages/draw_page/page.html" in names
    assert not [name for name in names if name.startswith(("tests", "scripts", "data"))]
    arguments = ["train", "--config", "minimal", "--epochs", "1", "--validation-examples", "50"]
    data = ("--dataset", "files", "--data-dir", str(digit_files))
    result = subprocess.run(
        [sys.executable, "-m", "mnist_scratch", *arguments, *data],
        cwd=tmp_path,
        env=os.environ | NO_NETWORK | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "files" in result.stdout
    where = subprocess.run(
        [sys.executable, "-c", "import mnist_scratch.config.toml as r; print(r.recipe_folder())"],
        cwd=tmp_path,
        env=os.environ | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert Path(where.stdout.strip()) == (site / "mnist_scratch" / "configs").resolve()


def test_the_version_is_said_in_one_place() -> None:
    assert importlib.metadata.version("mnist_scratch") == mnist_scratch.__version__

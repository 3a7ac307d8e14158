from __future__ import annotations

import ast
import importlib.metadata
import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from helpers.command_line import CHECKOUT, NO_NETWORK

import mnist_scratch


def test_every_public_name_can_be_imported() -> None:
    for name in mnist_scratch.__all__:
        assert getattr(mnist_scratch, name) is not None
    assert set(mnist_scratch.__all__) == set(mnist_scratch._HOMES)
    assert set(mnist_scratch.__all__) <= set(dir(mnist_scratch))


def test_type_checkers_see_the_same_names_as_the_interpreter() -> None:
    tree = ast.parse(Path(mnist_scratch.__file__).read_text(encoding="utf-8"))
    block = next(node for node in tree.body if isinstance(node, ast.If))
    imports = [node for node in block.body if isinstance(node, ast.ImportFrom)]
    homes = {
        alias.name: str(node.module).removeprefix("mnist_scratch.")
        for node in imports
        for alias in node.names
    }
    assert homes == mnist_scratch._HOMES


def test_a_name_that_is_not_there_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Desne'"):
        mnist_scratch.Desne  # noqa: B018


def test_the_command_line_starts_without_matplotlib() -> None:
    code = (
        "import sys, mnist_scratch.cli; print('matplotlib' in sys.modules, 'tqdm' in sys.modules)"
    )
    result = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True
    )
    assert result.stdout.split() == ["False", "False"]


def test_the_wheel_runs_outside_the_checkout_with_its_recipes(
    tmp_path: Path, synthetic_dir: Path
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
    arguments = ["train", "--config", "minimal", "--epochs", "1", "--dataset", "synthetic"]
    result = subprocess.run(
        [sys.executable, "-m", "mnist_scratch", *arguments, "--data-dir", str(synthetic_dir)],
        cwd=tmp_path,
        env=os.environ | NO_NETWORK | {"PYTHONPATH": str(site)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 0, result.stderr
    assert "synthetic" in result.stdout
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

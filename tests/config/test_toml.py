from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from mnist_scratch.config.schema import Config, settings, with_values
from mnist_scratch.config.toml import find_config, format_config, read_config, recipes
from mnist_scratch.errors import MnistScratchError


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "some.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_file_replaces_what_it_names_and_nothing_else(tmp_path: Path) -> None:
    text = '[network]\nhidden = [30, 20]\n[optimizer]\nlearning_rate = 1\n[data]\ndata_dir = "é"\n'
    config = read_config(written(tmp_path, text))
    assert config.network.hidden == (30, 20)
    assert config.optimizer.learning_rate == 1.0
    assert isinstance(config.optimizer.learning_rate, float)
    assert config.data.data_dir == "é"
    assert config.training == Config().training


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[trainin]\nepochs = 3", "unknown section or key 'trainin', did you mean 'training'"),
        ("epochs = 3", "unknown section or key 'epochs'"),
        ("training = 3", "'training' must be a section"),
        ("[training]\nepoch = 3", r"unknown key 'epoch' in \[training\], did you mean 'epochs'"),
        ("[training]\nxyz = 3", r"unknown key 'xyz' in \[training\]; its keys are loss, epochs"),
        ("[training]\nepochs = 0", r"\[training\] epochs = 0: must be at least 1"),
        ("[training]\nepochs = 1.5", "epochs = 1.5: must be a whole number"),
        ("[training]\nepochs = true", "epochs = True: must be a whole number"),
        ('[training]\nepochs = "3"', "epochs = '3': must be a whole number"),
        ("[training]\nseed = -1", "seed = -1: must be at least 0"),
        ("[optimizer]\nlearning_rate = 0", "learning_rate = 0: must be above 0"),
        ("[optimizer]\nlearning_rate = nan", "learning_rate = nan: must be a finite number"),
        ("[optimizer]\nlearning_rate = inf", "learning_rate = inf: must be a finite number"),
        (f"[optimizer]\nlearning_rate = 1{'0' * 400}", "must be a finite number"),
        ("[optimizer]\nlearning_rate = true", "learning_rate = True: must be a number"),
        ("[optimizer]\nmomentum = 1.0", "momentum = 1.0: must be below 1"),
        ("[optimizer]\nnesterov = 1", "nesterov = 1: must be true or false"),
        ("[schedule]\nwarmup = 1", "warmup = 1: must be below 1"),
        ('[schedule]\nname = "one_cycle"', "must be one of .*, did you mean 'one-cycle'"),
        (
            '[data]\ndataset = "minst"',
            "must be one of auto, mnist, .*synthetic, .*, did you mean 'mnist'",
        ),
        ("[data]\ndata_dir = 3", 'data_dir = 3: must be a text in "quotes"'),
        (
            '[training]\nloss = "squared"',
            "must be one of cross-entropy, squared-error, did you mean",
        ),
        ("[network]\nhidden = 30", "hidden = 30: must be a list of whole numbers"),
        ("[network]\nhidden = [30, 2.5]", "must be a list of whole numbers"),
        ("[network]\nhidden = [30, 0]", r"hidden = \[30, 0\]: must be at least 1"),
        ("[network]\nhidden = [1000001]", "must be at most 1,000,000"),
        (f"[schedule]\nstep_epochs = 1{'0' * 400}", "must be at most 1,000,000,000"),
        ('[data]\ndata_dir = "\\u0000"', "must be Unicode text without a NUL"),
        (f"[training]\nseed = 1{'0' * 5000}", "not TOML"),
        (f"[training]\nseed = 0x1{'0' * 5000}", "must be at most"),
        ("[schedule]\nstep_factor = 1.5", "step_factor = 1.5: must be at most 1"),
        ("[network", "not TOML"),
        ("a = " + "[" * 10_000, "values are nested too deeply"),
        ("[network]\nhidden" + ".a" * 3000 + " = 1", r"hidden = .*\.\.\.: must be a list"),
        ("[network]\nhidden = ['" + "x" * 9000 + "']", r"hidden = \['x{70,76} \.\.\.: must be"),
        (f"[training]\n{'x' * 9000} = 1", r"unknown key 'x{75} \.\.\. in \[training\]; its keys"),
        ('"\\u001b[2J" = 1', r"unknown section or key '\\x1b\[2J'; sections are"),
        ('[training]\n"\\u001b[2J" = 1', r"unknown key '\\x1b\[2J' in"),
        ("a = 1\n" + "a." * 5000 + "a = 1", "not TOML: Cannot overwrite a value"),
        ("[" + "a." * 4000 + "a]\na = 1\na = 2\n", "not TOML"),
        ("#" * 16_400, "a config has at most 16,384 bytes"),
    ],
)
def test_what_is_wrong_in_a_file_is_named_with_file_and_key(
    tmp_path: Path, text: str, message: str
) -> None:
    path = written(tmp_path, text)
    with pytest.raises(MnistScratchError, match=message) as error:
        read_config(path)
    assert str(path) in str(error.value)
    assert str(error.value).isprintable()
    assert len(str(error.value)) < len(str(path)) + 300


def test_a_file_that_is_no_text_is_named(tmp_path: Path) -> None:
    path = tmp_path / "some.toml"
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(MnistScratchError, match="not a text file"):
        read_config(path)
    with pytest.raises(MnistScratchError, match=r"cannot read the config .*absent\.toml"):
        read_config(tmp_path / "absent.toml")


def test_a_flag_that_is_wrong_is_named_as_a_flag() -> None:
    with pytest.raises(MnistScratchError, match=r"^--learning-rate = -1\.0: must be above 0"):
        with_values(Config(), {("optimizer", "learning_rate"): -1.0}, "")


def test_an_argument_that_is_no_text_is_named() -> None:
    with pytest.raises(MnistScratchError, match=r"^--data-dir .* must be Unicode text"):
        with_values(Config(), {("data", "data_dir"): "\udcff"}, "")


UNUSUAL: dict[tuple[str, str], Any] = {
    ("data", "data_dir"): 'quotes " \\ \n tab\t é \x07',
    ("network", "hidden"): (),
    ("optimizer", "learning_rate"): 1e-05,
    ("optimizer", "weight_decay"): 1e22,
    ("optimizer", "nesterov"): False,
    ("training", "seed"): 2**63,
}


@pytest.mark.parametrize("values", [{}, UNUSUAL], ids=["defaults", "unusual"])
def test_a_config_reads_back_the_same(tmp_path: Path, values: dict[tuple[str, str], Any]) -> None:
    config = with_values(Config(), values, "test")
    path = tmp_path / "some.toml"
    path.write_bytes(format_config(config).encode())
    assert read_config(path) == config


def test_every_flag_is_of_one_setting_only() -> None:
    flags = [setting.flag for setting in settings()]
    assert len(set(flags)) == len(flags)
    assert len(flags) == sum(
        len(dataclasses.fields(getattr(Config(), section.name)))
        for section in dataclasses.fields(Config)
    )


def test_the_default_recipe_says_what_the_defaults_are() -> None:
    assert read_config(find_config("default")) == Config()
    text = find_config("default").read_text(encoding="utf-8")
    for setting in settings():
        assert f"\n{setting.key} = " in text, "the recipe to copy from names every setting"


@pytest.mark.parametrize("path", recipes().values(), ids=lambda p: p.stem)
def test_every_recipe_can_be_read_by_name_and_by_path(path: Path) -> None:
    assert find_config(path.stem) == path
    assert find_config(str(path)) == path
    with pytest.raises(TypeError, match="recipe = 5: must be a path, as str or Path"):
        find_config(5)  # type: ignore[arg-type]
    assert isinstance(read_config(path), Config)


def test_a_recipe_that_is_not_there_is_named_with_the_nearest() -> None:
    with pytest.raises(MnistScratchError, match="no recipe 'minimum', did you mean 'minimal'"):
        find_config("minimum")


def test_a_file_from_notepad_is_read(tmp_path: Path) -> None:
    path = tmp_path / "notepad.toml"
    path.write_bytes(b"\xef\xbb\xbf# mine\r\n[training]\r\nepochs = 3\r\n[data]\r\n")
    assert read_config(path).training.epochs == 3

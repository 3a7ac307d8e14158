"""The arguments of commands about data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from mnist_scratch.arguments.common import (
    DATA_DIR_HELP,
    DATASETS,
    NAMES,
    WITH_OWN,
    add,
    add_json,
)


def add_data(commands: Any) -> None:
    """Add `data` and its commands."""
    data = commands.add_parser("data", help="see, fetch and verify the data sets")
    actions = data.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in (
        ("status", "say where each file of each data set is, and if it is right"),
        ("download", "fetch a data set's missing files, then verify all"),
        ("verify", "check every file of a data set; exit with 2 if one is not right"),
    ):
        command = add(actions, name, summary)
        if name != "status":
            # The program draws the synthetic digits; nobody has them to fetch.
            chosen = DATASETS if name == "verify" else DATASETS[:-1]
            command.add_argument(
                "--dataset",
                choices=chosen,
                metavar="NAME",
                default="mnist",
                help=f"{', '.join(chosen)} (default: %(default)s)",
            )
        command.add_argument("--data-dir", default="", metavar="DIR", help=DATA_DIR_HELP)
        add_json(command)
    _add_show(actions)


def _add_show(actions: Any) -> None:
    command = add(actions, "show", "draw images of a data set on one sheet")
    command.add_argument(
        "--dataset",
        choices=WITH_OWN,
        metavar="NAME",
        default="mnist",
        help=f"{NAMES} (default: %(default)s)",
    )
    command.add_argument("--data-dir", default="", metavar="DIR", help=DATA_DIR_HELP)
    command.add_argument(
        "--distort",
        action="store_true",
        help="of each class one image as it is, and distorted again and again",
    )
    command.add_argument(
        "--config",
        metavar="NAME|FILE.toml",
        help="the recipe whose [augmentation] says how much (default: simard)",
    )
    command.add_argument(
        "--output",
        type=Path,
        default=Path("images.png"),
        metavar="FILE.png",
        help="the sheet (default: %(default)s here)",
    )

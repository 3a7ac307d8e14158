"""The command line: arguments in, exit status out, and every error a message."""

from __future__ import annotations

import argparse
import importlib
import io
import os
import signal
import sys
import textwrap
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NoReturn

from mnist_scratch.commands import COMMANDS
from mnist_scratch.commands.common import add_command
from mnist_scratch.commands.output import discard
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.signals import Interruption, end_on_sigterm, ignore_signals
from mnist_scratch.system.text import NARROW, columns, nearest
from mnist_scratch.version import __version__


class _Parser(argparse.ArgumentParser):
    """A parser whose errors are one message, without the usage in front, and whose help fits."""

    def format_help(self) -> str:
        """Return the help; in a narrow terminal argparse folds neither usage nor titles to it."""
        text, width = super().format_help(), columns(sys.stdout)
        if width >= NARROW:
            return text
        usage, _, rest = text.partition("\n\n")
        lines = [" ".join(usage.split()), "", *rest.split("\n")]
        fold = textwrap.TextWrapper(width, subsequent_indent="  ", break_on_hyphens=False).fill
        return "\n".join(line if line.startswith(" ") else fold(line) for line in lines)

    def error(self, message: str) -> NoReturn:
        hinted = "did you mean" in message or "--help" in message
        hint = "" if hinted else f"; '{self.prog} --help' describes the arguments"
        raise MnistScratchError(f"{message}{hint}")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        The words after the program's name; by default those of this process.

    Returns
    -------
    int
        0: done; 2: an error in the user's input or files; 130: interrupted by Ctrl-C, 143: by
        SIGTERM; 141: the reader of the output has closed it.
    """
    if sys.stderr is None:  # closed by the parent process
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115  # open to the end
    for stream in (sys.stdout, sys.stderr):
        # A path may have bytes that the encoding of the terminal has no character for.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")
    try:
        _run(sys.argv[1:] if arguments is None else arguments)
    except MnistScratchError as error:
        return _failed(str(error), 2)
    except MemoryError as error:
        return _failed(f"not enough memory: {error}; try narrower layers or smaller batches", 2)
    except KeyboardInterrupt as error:
        ignore_signals()
        number = error.signal_number if isinstance(error, Interruption) else signal.SIGINT
        return _failed("interrupted", 128 + number)
    except BrokenPipeError:
        discard(sys.stderr)
        return 141  # like a program that was ended by SIGPIPE
    except OSError as error:
        where = f"{error.filename}: " if error.filename else ""
        return _failed(f"{where}{error.strerror or error}; check the name and the permissions", 2)
    return 0


def make_parser(named: Iterable[str] = COMMANDS) -> argparse.ArgumentParser:
    """Return the parser of the command line.

    Parameters
    ----------
    named
        The commands that get their arguments; the modules of the others are not imported.
    """
    parser = _Parser(
        prog="mnist-scratch",
        description="Train a digit classifier, written from scratch on NumPy, and look at it.",
        epilog="'mnist-scratch COMMAND --help' describes a command.",
        allow_abbrev=False,
    )
    parser.add_argument("--version", action="version", version=f"%(prog)s {__version__}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for name, summary in COMMANDS.items():
        command = add_command(commands, name, summary)
        if name in named:
            module = importlib.import_module(f"mnist_scratch.commands.{name}")
            command.set_defaults(command=module.run)
            module.add_arguments(command)
    return parser


def _run(arguments: Sequence[str]) -> None:
    end_on_sigterm()
    os.environ["MPLBACKEND"] = "agg"  # pictures are files here, whatever windows others want
    named = [argument for argument in arguments if not argument.startswith("-")][:1]
    parser = make_parser(named)
    if not arguments:
        parser.error("name a command; 'mnist-scratch --help' lists them")
    if named and named[0] not in COMMANDS:
        hint = nearest(named[0], COMMANDS) or "; 'mnist-scratch --help' lists the commands"
        parser.error(f"unknown command '{named[0]}'{hint}")
    options, unknown = parser.parse_known_args(arguments)
    if hasattr(options, "overrides"):  # argparse takes those that stand together alone
        options.overrides += [word for word in unknown if "=" in word and word[0] != "-"]
        unknown = [word for word in unknown if word not in options.overrides]
    if unknown:
        flags = options.parser._option_string_actions  # argparse lists them nowhere else
        hint = _meant(unknown[0].partition("=")[0], flags)
        options.parser.error(f"unknown argument {unknown[0]}{hint}")
    options.command(options)


def _meant(word: str, flags: Iterable[str]) -> str:
    """Return ", did you mean '--FLAG'?" for an unknown argument, or ""."""
    from mnist_scratch.config.schema import SYNONYMS  # an error alone needs it

    flag = f"--{SYNONYMS.get(word.lstrip('-').lower().replace('_', '-'), '')}"
    return nearest(flag if flag in flags else word, flags)


def _failed(message: str, status: int) -> int:
    try:
        print(f"mnist-scratch: {message}", file=sys.stderr, flush=True)
    except OSError:
        discard(sys.stderr)  # the exit status is all that is left
    return status

"""mnist-scratch export: a run's model for other programs."""

from __future__ import annotations

import argparse
import importlib

from mnist_scratch.commands.output import result
from mnist_scratch.errors import MnistScratchError
from mnist_scratch.system.files import check_name


def export(options: argparse.Namespace) -> None:
    """Write a run's model in the form that the options name."""
    from mnist_scratch.runs.rundir import RunDirectory

    run = RunDirectory(options.run)
    output = options.output or run.path / f"model.{options.format}"
    check_name(output, f"this is {options.format}", f".{options.format}")
    try:
        importlib.import_module(options.format)  # the library is called as the format is
    except ImportError as error:
        raise MnistScratchError(
            f"--format {options.format} needs the library {options.format}, which cannot be "
            f"imported: {error}; install it: pip install {options.format}"
        ) from error
    if options.format == "onnx":
        from mnist_scratch.report.export.onnx import write_onnx

        write_onnx(run, output)
    else:
        from mnist_scratch.report.export.safetensors import write_safetensors

        write_safetensors(run, output)
    result(output)

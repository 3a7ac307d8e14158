"""The commands: one subcommand, one small function, of the parsed command line.

NumPy and Matplotlib are imported where a command needs them, so that `--help` need not wait.
"""

from mnist_scratch.commands import (
    data,
    evaluate,
    explain,
    export,
    pictures,
    run_list,
    runs,
    sweep,
    train,
)

COMMANDS = {
    "train": train.train,
    "evaluate": evaluate.evaluate_runs,
    "report": runs.report,
    "plot": runs.plot,
    "runs": run_list.list_runs,
    "explain": explain.explain,
    "predict": pictures.predict_pictures,
    "draw": pictures.draw,
    "export": export.export,
    "sweep": sweep.sweep,
    "status": data.status,
    "download": data.download,
    "verify": data.verify,
    "show": data.show,
}

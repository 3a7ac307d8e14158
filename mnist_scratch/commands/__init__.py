"""The commands of the command line: the one list of them.

A command is the module of its name in this folder, with `add_arguments(parser)`, which adds its
arguments, and `run(options)`, which runs it. Only the module of the command that is asked for is
imported.
"""

# Name to summary, in the order of `mnist-scratch --help`.
COMMANDS = {
    "train": "train a network, in a folder of its own",
    "evaluate": "measure the accuracy of a run, or of several as an ensemble",
    "report": "write a page about a run: accuracy, errors, calibration, layers",
    "plot": "draw the loss of a run, or compare several runs",
    "runs": "list the runs in a folder, newest first",
    "explain": "explain the loss step by step, and the way back to the weights",
    "predict": "classify your own pictures of digits",
    "draw": "write a page that classifies digits drawn in a browser",
    "export": "write the model of a run as ONNX or safetensors",
    "sweep": "train with many seeds and settings, and compare the results",
    "data": "show, import, download and verify data sets",
}

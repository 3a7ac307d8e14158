"""The version of the program, for the command line, the records of runs and the build."""

__version__ = "0.1.0"

"""The one error that a user of the program can cause."""


class MnistScratchError(Exception):
    """Bad input from the user: a file, a flag, a key, a value.

    The message says what is wrong, where (the file, key or value) and what to do next. The command
    line prints it and exits with status 2; it never shows a traceback.
    """

"""`python -m mnist_scratch` is `mnist-scratch`."""

from mnist_scratch.cli import entry_point

entry_point()

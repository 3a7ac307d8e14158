"""The folder that a training leaves on disk."""

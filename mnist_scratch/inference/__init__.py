"""Predictions of trained networks: for test images, for pictures, as an ensemble."""

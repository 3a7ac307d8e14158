"""From bytes to batches: IDX files, data sets, the loader, distortion.

Where data sets come from is in sources/, a person's own pictures in pictures/, and the digits that
the program draws in synthetic/.
"""

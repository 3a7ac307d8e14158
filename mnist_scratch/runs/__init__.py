"""One run, from its config to its folder: training, resuming, checkpoint, model, listing.

folder.py says which files a run has.
"""

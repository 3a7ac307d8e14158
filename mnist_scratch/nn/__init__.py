"""The mathematics of training: layers, loss, network, optimizer, schedule.

Nothing here knows where images come from or where results go; NumPy is the only import.
"""

"""Own data made into IDX files: from pictures in folders, CSV, .npz, or IDX files of any size.

A file reads each form: pictures_by_class.py, csv_file.py, npz_file.py; source.py tells them apart.
images.py makes images of 28 x 28 of them, convert.py the data set.
"""

"""Own data made into IDX files: from pictures in folders, CSV, .npz, or IDX files of any size.

Each form has a file that reads it: pictures_by_class.py, csv_file.py, npz_file.py; source.py tells
them apart.
images.py makes images of 28 x 28 of them, convert.py the data set.
"""

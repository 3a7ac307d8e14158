"""What is shown of runs.

Pictures are in plots/, tables for the terminal in text/, HTML pages in pages/, the explanation of
the loss in explain/, and models for other programs in export/.
"""

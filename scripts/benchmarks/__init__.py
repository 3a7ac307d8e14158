"""The benchmark: this program beside PyTorch and scikit-learn, on the same work, in one run.

Read it in this order:

    threads.py          how many threads a process computes with
    figures.py          what is reported of many measured times, and how sides compare
    turns.py            a contestant's side of taking turns
    worker.py           the process in which a contestant lives
    contest.py          who takes turns with whom, and for how long
    work.py             the data and the networks
    ours.py             this program, through its public classes
    rivals.py           PyTorch as its users write it and as its experts do; scikit-learn
    pytorch_program.py  a whole training with PyTorch, as a program of its own
    launcher.py, programs.py  whole processes: seconds and peak memory
    steps.py            sections: what happens within a process
    recipes.py          sections: whole programs, and the time to an accuracy
    large_file.py       an IDX file of millions of images, made and trained on
    scale.py            sections: millions of images, wide networks
    sections.py         all sections by name
    machine.py          what the figures were measured on
    text.py, picture.py what is printed and drawn
    __main__.py         the command line
"""

"""How much it stands: faults, crashes, hostile input and long runs, counted.

`python -m tests.proof --quick` takes less than three minutes, `--full` hours. Each part is a module
with a function `run` and one row in `PARTS`; what it tries is drawn from a seed that is printed.
"""

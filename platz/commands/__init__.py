"""The command line of `run.py`, and its commands other than serving."""

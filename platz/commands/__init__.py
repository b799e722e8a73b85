"""The commands of `run.py` beside serving."""

"""The control loops of a cluster: each compares what is wanted with what is there, and takes one step.

Invariant: a loop decides from stored objects only, so it may be run again at any moment, after a restart too.
"""

"""The control loops of a cluster: each compares the wanted with the present state, and takes one step.

Invariant: a loop decides from stored objects and the time only, so it may run again at any moment, also after a
restart.
"""

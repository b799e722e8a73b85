"""Wiring: the construction of all objects of the process; the only folder that knows all the components."""

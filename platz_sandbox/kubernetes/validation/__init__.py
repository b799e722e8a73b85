"""What a real API server refuses: a table of rules for each kind, and the words of its refusals.

`places` is a value at a path, `checks` and `formats` are what can be demanded of it, `tables` puts checks into rows.
Each `..._rules` is the table of some kinds, and `rules_by_kind` says which table is whose. `custom` is the same for
custom resources.
"""

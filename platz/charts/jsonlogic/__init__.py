"""The JsonLogic dialect that charts use for conditions.

Source: docs/contract/chart-extensions.md, "Conditions".
"""

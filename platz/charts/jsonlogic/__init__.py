"""The JsonLogic dialect of conditions.

Source: docs/contract/chart-extensions.md, "Conditions".
"""

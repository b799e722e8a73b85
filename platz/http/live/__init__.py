"""Live events: a WebSocket tells clients which rows changed.

Source: docs/contract/http-api.md, "Live events".
"""

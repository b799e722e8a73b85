"""Live events: telling clients over a WebSocket which rows changed.

Source: docs/contract/http-api.md, "Live events".
"""

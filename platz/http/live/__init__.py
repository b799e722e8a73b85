"""Live events: telling clients over a WebSocket which rows changed (http-api.md section 8)."""

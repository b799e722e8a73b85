"""What an answer tells a client: two answers that tell the same give nothing away."""

from __future__ import annotations

from typing import Any

NOT_FOUND = (404, {"message": "Not found"})


def told(answer: Any) -> tuple[int, Any]:
    """Return the status and the document."""
    return answer.status_code, answer.json()

"""No more previews at once than the process can bear."""

from __future__ import annotations

import pytest

from platz.preview.slots import Slots, TooManyPreviews


def test_a_place_is_free_again_after_its_block_even_if_it_failed() -> None:
    slots = Slots(1)
    with pytest.raises(ValueError, match="broken"), slots.taken():
        raise ValueError("broken")
    with slots.taken(), pytest.raises(TooManyPreviews) as refusal, slots.taken():
        pass
    assert refusal.value.retry_after > 0
    with slots.taken():
        pass

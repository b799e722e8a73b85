"""What a change would do, and what an earlier one did: shown, compared, and changed nowhere."""

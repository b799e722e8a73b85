"""Chart extensions: pure functions over documents."""

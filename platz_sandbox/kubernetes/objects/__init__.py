"""The objects of a simulated cluster: their shapes, storage, defaults, validation and the ways they change."""

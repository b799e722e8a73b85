"""Which object is made of which; the only place that knows all the components."""

"""The handlers, one module for each entity: its request and response models, its routes, thin functions."""

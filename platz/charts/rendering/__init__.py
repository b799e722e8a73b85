"""Rendering of a form's values into Helm values, secrets and the bodies of action requests."""

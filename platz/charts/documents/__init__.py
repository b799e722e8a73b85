"""The documents of a chart extension in their typed form: UI schema, features, actions, resource types, status."""

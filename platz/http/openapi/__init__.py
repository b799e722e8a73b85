"""The OpenAPI document of the API, its models, and the page that shows it."""

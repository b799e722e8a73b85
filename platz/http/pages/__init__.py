"""The pages at `/`: the built-in console or another frontend, always under the installation's own host name."""

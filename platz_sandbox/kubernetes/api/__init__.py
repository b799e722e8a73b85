"""The Kubernetes API over HTTP: requests in, objects, tables, streams and errors out."""

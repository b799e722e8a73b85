"""The ingress stand-in: serves HTTPS for the host names of the clusters' Ingress objects.

A request's Host is looked up in the Ingress objects of all clusters, then the Service of the path, then that Service's
ready Pods. The status is 404 when no Ingress matches, and 503 when no Pod is ready. The Pods' annotation
`sandbox.platz.io/app`, their image and their environment decide how the application responds:

| request | response |
| --- | --- |
| `GET /` | a small HTML page |
| `GET /status` | a status document, computed from the running Pods |
| any method `/actions/NAME` | an action, whose effect the next status shows |
| any method `/resources/...` | 200; the last method and body of each path are remembered, `GET` returns them |
"""

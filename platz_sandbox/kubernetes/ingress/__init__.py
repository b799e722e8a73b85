"""The ingress stand-in: answers HTTPS for the host names of the clusters' Ingress objects.

A request's Host is looked up in the Ingress objects of all clusters, then the Service behind the path, then
that Service's ready Pods; without a ready Pod the answer is 503. The Pods' annotation `sandbox.platz.io/app`,
their image and their environment decide what the application says:

| request | answer |
| --- | --- |
| `GET /` | a small HTML page |
| `GET /status` | a status document, from what really runs |
| any method `/actions/NAME` | changes something that the next status shows |
| any method `/resources/...` | 200; the last body of each path is remembered, `GET` shows it |
"""

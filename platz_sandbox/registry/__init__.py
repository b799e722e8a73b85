"""The sandbox's chart registry: an OCI distribution registry on plain HTTP, on the loopback interface only.

It speaks the OCI distribution specification 1.1 (https://github.com/opencontainers/distribution-spec) without
the referrers API, and offers the demo charts. Content is addressed by its sha256 digest on disk.

Run as `python -m platz_sandbox.registry --port 5001 --data DIR`; it announces `{"url": "http://127.0.0.1:5001"}`.
"""

# The image of Platz: what requirements.lock says, the wheel of this checkout without the stand-ins, and nothing that it
# does not need.
#   docker build --tag platz .
# It runs as a user without rights, on a read-only root filesystem; only the volume is written to.

FROM python:3.11-slim-bookworm AS build
WORKDIR /build
RUN python -m venv /opt/platz
COPY requirements.lock requirements-dev.lock ./
RUN /opt/platz/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r requirements.lock
RUN awk '/^setuptools==/ { wanted = 1 } wanted { print } wanted && !/\\$/ { exit }' requirements-dev.lock > build.lock
RUN python -m venv /opt/build
RUN /opt/build/bin/pip install --no-cache-dir --no-deps --require-hashes --only-binary :all: -r build.lock
COPY pyproject.toml setup.cfg setup.py README.md LICENSE THIRD_PARTY_NOTICES.md ./
COPY platz platz
COPY platz_sandbox platz_sandbox
COPY migrations migrations
COPY config config
RUN /opt/build/bin/pip wheel --no-deps --no-index --no-build-isolation --wheel-dir /build/wheels .
RUN /opt/platz/bin/pip install --no-deps --no-index /build/wheels/platz-*.whl
RUN rm -r /opt/platz/lib/python3.11/site-packages/platz_sandbox
RUN /opt/platz/bin/python -m compileall -q /opt/platz/lib/python3.11/site-packages/platz
RUN /opt/platz/bin/pip uninstall --yes setuptools pip

FROM python:3.11-slim-bookworm
LABEL org.opencontainers.image.title="Platz" org.opencontainers.image.licenses="Apache-2.0"
COPY LICENSE THIRD_PARTY_NOTICES.md /usr/share/doc/platz/
COPY --from=build /opt/platz /opt/platz
RUN useradd --uid 10001 --user-group --no-create-home --home-dir /var/lib/platz platz
RUN install --directory --owner=10001 --group=10001 --mode=0700 /var/lib/platz
RUN chmod 0755 /root
# The older install chart runs these by their paths.
RUN ln -s /opt/platz/bin/platz-api /root/platz-api
RUN ln -s /opt/platz/bin/platz-k8s-agent /root/platz-k8s-agent
RUN ln -s /opt/platz/bin/platz-chart-discovery /root/platz-chart-discovery
RUN ln -s /opt/platz/bin/platz-status-updates /root/platz-status-updates
RUN ln -s /opt/platz/bin/platz-resource-sync /root/platz-resource-sync
ENV PATH=/opt/platz/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    HOME=/var/lib/platz \
    TMPDIR=/var/lib/platz \
    PLATZ_PRODUCTION=true \
    PLATZ_DATA_DIR=/var/lib/platz \
    PLATZ_HEALTH_PORT=8081 \
    PLATZ_LOG_FORMAT=json
USER 10001:10001
WORKDIR /var/lib/platz
VOLUME /var/lib/platz
EXPOSE 3000 8081
ENTRYPOINT ["/opt/platz/bin/platz"]
CMD ["run"]

# The server over HTTP. It starts only with credentials for those who come in: see the README,
# "Over HTTP, for a team", and examples/compose.yaml.
FROM python:3.13-slim AS build

WORKDIR /src
COPY pyproject.toml README.md LICENSE ./
COPY sent_mcp ./sent_mcp
# The wheels are made once and installed without an index. The environment has no pip of its own,
# and its bytecode is compiled here: where it runs nothing can be written.
# hadolint ignore=DL3013  # there is one version to choose from: the wheel made before
RUN pip wheel --quiet --no-cache-dir --wheel-dir /wheels '.[redis,otel]' \
    && python -m venv --without-pip /opt/sent-mcp \
    && pip --python /opt/sent-mcp/bin/python install --quiet --no-cache-dir --no-compile \
        --no-index --find-links /wheels 'sent-mcp[redis,otel]' \
    && /opt/sent-mcp/bin/python -m compileall -q /opt/sent-mcp/lib

FROM python:3.13-slim

RUN groupadd --gid 10001 sent \
    && useradd --uid 10001 --gid 10001 --home-dir /var/lib/sent-mcp --create-home sent
COPY --from=build /opt/sent-mcp /opt/sent-mcp
# Without a Redis the state is a file, for one container: keep it in a volume.
ENV PATH=/opt/sent-mcp/bin:$PATH \
    PYTHONDONTWRITEBYTECODE=1 \
    SENT_MCP_STATE=/var/lib/sent-mcp/state.sqlite
USER 10001:10001
WORKDIR /var/lib/sent-mcp
EXPOSE 8000
STOPSIGNAL SIGTERM
# Without a proxy, whatever the environment says: it asks itself.
HEALTHCHECK --interval=10s --timeout=3s --start-period=20s --retries=3 CMD ["python", "-c", \
    "from urllib.request import ProxyHandler, build_opener; build_opener(ProxyHandler({})).open('http://127.0.0.1:8000/healthz', timeout=2)"]
ENTRYPOINT ["sent-mcp"]
CMD ["serve", "--transport", "http", "--host", "0.0.0.0", "--port", "8000"]

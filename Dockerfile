# saring with its model, serving at port 8765. The token that requests must bring is yours to choose:
#   docker build -t saring .
#   docker run --rm -p 127.0.0.1:8765:8765 -e SARING_TOKEN="$(openssl rand -hex 16)" saring
# Other commands: docker run --rm -v "$PWD:/data" --network none saring score articles.jsonl --out rows.parquet
FROM python:3.13-slim-trixie AS build
WORKDIR /saring
COPY pyproject.toml constraints.txt README.md LICENSE ./
COPY src src
RUN python -m venv /opt/saring && \
    /opt/saring/bin/pip install --no-cache-dir --disable-pip-version-check -c constraints.txt '.[excel,fast,html,serve,warc]' && \
    /opt/saring/bin/pip uninstall -y pip && \
    find /opt/saring -name tests -type d -path '*/site-packages/*' -prune -exec rm -rf {} +

FROM python:3.13-slim-trixie
LABEL org.opencontainers.image.title="saring" \
      org.opencontainers.image.description="Topics, \"Baca Juga\" teasers and clean text of Indonesian news articles" \
      org.opencontainers.image.licenses="MIT AND CC-BY-4.0"
COPY --from=build /opt/saring /opt/saring
RUN useradd --create-home --uid 10001 saring && mkdir /data && chown saring:saring /data
ENV PATH=/opt/saring/bin:$PATH \
    SARING_MODELS=/data/models
USER 10001
WORKDIR /data
# The compiled kernel, so that no container spends its first twenty seconds on it.
RUN python -c "from saring.kernel.scoring import prepare; raise SystemExit(not prepare())"
EXPOSE 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
    CMD ["python", "-c", "import urllib.request as u; u.urlopen('http://127.0.0.1:8765/readyz', timeout=4)"]
ENTRYPOINT ["saring"]
CMD ["serve", "--host", "0.0.0.0"]

# CPU, not root, needs no network when it runs:
#   docker build -t forensics .
#   docker run --rm --network none -v "$PWD/media:/media:ro" -v "$PWD/out:/out" forensics \
#       scan /media --case /out/evidence.case --report /out/report.html
# BASE needs Python 3.11 or newer with venv; nox -s image builds it with docker, podman or buildah.
ARG BASE=docker.io/library/python:3.12-slim
FROM ${BASE} AS build
WORKDIR /source
COPY pyproject.toml README.md LICENSE ./
COPY forensics forensics
COPY models models
COPY reports reports
RUN python -m venv /opt/forensics && /opt/forensics/bin/pip install --no-cache-dir '.[web,watch,sign]'

FROM ${BASE}
COPY --from=build /opt/forensics /opt/forensics
RUN useradd --create-home --uid 10001 examiner && install -d -o examiner -g examiner /out
ENV PATH=/opt/forensics/bin:$PATH PYTHONUNBUFFERED=1
USER examiner
WORKDIR /out
ENTRYPOINT ["forensics"]
CMD ["--help"]

# One image for every command of Gauger; `docker-compose.yml` runs it.

# The Python that the tests run with.
FROM python:3.11.14-slim-bookworm AS base

FROM base AS build
ENV PIP_DISABLE_PIP_VERSION_CHECK=1 PIP_NO_CACHE_DIR=1 PIP_NO_INPUT=1 PIP_ROOT_USER_ACTION=ignore
WORKDIR /build

# Every wheel is checked against its hash; what is installed below comes from these alone.
COPY constraints.txt ./
RUN pip download --no-deps --only-binary :all: --require-hashes --dest wheels -r constraints.txt

COPY pyproject.toml README.md LICENSE ./
COPY schemas schemas
COPY models models
COPY stream stream
RUN python -m venv tools \
    && tools/bin/pip install --no-index --find-links wheels hatchling \
    && tools/bin/pip wheel --no-index --no-deps --no-build-isolation --wheel-dir wheels . \
    && python -m venv --without-pip /opt/gauger \
    && pip --python /opt/gauger/bin/python install --no-index --no-compile --find-links wheels \
       "gauger[rocksdict]"

# Compiled code is known by its source's time: an image keeps whole seconds only.
RUN find /opt/gauger -name '*.py' -exec touch -d '2026-01-01T00:00:00Z' {} + \
    && /opt/gauger/bin/python -m compileall -q /opt/gauger/lib \
    && NUMBA_CACHE_DIR=/opt/gauger/kernels /opt/gauger/bin/python -m stream.warm

FROM base
LABEL org.opencontainers.image.title="Gauger" \
      org.opencontainers.image.licenses="Apache-2.0"
RUN useradd --uid 10001 --no-create-home --home-dir /var/lib/gauger gauger \
    && install -d -o gauger -g gauger /var/lib/gauger /var/cache/gauger
COPY --from=build /opt/gauger /opt/gauger
ENV PATH=/opt/gauger/bin:$PATH \
    HOME=/var/lib/gauger \
    TMPDIR=/var/lib/gauger \
    NUMBA_CACHE_DIR=/var/cache/gauger \
    PYTHONDONTWRITEBYTECODE=1 \
    PYTHONUNBUFFERED=1
USER 10001:10001
WORKDIR /var/lib/gauger
# The compiler must be able to write where it reads, and the image is read-only.
ENTRYPOINT ["/bin/sh", "-c", "cp -R /opt/gauger/kernels/. \"$NUMBA_CACHE_DIR\" && exec gauger \"$@\"", "gauger"]
CMD ["worker"]

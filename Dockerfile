# The worker, the gateway and the command line; without the embedded server, which is for trying.
FROM python:3.13.9-slim-trixie AS build
WORKDIR /src
COPY requirements.txt ./
RUN python -m venv /opt/muster && /opt/muster/bin/pip install --no-cache-dir --require-hashes -r requirements.txt

FROM python:3.13.9-slim-trixie
RUN useradd --system --uid 10001 --user-group --no-create-home muster \
 && install --directory --owner 10001 --group 10001 /var/cache/muster
COPY --from=build /opt/muster /opt/muster
WORKDIR /app
COPY muster ./muster
COPY workflows ./workflows
COPY activities ./activities
COPY workers ./workers
COPY starter ./starter
COPY muster.toml ./
ENV PATH=/opt/muster/bin:$PATH PYTHONPATH=/app PYTHONDONTWRITEBYTECODE=1 PYTHONUNBUFFERED=1
# The git revision: --build-arg MUSTER_BUILD_ID="$(git rev-parse HEAD)". Without it a build is named by its code alone.
ARG MUSTER_BUILD_ID=
ENV MUSTER_BUILD_ID=$MUSTER_BUILD_ID
# By number, so that whoever runs it can see that it is not root. It writes to /tmp, and the gateway calendars to its cache.
USER 10001:10001
ENTRYPOINT ["python", "-c", "from starter.cli import main; main()"]
CMD ["--help"]

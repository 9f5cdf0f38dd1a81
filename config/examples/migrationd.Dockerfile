# SPDX-License-Identifier: Apache-2.0
#
# migrationd: docker build --file config/examples/migrationd.Dockerfile --tag migrationd .
# Runs with a read-only root file system; /var/lib/migrationd holds the history.
#   docker run --read-only --volume ./migrationd.yaml:/etc/migrationd/migrationd.yaml:ro migrationd
FROM debian:12-slim AS build
WORKDIR /src
COPY scripts/dependencies scripts/
RUN scripts/dependencies
COPY . .
RUN scripts/build

FROM debian:12-slim
# The closure of `ldd`, with libmariadb3's plugins (caching_sha2_password among them) and the authorities that TLS trusts.
RUN apt-get update && apt-get install --yes --no-install-recommends ca-certificates libcurl4 libexpat1 libgnutls30 \
    libjansson4 libmariadb3 libmicrohttpd12 libnettle8 libpq5 libsqlite3-0 libsystemd0 libxxhash0 libyaml-0-2 zlib1g \
    && rm -rf /var/lib/apt/lists/* \
    && install --directory --owner=65532 --group=65532 --mode=0700 /var/lib/migrationd
COPY --from=build /src/build/bin/migrationd /src/build/bin/migrationctl /src/build/bin/migration-wait /usr/bin/
USER 65532:65532
VOLUME /var/lib/migrationd
EXPOSE 8484 8485
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=10s --timeout=3s --start-period=10s CMD ["migrationctl", "probe", "--timeout", "2s", "/livez"]
ENTRYPOINT ["migrationd"]

# The server. Build from the top of the tree: buildah build -f docker/server.Dockerfile -t cardwright-server .
FROM debian:bookworm-slim AS build
COPY . /src
WORKDIR /src
RUN apt-get update && bash .make/packages.sh run && make --silent -j"$(nproc)" all

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends \
        libcurl4 libinih1 libjansson4 libmicrohttpd12 libpq5 libsodium23 libssl3 libunistring2 && \
    rm -rf /var/lib/apt/lists/* && useradd --system --home-dir /var/lib/cardwright --create-home cardwright
COPY --from=build /src/build/gcc/cardwrightd /usr/local/bin/
COPY --from=build /src/migrations /usr/local/share/cardwright/migrations
COPY --from=build /src/webroot /usr/local/share/cardwright/webroot
ENV CARDWRIGHT_DATABASE_MIGRATIONS=/usr/local/share/cardwright/migrations \
    CARDWRIGHT_HTTP_WEBROOT=/usr/local/share/cardwright/webroot \
    CARDWRIGHT_STATE_DIRECTORY=/var/lib/cardwright \
    CARDWRIGHT_KEYS_SITE_KEY_FILE=/var/lib/cardwright/site.key
USER cardwright
VOLUME /var/lib/cardwright
EXPOSE 8080 8081
ENTRYPOINT ["cardwrightd"]
CMD ["serve"]

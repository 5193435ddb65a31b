# The desk agent, for a PC that runs containers. Give it the reader: --device /dev/ttyUSB0
FROM debian:bookworm-slim AS build
COPY . /src
WORKDIR /src
RUN apt-get update && bash .make/packages.sh run && make --silent -j"$(nproc)" all

FROM debian:bookworm-slim
RUN apt-get update && apt-get install --yes --no-install-recommends \
        ca-certificates libcurl4 libjansson4 libnfc6 libsodium23 libssl3 && \
    rm -rf /var/lib/apt/lists/* && useradd --system --home-dir /var/lib/cardwright-agent --create-home --groups dialout agent
COPY --from=build /src/build/gcc/cardwright-agent /usr/local/bin/
USER agent
VOLUME /var/lib/cardwright-agent
ENTRYPOINT ["cardwright-agent", "--state", "/var/lib/cardwright-agent"]

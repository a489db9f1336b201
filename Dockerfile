# Sallyport in a container: built with the Swift toolchain, run on plain Debian as nobody in particular.
#   docker build -t sallyport .
#   docker run -p 9999:9999 -v sallyport:/var/lib/sallyport sallyport
# Without a command it makes a development certificate and token in the volume; in production give
# --tls-cert, --tls-key and --token-file instead (PRODUCTION.md).

FROM swift:6.3-bookworm AS build
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl-dev libjemalloc-dev libsimdjson-dev zlib1g-dev \
    && rm -rf /var/lib/apt/lists/*
WORKDIR /src
COPY Package.swift ./
COPY Sources Sources
COPY Tests Tests
RUN swift build -c release --static-swift-stdlib --product sallyport \
    && cp "$(swift build -c release --static-swift-stdlib --show-bin-path)/sallyport" /sallyport

FROM debian:bookworm-slim
RUN apt-get update && apt-get install -y --no-install-recommends \
        libssl3 libjemalloc2 libsimdjson14 zlib1g ca-certificates \
    && rm -rf /var/lib/apt/lists/* \
    && useradd --system --uid 10001 --create-home --home-dir /var/lib/sallyport sallyport
COPY --from=build /sallyport /usr/local/bin/sallyport
USER sallyport
WORKDIR /var/lib/sallyport
VOLUME /var/lib/sallyport
EXPOSE 9999
STOPSIGNAL SIGTERM
# It asks for PING, which needs no token; the certificate may be for another name than localhost.
HEALTHCHECK --interval=10s --timeout=5s --start-period=5s --retries=3 \
    CMD ["sallyport", "healthcheck", "--connect", "127.0.0.1:9999", "--insecure"]
ENTRYPOINT ["sallyport"]
CMD ["serve", "--dev", "--dev-folder", "/var/lib/sallyport", "--listen", "[::]:9999"]

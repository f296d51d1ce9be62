# The image that a release is published as. GoReleaser has built the binaries and lays them beside this file, a folder
# for each platform; a stage that holds only certificates and an empty folder is all that is built here. What the image
# promises is the same as in ../Dockerfile.

FROM --platform=$BUILDPLATFORM debian:bookworm-slim AS files
RUN apt-get update && apt-get install -y --no-install-recommends ca-certificates && mkdir -m 0700 /data

FROM scratch
ARG TARGETPLATFORM
COPY --from=files /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=files --chown=65532:65532 /data /data
COPY $TARGETPLATFORM/coach /usr/local/bin/coach
ENV COACH_ENV=production COACH_DATA_DIR=/data PATH=/usr/local/bin
USER 65532:65532
VOLUME /data
EXPOSE 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["coach", "health", "--live"]
ENTRYPOINT ["coach"]
CMD ["serve"]

# syntax=docker/dockerfile:1
# One static binary in an image that holds nothing else: no shell, no package manager, no other user.
#
#   docker build -t coach .
#   docker run -p 3001:3001 -v coach:/data -e JWT_SECRET="$(openssl rand -base64 48)" coach

FROM --platform=$BUILDPLATFORM golang:1.26-bookworm AS build
WORKDIR /src
COPY . .
ARG TARGETOS TARGETARCH VERSION=dev COMMIT=none DATE=unknown
# Not `go mod download`: it would fetch what only the tests of dependencies need, several times as much.
RUN CGO_ENABLED=0 GOOS=$TARGETOS GOARCH=$TARGETARCH go build -trimpath \
      -ldflags "-s -w -X main.version=$VERSION -X main.commit=$COMMIT -X main.date=$DATE" -o /out/coach . \
 && mkdir -m 0700 /out/data

FROM scratch
# For models, Cloudinary and databases that are reached over TLS. Time zones are in the binary.
COPY --from=build /etc/ssl/certs/ca-certificates.crt /etc/ssl/certs/
COPY --from=build /out/coach /usr/local/bin/coach
# A new volume takes over the owner and the mode of the folder that it covers.
COPY --from=build --chown=65532:65532 /out/data /data
ENV COACH_ENV=production COACH_DATA_DIR=/data PATH=/usr/local/bin
USER 65532:65532
VOLUME /data
EXPOSE 3001
STOPSIGNAL SIGTERM
HEALTHCHECK --interval=15s --timeout=6s --start-period=30s --retries=3 CMD ["coach", "health", "--live"]
ENTRYPOINT ["coach"]
CMD ["serve"]

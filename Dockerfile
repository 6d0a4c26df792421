# Doorward in a container: the hub, and the same image as door station or client of one.
#
#   docker build -t doorward .        buildah build --isolation chroot -t doorward .
#
# The hub keeps everything in /data. On Linux run it with the machine's own network (compose.yaml does): cameras, multicast
# rooms and WebRTC need real addresses.
ARG NODE_IMAGE=node:24-slim
# The Debian that NODE_IMAGE stands on: of Node the hub needs one file, and nothing of npm and yarn.
ARG BASE_IMAGE=debian:bookworm-slim

FROM ${NODE_IMAGE} AS build
WORKDIR /src
COPY package.json package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund
COPY . .
RUN node scripts/build.mjs \
 && npm prune --omit=dev --ignore-scripts --no-audit --no-fund \
 && node scripts/image.mjs node_modules

FROM ${BASE_IMAGE}
# Sound cards for door and room stations; words for announcements.
RUN apt-get update \
 && apt-get install -y --no-install-recommends alsa-utils espeak-ng libstdc++6 \
 && rm -rf /var/lib/apt/lists/* /var/cache/apt/* /usr/share/doc /usr/share/man \
 && useradd --uid 1000 --create-home --shell /bin/sh node \
 && install -d -o node -g node /data
COPY --from=build /usr/local/bin/node /usr/local/bin/node
WORKDIR /app
COPY --from=build /src/package.json /src/LICENSE /src/README.md ./
COPY --from=build /src/bin bin
COPY --from=build /src/examples examples
COPY --from=build /src/node_modules node_modules
COPY --from=build /src/dist dist
ENV NODE_ENV=production \
    DOORWARD_CONFIG=/data/doorward.yaml \
    DOORWARD_DATA=/data \
    XDG_STATE_HOME=/data/state \
    NODE_COMPILE_CACHE=/tmp/doorward-cache
USER node
VOLUME /data
EXPOSE 8443 8480 8555/udp 8765
HEALTHCHECK --interval=30s --timeout=5s --start-period=30s \
  CMD ["node", "-e", "fetch('http://127.0.0.1:8480/health').then((a) => process.exit(a.ok ? 0 : 1), () => process.exit(1))"]
STOPSIGNAL SIGTERM
ENTRYPOINT ["node", "bin/doorward.js"]
CMD ["start"]

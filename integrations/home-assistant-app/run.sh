#!/bin/sh
# Starts the hub as an app of Home Assistant: its options become settings, and what is its own it does as nobody in particular.
set -eu
node /app/configure.mjs /data/options.json /data/doorward.yaml
DOORWARD_LOG=$(node -p 'JSON.parse(require("fs").readFileSync("/data/options.json")).log_level ?? "warn"')
export DOORWARD_LOG
find /data -not -user node -not -name options.json -exec chown node:node {} +
exec setpriv --reuid=node --regid=node --init-groups --no-new-privs node bin/doorward.js start

#!/bin/bash
# Brings up a real Home Assistant (PyPI package) as a test peer, headless, on loopback only, and ends it cleanly.
#
#   run.sh [options]             run in the foreground; prints one JSON line when ready; ends on TERM or INT
#   run.sh --install-only        only make the root folder (Debian testing: Python 3.14) and the packages; ends with 75, and a sentence on
#                                stderr, where mirror or index cannot be reached
#   run.sh [options] -- CMD...   run CMD with HA_URL, HA_TOKEN, HA_MQTT, HA_CONFIG, HA_LOG, HA_PYTHON set, then end; its exit status
#
#   --dir DIR          where the root folder is kept between runs      (default: /var/tmp/doorward-ha; about 1 GB)
#   --config DIR       Home Assistant's configuration folder           (default: a fresh one under DIR, removed at the end)
#   --port N           HTTP port on 127.0.0.1                          (default: 26123)
#   --mqtt HOST:PORT   broker to connect to ("none": no MQTT)          (default: a Mosquitto of our own on port N+1)
#   --mqtt-user U  --mqtt-password P
#   --mqtt-protocol V  5 or 3.1.1                                  (default: 5, as Home Assistant 2026.11 offers)
#   --go2rtc URL       go2rtc server for WebRTC of plain RTSP cameras
#   --components DIR   folder with custom integrations (custom_components/*), mounted read-only
#   --test-kit         also install pytest-homeassistant-custom-component (own venv /opt/kit, with the Home Assistant it pins)
#   --extra FILE       YAML appended to configuration.yaml
#   --version V        Home Assistant version                          (default: 2026.11.0)
#
# Needs root and Debian's packages and PyPI through apt and pip as this machine has them set up. Nothing leaves the machine while
# Home Assistant runs: it has no name server, and nothing is installed at run time (--skip-pip).
set -euo pipefail
HERE=$(cd "$(dirname "$0")" && pwd)
DIR=/var/tmp/doorward-ha CONFIG= PORT=26123 MQTT= MQTT_USER= MQTT_PASSWORD= MQTT_PROTOCOL=5 GO2RTC= COMPONENTS= EXTRA= VERSION=2026.11.0
INSTALL_ONLY= TEST_KIT= SUITE=forky CMD=()
while [ $# -gt 0 ]; do case $1 in
  --dir) DIR=$2; shift 2;; --config) CONFIG=$2; shift 2;; --port) PORT=$2; shift 2;; --mqtt) MQTT=$2; shift 2;;
  --mqtt-user) MQTT_USER=$2; shift 2;; --mqtt-password) MQTT_PASSWORD=$2; shift 2;; --mqtt-protocol) MQTT_PROTOCOL=$2; shift 2;; --go2rtc) GO2RTC=$2; shift 2;;
  --components) COMPONENTS=$(cd "$2" && pwd); shift 2;; --extra) EXTRA=$2; shift 2;; --version) VERSION=$2; shift 2;;
  --install-only) INSTALL_ONLY=1; shift;; --test-kit) TEST_KIT=1; shift;; --) shift; CMD=("$@"); break;;
  *) echo "unknown option $1" >&2; exit 2;; esac; done
ROOT=$DIR/root
say() { echo "[ha] $*" >&2; }
need() { # need PROGRAM PACKAGE: a Debian package, unless the program is there
  command -v "$1" >/dev/null && return 0
  say "installing $2"
  apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$2" >/dev/null 2>&1 ||
    { apt-get update -qq && apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$2"; } >"$DIR/apt.log" 2>&1 ||
    offline_sentence "$DIR/apt.log" "Debian's mirror"
}
in_root() { # in_root CMD...: inside the root folder, with a clean environment
  chroot "$ROOT" /usr/bin/env -i PATH=/opt/ha/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 \
    SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt PIP_CERT=/etc/ssl/certs/ca-certificates.crt ${INDEX:+UV_DEFAULT_INDEX=$INDEX} "$@"
}
from_index() { in_root "$@" >"$DIR/pip.log" 2>&1 || offline_sentence "$DIR/pip.log" "the index of Python packages"; }
online()  { cp -L /etc/resolv.conf /etc/hosts "$ROOT/etc/"; }
offline() { echo 'nameserver 127.0.0.1' >"$ROOT/etc/resolv.conf"; echo '127.0.0.1 localhost' >"$ROOT/etc/hosts"; }

offline_sentence() { # offline_sentence LOG WHAT: ends with 75 where the log tells of the network, else with the log's last lines
  sed -E 's#https?://[^ ]*#(mirror)#g' "$1" | tail -5 >&2
  grep -qiE 'apt-get update .*failed|could not (resolve|connect)|unable to connect|temporary failure|failed to (fetch|connect)|error sending request|dns error|connection (refused|reset|broken|timed)|network is unreachable|retries|from versions: none' "$1" || exit 1
  say "Home Assistant is not installed and cannot be: $2 cannot be reached"; exit 75
}
install_root() {
  exec 9>"$DIR/lock"; flock 9                                   # two runs at once install once
  INDEX=$(pip config get global.index-url 2>/dev/null || true)
  if [ ! -e "$ROOT/.base-ok" ]; then
    need mmdebstrap mmdebstrap
    local mirror; mirror=$(apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' | grep -v security | head -1)
    rm -rf --one-file-system "$ROOT"; say "root folder ($SUITE)"
    # a stored mirror may be older than its Release file's Valid-Until; the signature is checked all the same
    mmdebstrap --quiet --variant=essential --components=main --aptopt='Acquire::Check-Valid-Until "false"' \
      --dpkgopt='path-exclude=/usr/share/man/*' --dpkgopt='path-exclude=/usr/share/doc/*' --dpkgopt='path-exclude=/usr/share/locale/*' \
      --include=python3,python3-venv,ca-certificates,libstdc++6,libturbojpeg0 "$SUITE" "$ROOT" "$mirror" >"$DIR/mmdebstrap.log" 2>&1 ||
      offline_sentence "$DIR/mmdebstrap.log" "Debian's mirror"
    cp /etc/ssl/certs/ca-certificates.crt "$ROOT/etc/ssl/certs/ca-certificates.crt"
    touch "$ROOT/.base-ok"
  fi
  if [ ! -e "$ROOT/.ha-$VERSION" ]; then
    say "Home Assistant $VERSION"; online; rm -rf "$ROOT/opt/ha"
    in_root python3 -m venv /opt/ha
    from_index pip install -q --no-cache-dir uv
    from_index uv pip install -q --python /opt/ha/bin/python --no-cache "homeassistant==$VERSION"
    cp "$HERE/requirements.py" "$ROOT/opt/ha/requirements.py"
    in_root python /opt/ha/requirements.py >"$ROOT/opt/ha/requirements.txt"
    from_index uv pip install -q --python /opt/ha/bin/python --no-cache -r /opt/ha/requirements.txt
    # two voice libraries have no wheel and would need a compiler; the page needs to import them, nothing here uses them
    for module in pymicro_vad pyspeex_noise; do
      printf 'def __getattr__(name):\n    return type(name, (), {})\n' >"$(echo "$ROOT"/opt/ha/lib/python3*/site-packages)/$module.py"
    done
    offline; touch "$ROOT/.ha-$VERSION"
  fi
  if [ -n "$TEST_KIT" ] && [ ! -e "$ROOT/.kit-$VERSION" ]; then   # in a venv of its own: it pins its own Home Assistant
    say "test kit"; online
    in_root python3 -m venv /opt/kit
    # it pins the Home Assistant it was cut from (a few days to weeks behind): no version of our own beside it
    from_index uv pip install -q --python /opt/kit/bin/python --no-cache 'pytest-homeassistant-custom-component>=0.13.300' mypy ruff
    offline; touch "$ROOT/.kit-$VERSION"
  fi
  exec 9>&-
}

[ "$(id -u)" = 0 ] || { echo "needs root" >&2; exit 1; }
mkdir -p "$DIR"; T0=$(date +%s%N)
install_root
T1=$(date +%s%N)
[ -n "$INSTALL_ONLY" ] && { say "installed in $(((T1-T0)/1000000)) ms, $(du -sm "$ROOT" | cut -f1) MB"; exit 0; }

HA_PID= BROKER_PID= SETUP_PID= OWN_CONFIG=
finish() {
  trap - EXIT; set +e
  for pid in $SETUP_PID $HA_PID $BROKER_PID; do
    kill -TERM "$pid" 2>/dev/null
    for _ in $(seq 1 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
    kill -KILL "$pid" 2>/dev/null; wait "$pid" 2>/dev/null
  done
  [ -n "$OWN_CONFIG" ] && rm -rf --one-file-system "$OWN_CONFIG"
  exit "${1:-0}"
}
trap 'finish $?' EXIT; trap 'exit 143' TERM; trap 'exit 130' INT

if [ -z "$CONFIG" ]; then CONFIG=$(mktemp -d "$DIR/config.XXXXXX"); OWN_CONFIG=$CONFIG; fi
mkdir -p "$CONFIG"; CONFIG=$(cd "$CONFIG" && pwd)
if [ -z "$MQTT" ]; then
  need mosquitto mosquitto
  MQTT=127.0.0.1:$((PORT + 1))
  printf 'listener %s 127.0.0.1\nallow_anonymous true\npersistence false\n' "$((PORT + 1))" >"$CONFIG/mosquitto.conf"
  mosquitto -c "$CONFIG/mosquitto.conf" >"$CONFIG/mosquitto.log" 2>&1 & BROKER_PID=$!
fi
[ -e "$CONFIG/automations.yaml" ] || echo '[]' >"$CONFIG/automations.yaml"
if [ ! -e "$CONFIG/configuration.yaml" ]; then
  { cat <<YAML
homeassistant: {name: Doorward test house, latitude: 52.37, longitude: 4.9, elevation: 2, unit_system: metric, time_zone: UTC, currency: EUR, country: NL, language: en}
http: {server_host: 127.0.0.1, server_port: $PORT, use_x_forwarded_for: true, trusted_proxies: [127.0.0.1]}
frontend:
config:
history:
logbook:
media_source:
automation: !include automations.yaml
stream:
diagnostics:
web_rtc: {ice_servers: [{url: "stun:127.0.0.1:3478"}]}
logger: {default: warning, logs: {homeassistant.components.mqtt: debug, homeassistant.core: info, custom_components: debug}}
YAML
    [ -n "$GO2RTC" ] && printf 'go2rtc: {url: "%s"}\n' "$GO2RTC"
    [ -n "$EXTRA" ] && cat "$EXTRA"; true; } >"$CONFIG/configuration.yaml"
fi
if [ ! -e "$CONFIG/.storage/onboarding" ]; then    # all but the first user: the other steps would set up weather, radio and other things from outside
  mkdir -p "$CONFIG/.storage"
  echo '{"version": 4, "minor_version": 1, "key": "onboarding", "data": {"done": ["core_config", "analytics", "integration"]}}' >"$CONFIG/.storage/onboarding"
fi
[ -n "$COMPONENTS" ] && mkdir -p "$CONFIG/custom_components"
mkdir -p "$ROOT/config"; cp "$HERE/configure.py" "$CONFIG/.configure.py"; offline
# a wrapper that runs a script of ours with Home Assistant's own Python (aiohttp, paho-mqtt): "$HA_PYTHON" script.py
cat >"$CONFIG/python" <<WRAP
#!/bin/bash
export SCRIPT=\$(realpath "\$1"); shift
exec unshare --mount --propagation private bash -ec 'mount --bind "$CONFIG" "$ROOT/config"; mount --bind "\$(dirname "\$SCRIPT")" "$ROOT/mnt"
  exec chroot "$ROOT" /usr/bin/env -i PATH=/opt/ha/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 HA_URL="\$HA_URL" HA_TOKEN="\$HA_TOKEN" HA_MQTT="\$HA_MQTT" \\
    HA_LOG=/config/run.log /opt/ha/bin/python /mnt/"\$(basename "\$SCRIPT")" "\$@"' _ "\$@"
WRAP
chmod +x "$CONFIG/python"
start_ha() { # in a mount namespace of its own, so that nothing stays mounted whatever happens
  COMPONENTS=$COMPONENTS ROOT=$ROOT CONFIG=$CONFIG unshare --mount --propagation private bash -ec '
    mount --bind "$CONFIG" "$ROOT/config"
    [ -z "$COMPONENTS" ] || mount --bind -o ro "$COMPONENTS" "$ROOT/config/custom_components"
    mount -t proc proc "$ROOT/proc"; mount --rbind /dev "$ROOT/dev"; mount -t tmpfs tmpfs "$ROOT/run"
    exec chroot "$ROOT" /usr/bin/env -i PATH=/opt/ha/bin:/usr/bin:/bin HOME=/root LANG=C.UTF-8 SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt \
      /opt/ha/bin/python -m homeassistant --config /config --skip-pip' >>"$CONFIG/run.log" 2>&1 9>&- & HA_PID=$!
}
start_ha
# in the background, so that a signal is heard at once
unshare --mount --propagation private bash -ec 'mount --bind "$1" "$2/config"; shift; exec chroot "$1" "${@:2}"' _ "$CONFIG" "$ROOT" \
  /opt/ha/bin/python /config/.configure.py --url "http://127.0.0.1:$PORT" --mqtt "$MQTT" --mqtt-user "$MQTT_USER" --mqtt-password "$MQTT_PASSWORD" --mqtt-protocol "$MQTT_PROTOCOL" >"$CONFIG/ready" & SETUP_PID=$!
while kill -0 "$SETUP_PID" 2>/dev/null; do
  kill -0 "$HA_PID" 2>/dev/null || { kill "$SETUP_PID" 2>/dev/null || true; break; }
  sleep 0.1 & wait $! || true
done
if ! wait "$SETUP_PID" || ! kill -0 "$HA_PID" 2>/dev/null; then say "did not come up; log:"; tail -40 "$CONFIG/run.log" >&2; finish 1; fi
READY=$(cat "$CONFIG/ready"); rm -f "$CONFIG/ready"
T2=$(date +%s%N)
READY=${READY%\}}", \"pid\": $HA_PID, \"mqtt\": \"$MQTT\", \"config\": \"$CONFIG\", \"log\": \"$CONFIG/run.log\", \"python\": \"$CONFIG/python\", \"installMs\": $(((T1-T0)/1000000)), \"startMs\": $(((T2-T1)/1000000))}"
if [ ${#CMD[@]} -gt 0 ]; then
  HA_URL=http://127.0.0.1:$PORT HA_TOKEN=$(sed -E 's/.*"token": "([^"]*)".*/\1/' <<<"$READY") HA_MQTT=$MQTT HA_CONFIG=$CONFIG HA_LOG=$CONFIG/run.log HA_PYTHON=$CONFIG/python "${CMD[@]}" && RC=0 || RC=$?
  finish "$RC"
fi
echo "$READY"
while :; do
  RC=0; wait "$HA_PID" || RC=$?
  [ "$RC" = 100 ] || { say "Home Assistant ended ($RC)"; HA_PID=; finish 1; }      # 100: it asked to be started again
  start_ha
done

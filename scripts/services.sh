#!/usr/bin/env bash
# Installs the services that the tests use beyond the embedded PostgreSQL. Run it again at any time. Arguments add programs that only a
# benchmark uses: `connect` is Kafka Connect (94 MB), `bento` is Bento (builds for several minutes).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
cache=$HOME/.cache/qicore-test
archives=(kafka registry)
go_programs=(compose versitygw fake-gcs-server)
for peer in "$@"; do
  case $peer in
    connect) archives+=(connect) ;;
    bento)
      if ! command -v go >/dev/null; then
        echo 'services: bento is built with go, which is not on the PATH; get it from https://go.dev/dl' >&2
        exit 1
      fi
      go_programs+=(bento)
      ;;
    *)
      echo "services: no program named $peer; there are connect and bento" >&2
      exit 2
      ;;
  esac
done

packages=()
command -v java >/dev/null || packages+=(default-jre-headless)
command -v kcat >/dev/null || packages+=(kcat)
command -v python3 >/dev/null || packages+=(python3)
python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv) # Debian leaves it out
command -v psql >/dev/null || packages+=(postgresql-client)
command -v pgbench >/dev/null || packages+=(postgresql)
[[ -x /usr/sbin/pgbouncer ]] || command -v pgbouncer >/dev/null || packages+=(pgbouncer)
command -v redis-server >/dev/null || packages+=(redis-server)
command -v wrk >/dev/null || packages+=(wrk)
command -v zsh >/dev/null || packages+=(zsh)
command -v fish >/dev/null || packages+=(fish)
command -v dockerd >/dev/null || packages+=(docker.io)
compgen -G '/usr/lib/*/faketime/libfaketimeMT.so.1' >/dev/null || packages+=(faketime)
command -v busybox >/dev/null && ! ldd "$(command -v busybox)" >/dev/null 2>&1 || packages+=(busybox-static)
compgen -G '/usr/lib/postgresql/*/bin/postgres' >/dev/null || packages+=(postgresql)
for name in "${archives[@]}"; do
  cmp -s "$here/services/$name/pom.xml" "$cache/$name/pom.xml" || command -v mvn >/dev/null || packages+=(maven)
done

if ((${#packages[@]})); then
  if ! command -v apt-get >/dev/null || [[ $(id -u) != 0 ]]; then
    echo "services: needed, and only root on Debian or Ubuntu can have them installed by this script: ${packages[*]}" >&2
    exit 1
  fi
  echo "services: installing ${packages[*]} …"
  # The tests start servers of their own; Debian's default one would only take a port.
  if [[ " ${packages[*]} " == *' postgresql '* ]]; then
    mkdir -p /etc/postgresql-common
    [[ -e /etc/postgresql-common/createcluster.conf ]] || echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
  fi
  # Debian starts a Redis when it installs one, unless it is told what may be started: nothing.
  policy=/usr/sbin/policy-rc.d
  if [[ " ${packages[*]} " == *' redis-server '* && ! -e $policy ]]; then
    printf '#!/bin/sh\nexit 101\n' >$policy
    chmod +x $policy
    trap 'rm -f "$policy"' EXIT
  fi
  export DEBIAN_FRONTEND=noninteractive
  apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null 2>&1 || {
    apt-get update -q >/dev/null
    apt-get install -y -q --no-install-recommends "${packages[@]}" >/dev/null
  }
fi

# go_program NAME PACKAGE FILE: what scripts/services/NAME/go.sum pins, built into FILE of a folder of its own
go_program() {
  local name=$1 package=$2 file=$3 wanted=$here/services/$1 have=$cache/$1
  cmp -s "$wanted/go.sum" "$have/go.sum" && return
  echo "services: building $name …"
  rm -rf "${have:?}"
  mkdir -p "$(dirname "$have/$file")"
  (cd "$wanted" && CGO_ENABLED=0 go build -trimpath -ldflags "-s -w" -o "$have/$file" "$package")
  cp "$wanted/go.sum" "$have/go.sum" # last: a copy that was cut off is made again
}
# Compose 2 (which Debian does not have), the S3 and the GCS server take two to three minutes each on two cores, Bento five: built while
# the rest is fetched.
build_go_programs() {
  go_program compose github.com/docker/compose/v2/cmd cli-plugins/docker-compose
  go_program versitygw github.com/versity/versitygw/cmd/versitygw versitygw
  go_program fake-gcs-server github.com/fsouza/fake-gcs-server fake-gcs-server
  [[ " ${go_programs[*]} " != *' bento '* ]] || go_program bento . bento
}
if command -v go >/dev/null; then
  build_go_programs &
  building=$!
else
  echo 'services: without go (https://go.dev/dl) there is no Compose 2 and no server of S3 and GCS; the tests that need them are left out' >&2
fi

# fetch NAME MAVEN-ARGUMENTS…
fetch() {
  local name=$1 pom=$here/services/$1/pom.xml
  shift
  cmp -s "$pom" "$cache/$name/pom.xml" && return
  echo "services: fetching $name …"
  rm -rf "${cache:?}/$name"
  mkdir -p "$cache/$name"
  cp "$pom" "$cache/$name/fetching.xml" # Maven leaves its marks beside it
  mvn -B -q -ntp -f "$cache/$name/fetching.xml" "$@"
  mv "$cache/$name/fetching.xml" "$cache/$name/pom.xml" # last: a copy that was cut off is made again
}
fetch kafka dependency:copy-dependencies -DincludeScope=runtime -DoutputDirectory="$cache/kafka/lib"
fetch registry dependency:unpack -DoutputDirectory="$cache/registry/app"

# npm_package NAME: what scripts/services/NAME/package.json pins, in a folder of its own
npm_package() {
  local name=$1 wanted=$here/services/$1/package.json
  cmp -s "$wanted" "$cache/$name/installed.json" && return
  echo "services: fetching $name …"
  rm -rf "${cache:?}/$name"
  mkdir -p "$cache/$name"
  cp "$wanted" "$cache/$name/package.json"
  npm install --prefix "$cache/$name" --no-audit --no-fund --loglevel=error >/dev/null
  cp "$wanted" "$cache/$name/installed.json" # last: a copy that was cut off is made again
}
npm_package inspector
npm_package typescript-client
npm_package chdb # half a gigabyte

# Programs that fuzz the HTTP API, read the files of destinations, generate a client: each in an environment of its own.
for name in schemathesis readers python-client; do
  wanted=$here/services/$name/requirements.txt
  cmp -s "$wanted" "$cache/$name/requirements.txt" && continue
  echo "services: fetching $name …"
  rm -rf "${cache:?}/$name"
  python3 -m venv "$cache/$name"
  "$cache/$name/bin/pip" install -q --disable-pip-version-check -r "$wanted"
  cp "$wanted" "$cache/$name/requirements.txt" # last: a copy that was cut off is made again
done

[[ -z ${building-} ]] || wait "$building" || {
  echo "services: ${go_programs[*]} could not be built" >&2
  exit 1
}
[[ " ${archives[*]} " != *' connect '* ]] ||
  fetch connect dependency:copy-dependencies dependency:unpack -Dlib="$cache/connect/lib" -Dplugins="$cache/connect/plugins"
# The official MCP servers that tests launch, where `qicore mcp install` would put them.
for name in coingecko postgres; do
  wanted=$here/services/mcp/$name/package.json
  lock=$here/../lib/src/mcp-launchers/$name/$name.lock.json
  cat "$wanted" "$lock" | cmp -s - "$cache/mcp/$name/installed.json" && continue
  echo "services: fetching the MCP server $name …"
  rm -rf "${cache:?}/mcp/$name"
  mkdir -p "$cache/mcp/$name"
  cp "$wanted" "$cache/mcp/$name/package.json"
  cp "$lock" "$cache/mcp/$name/package-lock.json"
  lean=()
  [[ $name == coingecko ]] || lean=(--omit=optional) # Deno's binary is optional to npm
  (cd "$cache/mcp/$name" && npm ci --ignore-scripts --no-audit --no-fund --loglevel=error "${lean[@]}")
  cat "$wanted" "$lock" >"$cache/mcp/$name/installed.json" # last: a copy that was cut off is made again
done
echo 'services: ready'

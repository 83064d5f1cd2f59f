#!/usr/bin/env bash
# Sees to it that there is a Postgres for the tests that need one, says which, and prints the folder of its programs.
#
# In this order: the folder that POSTGRES_BIN names; the newest of Debian's /usr/lib/postgresql/*/bin; the one in PATH;
# Debian's own package, installed with apt-get, where we are root on a Debian machine. Elsewhere: install Postgres 13 or
# later and set POSTGRES_BIN, or set TEST_POSTGRES_URL to a server that is running.
set -euo pipefail

say() { echo "postgres: $*" >&2; }

newest() { ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -t/ -k5 -n | tail -1; }

if [ -n "${POSTGRES_BIN:-}" ]; then
  [ -x "$POSTGRES_BIN/postgres" ] || { say "POSTGRES_BIN is $POSTGRES_BIN, where there is no postgres"; exit 1; }
  bin=$POSTGRES_BIN
elif [ -n "$(newest)" ] && [ -x "$(newest)/postgres" ]; then
  bin=$(newest)
elif command -v postgres >/dev/null && command -v initdb >/dev/null; then
  bin=$(dirname "$(command -v postgres)")
elif [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's postgresql with apt-get"
  apt-cache show postgresql >/dev/null 2>&1 || apt-get update -qq >&2
  # Without a cluster of its own: tests start private ones.
  mkdir -p /etc/postgresql-common/createcluster.d
  echo "create_main_cluster = false" > /etc/postgresql-common/createcluster.d/none.conf
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends postgresql >&2
  bin=$(newest)
else
  say "there is none, and we are not root on Debian: install Postgres, or set POSTGRES_BIN or TEST_POSTGRES_URL"
  exit 1
fi
say "$bin"
echo "$bin"

#!/usr/bin/env bash
# Sees to it that there is a Redis server for the tests that need one, says which, and prints its path.
#
# In this order: the program that REDIS_SERVER names; redis-server or valkey-server in PATH; Debian's own package,
# installed with apt-get, where we are root on a Debian machine. Elsewhere: install one of them, 6.2 or later, or set
# TEST_REDIS_URL to a server that is running.
set -euo pipefail

say() { echo "redis: $*" >&2; }

if [ -n "${REDIS_SERVER:-}" ]; then
  server=$REDIS_SERVER
  [ -x "$server" ] || { say "REDIS_SERVER is $server, where there is no program"; exit 1; }
elif command -v redis-server >/dev/null; then
  server=$(command -v redis-server)
elif command -v valkey-server >/dev/null; then
  server=$(command -v valkey-server)
elif [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's redis-server with apt-get"
  apt-cache show redis-server >/dev/null 2>&1 || apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends redis-server >&2
  server=$(command -v redis-server)
else
  say "there is none, and we are not root on Debian: install redis-server, or set REDIS_SERVER or TEST_REDIS_URL"
  exit 1
fi
say "$server"
echo "$server"

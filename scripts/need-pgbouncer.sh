#!/usr/bin/env bash
# Sees to it that there is a PgBouncer for the tests that need one, says which, and prints its path.
#
# In this order: the one that PGBOUNCER names; the one in PATH or /usr/sbin; Debian's own package, installed with
# apt-get, where we are root on a Debian machine. Elsewhere: install PgBouncer, and set PGBOUNCER to its path.
set -euo pipefail

say() { echo "pgbouncer: $*" >&2; }

if [ -n "${PGBOUNCER:-}" ]; then
  [ -x "$PGBOUNCER" ] || { say "PGBOUNCER is $PGBOUNCER, where there is no program"; exit 1; }
  program=$PGBOUNCER
elif program=$(PATH="$PATH:/usr/sbin" command -v pgbouncer); then
  :
elif [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's pgbouncer with apt-get"
  apt-cache show pgbouncer >/dev/null 2>&1 || apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends pgbouncer >&2
  program=/usr/sbin/pgbouncer
else
  say "there is none, and we are not root on Debian: install PgBouncer, and set PGBOUNCER to its path"
  exit 1
fi
say "$program"
echo "$program"

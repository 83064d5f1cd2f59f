#!/usr/bin/env bash
# Sees to it that there is a Chromium for the tests that need one, and says which.
#
# In this order: the one that CHROMIUM names; /usr/bin/chromium; Debian's own package, installed with apt-get, where we
# are root on a Debian machine. Elsewhere: install Chromium or Chrome, and set CHROMIUM to its path.
set -euo pipefail

say() { echo "chromium: $*" >&2; }

if [ -n "${CHROMIUM:-}" ]; then
  [ -x "$CHROMIUM" ] || { say "CHROMIUM is $CHROMIUM, where there is no program"; exit 1; }
  say "$CHROMIUM (CHROMIUM says so)"
elif [ -x /usr/bin/chromium ]; then
  say "/usr/bin/chromium (installed already)"
elif [ -f /etc/debian_version ] && [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
  say "installing Debian's chromium with apt-get"
  apt-cache show chromium >/dev/null 2>&1 || apt-get update -qq >&2
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >&2
  say "/usr/bin/chromium (just installed)"
else
  say "there is none, and we are not root on Debian: install Chromium or Chrome, and set CHROMIUM to its path"
  exit 1
fi

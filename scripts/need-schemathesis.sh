#!/usr/bin/env bash
# Installs schemathesis, at the version of tests/openapi/requirements.txt, into a Python environment of its own.
set -euo pipefail
cd "$(dirname "$0")/.."

environment=target/schemathesis
if ! cmp -s tests/openapi/requirements.txt "$environment/.requirements.txt"; then
  python3 -m venv "$environment"
  "$environment/bin/pip" install --quiet --disable-pip-version-check -r tests/openapi/requirements.txt
  cp tests/openapi/requirements.txt "$environment/.requirements.txt"
fi

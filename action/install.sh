#!/usr/bin/env bash
# Installs the ftlint that this action belongs to, with the dependencies it was tested with, into an
# environment of its own: the job's Python stays as it is.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
"${PYTHON:-python3}" -m venv "$RUNNER_TEMP/ftlint"
"$RUNNER_TEMP/ftlint/bin/python" -m pip install --quiet --disable-pip-version-check \
  --constraint "$here/constraints.txt" "$here"

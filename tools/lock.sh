#!/bin/sh
# Writes requirements.lock (what ccm runs with) and requirements-dev.lock (with tests and checks too):
# exact versions with hashes, and no registry's address.
set -eu
cd "$(dirname "$0")/.."
"$1/bin/python" -m pip install --quiet uv
lock() {
    "$venv/bin/uv" pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
        --no-emit-index-url --no-emit-find-links --no-header --no-annotate --quiet "$@"
}
venv=$1
lock --all-extras -o requirements-dev.lock
lock --extra all --extra build --constraint requirements-dev.lock -o requirements.lock

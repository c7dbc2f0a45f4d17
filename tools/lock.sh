#!/bin/sh
# Writes requirements.lock: exact versions with hashes, and no registry's address.
set -eu
cd "$(dirname "$0")/.."
"$1/bin/python" -m pip install --quiet uv
"$1/bin/uv" pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
    --no-emit-index-url --no-emit-find-links --no-header --quiet -o requirements.lock

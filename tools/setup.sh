#!/bin/sh
# Sets a checkout up: packages at locked versions, WeasyPrint's system libraries, fonts.
# Usage: PYTHON=python3 sh tools/setup.sh VENV LOCK
set -eu
cd "$(dirname "$0")/.."
venv=$1
lock=$2
python=${PYTHON:-python3}

"$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' || {
    echo "ccm needs Python 3.11 or newer; this is $("$python" --version). Set PYTHON=..." >&2
    exit 1
}
[ -x "$venv/bin/python" ] || "$python" -m venv "$venv"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-compile --require-hashes -r "$lock"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

# WeasyPrint calls Pango and HarfBuzz, which no wheel brings.
packages="libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz0b libharfbuzz-subset0"
if ! "$venv/bin/python" -c 'import weasyprint' 2>/dev/null; then
    if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
        apt-get update -qq
        # shellcheck disable=SC2086 # a list of names
        DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $packages >/dev/null
    else
        echo "WeasyPrint needs system libraries. Install Pango and HarfBuzz, on Debian with:" >&2
        echo "  sudo apt-get install $packages" >&2
        exit 1
    fi
    "$venv/bin/python" -c 'import weasyprint'
fi
"$venv/bin/python" -c "from ccm.render.letter import preload; preload()"  # builds the font cache, once

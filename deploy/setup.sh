#!/bin/sh
# Makes a virtual environment and installs the locked requirements and Attune itself: uv first, pip as the fallback.
# Usage: setup.sh PYTHON VENV REQUIREMENTS
set -eu
python=$1 venv=$2 requirements=$3

if ! "$python" -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then
    echo "Attune needs Python 3.11 or newer: install it, or name it with PYTHON=/path/to/python make." >&2
    exit 1
fi
if [ ! -x "$venv/bin/python" ]; then
    if ! "$python" -m venv "$venv" 2>/dev/null; then
        rm -rf "$venv"
        echo "This Python cannot make virtual environments: on Debian, apt-get install python3-venv." >&2
        exit 1
    fi
fi
echo "Installing what $requirements lists; the first time takes a minute." >&2
if [ ! -x "$venv/bin/uv" ]; then
    "$venv/bin/python" -m pip install --quiet --disable-pip-version-check 'uv>=0.12,<1' 2>/dev/null || true
fi
if [ -x "$venv/bin/uv" ] &&
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --require-hashes -r "$requirements" &&
    "$venv/bin/uv" pip install --quiet --python "$venv/bin/python" --no-deps --no-build-isolation -e .; then
    exit 0
fi
echo "uv did not manage it; trying pip." >&2
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --require-hashes -r "$requirements"
"$venv/bin/python" -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .

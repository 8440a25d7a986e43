#!/bin/sh
# Writes the hashed requirement files anew. Needs uv on the PATH.
set -eu
cd "$(dirname "$0")/.."
compile() {
  out=$1; shift
  uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate \
    --overrides requirements/overrides.in -o "requirements/$out" "$@"
}
compile dev.txt pyproject.toml requirements/run.in --extra edge --extra hub --extra kafka --extra demo --extra dev
compile node.txt requirements/node.in
compile run.txt pyproject.toml requirements/run.in --extra edge --extra hub --extra demo -c requirements/dev.txt
compile edge.txt pyproject.toml requirements/headless.in --extra edge -c requirements/dev.txt
compile hub.txt pyproject.toml --extra hub -c requirements/dev.txt
compile kafka.txt pyproject.toml --extra kafka -c requirements/dev.txt
# apart from dev.txt: NNCF asks for an older NumPy on newer Pythons
compile models.txt pyproject.toml requirements/models.in --extra edge --extra models

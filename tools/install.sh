#!/bin/sh
# Installs Linli's @PART@ from this archive, with no network. Needs Python @PYTHON@ with its venv module.
#   sh install.sh [FOLDER]      FOLDER is where it goes: /opt/linli when not given
# Run it again to go to another version; configuration, secrets and data lie elsewhere and stay.
# 无需网络，从本压缩包安装；可重复运行。
set -eu
cd "$(dirname "$0")"
prefix=${1:-/opt/linli}
python=${PYTHON:-python@PYTHON@}
command -v "$python" >/dev/null || { echo "no $python: set PYTHON=/path/to/python@PYTHON@ · 找不到 $python" >&2; exit 2; }
[ "$("$python" -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = "@PYTHON@" ] ||
  { echo "$python is not Python @PYTHON@, for which this archive was made · 版本不符" >&2; exit 2; }
echo "== Checking every file · 校验文件"
sha256sum --quiet -c SHA256SUMS
echo "== Installing into $prefix · 安装到 $prefix"
"$python" -m venv "$prefix" || { echo "python@PYTHON@-venv is missing · 缺少 venv" >&2; exit 2; }
"$prefix/bin/python" -m pip --disable-pip-version-check install -q --no-index --no-deps wheels/*.whl
if [ -d models ]; then
  mkdir -p "$prefix/models"
  cp -R models/. "$prefix/models/"
  echo "== Models: start the agent with LINLI_MODELS=$prefix/models · 模型目录"
fi
echo "== Done · 完成: $prefix/bin; next · 下一步: guides/"

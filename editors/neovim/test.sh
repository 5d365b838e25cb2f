#!/usr/bin/env bash
# Opens a config in a headless Neovim, looks at the finding, applies its quick fix, writes the file.
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
printf 'model_name_or_path: m\ntemplate: qwen\nstage: sft\nlr: 1.0e-4\n' >"$folder/sft.yaml"
FTLINT_FOLDER=$folder FTLINT_LUA=$here/ftlint.lua FTLINT=${FTLINT:-ftlint} \
  timeout 120 nvim --headless --clean -u NONE -S "$here/test.lua"
grep -qx 'learning_rate: 1.0e-4' "$folder/sft.yaml"
echo "Neovim: shown, fixed, hovered."

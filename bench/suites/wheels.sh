#!/usr/bin/env bash
# What a lent machine without a network lacks (lent.sh), as wheels for Linux on x86-64.
#
#   bash bench/suites/wheels.sh [FOLDER [FLEET]]
#
# FOLDER (default .whl) gets LLaMA Factory with what it is pinned to, and what the suites need; FLEET,
# if named, Ray. It has torch, transformers' other needs and NumPy itself. Of bitsandbytes the kernels of
# one CUDA are kept, of Ray what a cluster needs: such a machine takes 64 MiB a call. PYTHON_VERSION
# (3.12) and CUDA (130) are that machine's.
set -eu
folder=${1:-.whl} fleet=${2:-} version=${PYTHON_VERSION:-3.12} cuda=${CUDA:-130}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

platforms=()
for glibc in _2_17 _2_24 _2_27 _2_28 _2_31 _2_34 1 2014; do
  platforms+=(--platform "manylinux${glibc}_x86_64")
done
download() {
  python3 -m pip download -q --no-deps --only-binary=:all: --python-version "$version" \
    --implementation cp "${platforms[@]}" "$@"
}
build() { python3 -m pip wheel -q --no-deps "$@"; }

# Write a wheel again without the members that match, extended regular expressions, if any does.
without() {
  python3 - "$@" <<'PYTHON'
import re, sys, zipfile
source, target, *patterns = sys.argv[1:]
unwanted = [re.compile(one) for one in patterns]
with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_LZMA) as new:
    for one in old.infolist():
        if not any(pattern.search(one.filename) for pattern in unwanted):
            new.writestr(one.filename, old.read(one))
PYTHON
}

mkdir -p "$folder"
download -d "$folder" \
  llamafactory==0.9.5 transformers==5.6.0 tokenizers==0.22.2 trl==0.24.0 peft==0.18.1 \
  accelerate==1.11.0 datasets==4.0.0 fsspec==2025.3.0 dill==0.3.8 multiprocess==0.70.16 \
  omegaconf tyro==0.8.14 shtab docstring-parser termcolor torchdata==0.11.0 \
  sse-starlette==2.1.3 starlette==0.41.3 fastapi==0.115.6 uvicorn pydantic==2.14.4 \
  pydantic-core==2.50.5 typing-inspection typing-extensions annotated-types \
  liger-kernel==0.8.5 galore-torch apollo-torch hjson msgpack py-cpuinfo \
  click ruamel.yaml ruamel.yaml.clib jsonschema jsonschema-specifications referencing rpds-py
build -w "$folder" fire badam
DS_BUILD_OPS=0 build -w "$folder" deepspeed==0.18.4
download -d "$work" bitsandbytes==0.50.2
for wheel in "$work"/bitsandbytes-*.whl; do
  without "$wheel" "$folder/$(basename "$wheel")" "libbitsandbytes_(?!cuda$cuda|cpu)"
done

if [ -n "$fleet" ]; then
  mkdir -p "$fleet"
  download -d "$work" ray==2.58.0
  for wheel in "$work"/ray-*.whl; do
    without "$wheel" "$fleet/$(basename "$wheel")" '\.jar$' '^ray/(cpp|dashboard/client|llm|rllib|serve|tune)/'
  done
fi
du -sh "$folder" ${fleet:+"$fleet"}

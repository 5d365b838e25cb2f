#!/usr/bin/env bash
# The suites on a machine with GPUs that is there for minutes and has no network.
#
#   bash bench/suites/lent.sh OUT SECONDS PART...
#
# WHEELS (default .whl) holds what that machine lacks, as wheels.sh makes it; Ray, for the fleet, may
# come with a later call in a folder of its own. Each is installed once, with byte code: without it
# start-ups take twice as long and scatter. Work is done below WORK (default /tmp/lent), where a later
# call goes on. Each PART begins while there is time, and is in OUT as an archive once it ends, and
# every minute before. LAW is the commit of the forecasts.
#
#   tune:A,B+C,D   parts of tune.py, the lists beside each other on a GPU each
#   memory:SEED    memory.py --seed, a part of it on each GPU, for MEMORY seconds; FORECASTS is the
#                  file that was committed before
#   blind          blind.py on all GPUs but for the runs of DONE; pair-blind: blind.py --pair
#   validate       validation.py's stages        pair-validate  its pair
#   pair-tune      bench tune --gpus 2          fleet          fleet.py
#   pair-memory    memory.py --gpus 2
set -u
mkdir -p "$1"
out=$(realpath "$1") end=$(($(date +%s) + $2)) root=$PWD work=${WORK:-/tmp/lent} python=${PYTHON:-python3}
shift 2
for part in "$@"; do
  case ${part%%:*} in
    tune | memory | blind | validate | fleet | pair-blind | pair-memory | pair-validate | pair-tune) ;;
    *) echo "no such part: $part" >&2; exit 2 ;;
  esac
done
unset PYTHONDONTWRITEBYTECODE
mkdir -p "$work"
wheels=${WHEELS:-.whl} installed=$work/installed-$(basename "${WHEELS:-.whl}")
if [ -z "${SMALL:-}" ] && [ ! -e "$installed" ]; then
  "$python" -m pip install -q --no-index --no-deps --no-compile --no-cache-dir --upgrade \
    --target "$work/site" "$wheels"/*.whl || exit 3
  "$python" -m compileall -q -j 16 "$work/site" bench lint schemas >/dev/null
  touch "$installed"
  # The first imports on a new machine take two to three times as long: nothing is to be timed by them.
  for _ in 1 2; do
    (cd "$work" && PYTHONPATH=$work/site "$python" -c 'import llamafactory.train.tuner' >/dev/null 2>&1)
  done
fi
export PYTHONPATH=$work/site:$root/bench:$root/lint:$root/schemas:${PYTHONPATH:-}
export DISABLE_VERSION_CHECK=1 HF_HUB_OFFLINE=1 TOKENIZERS_PARALLELISM=false PYTHONUNBUFFERED=1
small=${SMALL:+--small} law=${LAW:-$(git rev-parse --short HEAD 2>/dev/null || echo unknown)}

left() { echo $((end - $(date +%s))); }
keep() { tar czf "$out/$1.new" -C "$work" --exclude=models --exclude=saves --exclude=cache \
  --exclude=datasets --exclude='*.safetensors' "$1" 2>/dev/null  # what is being written may change
  if [ -s "$out/$1.new" ]; then mv "$out/$1.new" "$out/$1.tgz"; else echo "$1: nothing to keep"; fi; }
suite() { "$python" "bench/suites/$1.py" "${@:2}"; }

tune() {
  local gpu=0 parts
  mkdir -p "$work/tune"
  IFS=+ read -ra lists <<<"$1"
  for parts in "${lists[@]}"; do
    CUDA_VISIBLE_DEVICES=$gpu suite tune "$work/tuning-$gpu" $small --out "$work/tune/$gpu" \
      --budget 240 --seconds "$(left)" --only "$parts" >"$work/tune/$gpu.log" 2>&1 &
    gpu=$((gpu + 1))
  done
  wait
  for gpu in "$work"/tune/?; do suite tune "$gpu" --summary; done
}

memory() {
  [ -z "$small" ] || { echo "memory: no drawn run is small"; return; }
  local gpu gpus
  gpus=$(nvidia-smi --list-gpus | wc -l)
  for ((gpu = 0; gpu < gpus; gpu++)); do
    mkdir -p "$work/memory/$gpu"
    [ -z "${FORECASTS:-}" ] || cp -n "$FORECASTS" "$work/memory/$gpu/memory.jsonl"
    CUDA_VISIBLE_DEVICES=$gpu suite memory "$work/memory-$gpu" --seed "$1" --only "$((gpu + 1))/$gpus" --jobs 3 \
      --limit 90 --seconds "$((${MEMORY:-$(left)} - 20))" --out "$work/memory/$gpu" \
      >"$work/memory/$gpu.log" 2>&1 &
  done
  wait
  tail -n 2 "$work"/memory/?.log
}

blind() {
  suite blind "$work/blind" $small ${DONE:+--done "$DONE"} --seconds "$(left)" --wall "${WALL:-58}" --law "$law"
}
pair-blind() { suite blind "$work/pair-blind" --pair $small --seconds "$(left)" --law "$law"; }

pair-memory() {
  suite memory "$work/pair-memory-runs" $small --gpus 2 --jobs 4 --limit 120 --seconds "$(($(left) - 30))" \
    --out "$work/pair-memory"
}

validating() {
  mkdir -p "$work/$3"
  suite validation "$work/validation" 3
  (cd "$work/validation" && timeout "$(left)" "$python" -m ftbench validate "$1" ${SMALL:+--model tiny} --gpus "$2" --jobs "${JOBS:-3}" \
    --output-file "$work/$3/validate-$1.json")
}

validate() { validating stages 1 validate; }
pair-validate() { validating pair 2 pair-validate; }

pair-tune() {
  suite tune "$work/tuning-pair" $small --gpus 2 --out "$work/pair-tune" --budget 240 \
    --seconds "$(left)" --only tune:lora-8b
}

fleet() { suite fleet "$work/fleet" $small ${SMALL:+--kind RED}; }

for part in "$@"; do
  name=${part%%:*}
  [ "$(left)" -gt 20 ] || { echo "$part: the time is over"; continue; }
  echo "== $part, $(left) s left"
  "$name" "${part#*:}" & running=$!
  while sleep 5; kill -0 $running 2>/dev/null; do [ $(($(date +%s) % 60)) -ge 5 ] || keep "$name"; done
  keep "$name"
done
echo "== $(left) s left"

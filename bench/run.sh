#!/usr/bin/env bash
# Kernels, kernels beside their peers, then the whole path beside its peers; results as JSON in
# build-bench/results, a summary at the end. Called by ./dev bench.
# usage: bench/run.sh [--kernels | --peers | --whole-path] [--symbols N] [--rounds N]
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."

readonly kBuild=build-bench kResults=build-bench/results kPython=.deps/python/bin/python
kernels=1 peers=1 whole_path=1
rest=()
for argument in "$@"; do
  case $argument in
    --kernels) peers=0 whole_path=0 ;;
    --peers) kernels=0 whole_path=0 ;;
    --whole-path) kernels=0 peers=0 ;;
    *) rest+=("$argument") ;;
  esac
done
mkdir -p "$kResults"

if [ $kernels = 1 ]; then
  rm -f "$kResults"/kernels_*.json
  for program in "$kBuild"/bin/vortex_*_bench; do
    [ -x "$program" ] || continue
    name=$(basename "$program" _bench)
    "$program" --benchmark_out="$kResults/kernels_${name#vortex_}.json" --benchmark_out_format=json \
      --benchmark_repetitions=5 --benchmark_enable_random_interleaving=true >/dev/null
  done
fi
if [ $peers = 1 ]; then
  alone=()
  if [ $whole_path = 0 ]; then alone=("${rest[@]}"); fi
  $kPython bench/peers.py --build "$kBuild" --results "$kResults" "${alone[@]}"
  $kPython bench/store_peers.py --build "$kBuild" --results "$kResults"
  $kPython bench/barchart_peers.py --build "$kBuild" --results "$kResults"
fi
if [ $whole_path = 1 ]; then
  $kPython bench/whole_path.py --build "$kBuild" --results "$kResults" "${rest[@]}"
fi
$kPython bench/summarise.py "$kResults"

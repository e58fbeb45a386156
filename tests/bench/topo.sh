#!/usr/bin/env bash
# `ktstr topo` beside `lscpu -e`, by turns, so that whatever else the machine does hits both: medians in microseconds
# and their ratio, which must not exceed 1. RUNS (101) of each. A bare `true` shows how much of it is starting a process.
# A round above the limit is repeated, twice at most: a burst of other work can hit one side of a round.
set -u
KTSTR=${KTSTR:-$PWD/ktstr}
runs=${RUNS:-101} limit=${LIMIT:-1.00}
command -v lscpu >/dev/null || { echo "skipped: lscpu is not installed"; exit 0; }

once() { # COMMAND...: its wall time in microseconds
  local from=${EPOCHREALTIME/./} to
  "$@" >/dev/null 2>&1
  to=${EPOCHREALTIME/./}
  echo $((to - from))
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
round() {
  rm -f "$work"/*
  for ((i = 0; i < runs; i++)); do
    once "$KTSTR" topo >>"$work/ktstr"
    once lscpu -e >>"$work/lscpu"
    once /bin/true >>"$work/true"
  done
  awk -v a="$(median "$work/ktstr")" -v b="$(median "$work/lscpu")" -v z="$(median "$work/true")" -v limit="$limit" 'BEGIN {
    printf "ktstr topo %d us, lscpu -e %d us, ratio %.2f (limit %.2f); /bin/true %d us\n", a, b, a / b, limit, z
    exit a / b > limit
  }'
}
round || round || round

#!/usr/bin/env bash
# `ktstr ctprof capture` of 10,000 threads (PROCESSES x THREADS) beside a plain C loop that opens, reads and closes seven
# files of each on one thread, then of 30,000 (PROCESSES="100 300"): linear. By turns, RUNS (5) of each; medians. With 2 workers: wall time at most 0.75 times the
# loop's, CPU time at most 1.3 times although the capture also serialises and compresses, and at most 64 MiB of memory.
set -u
KTSTR=${KTSTR:-$PWD/ktstr}
runs=${RUNS:-5} threads=${THREADS:-100} rc=0
mkdir -p build/bench
${CC:-cc} -std=gnu11 -O2 -D_GNU_SOURCE -pthread -o build/bench/ctprof_load tests/bench/ctprof_load.c || exit 1
work=$(mktemp -d)
trap 'rm -rf "$work"; [ -z "${load:-}" ] || kill "$load" 2>/dev/null' EXIT

median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
round() {
  rm -f "$work"/*
  for ((i = 0; i < runs; i++)); do
    build/bench/ctprof_load loop >"$work/out"; read -r tasks wall cpu <"$work/out"
    echo "$wall" >>"$work/loop_wall"; echo "$cpu" >>"$work/loop_cpu"
    build/bench/ctprof_load run "$KTSTR" ctprof capture --workers 2 -o "$work/x.ctprof.zst" >"$work/out"; read -r wall cpu peak <"$work/out"
    echo "$wall" >>"$work/wall"; echo "$cpu" >>"$work/cpu"; echo "$peak" >>"$work/peak"
  done
  awk -v n="$tasks" -v w="$(median "$work/wall")" -v lw="$(median "$work/loop_wall")" -v c="$(median "$work/cpu")" \
    -v lc="$(median "$work/loop_cpu")" -v p="$(median "$work/peak")" -v size="$(stat -c %s "$work/x.ctprof.zst")" 'BEGIN {
    printf "%d threads: capture %.0f ms wall, %.0f ms CPU; plain loop %.0f ms, %.0f ms\n", n, w / 1e3, c / 1e3, lw / 1e3, lc / 1e3
    printf "ratio wall %.2f (limit 0.75), CPU %.2f (limit 1.30); peak %.1f MiB (limit 64); file %d KiB\n", w / lw, c / lc, p / 1024, size / 1024
    exit w / lw > 0.75 || c / lc > 1.3 || p > 64 * 1024
  }'
}
for processes in ${PROCESSES:-100 300}; do
  coproc LOAD { exec build/bench/ctprof_load "$processes" "$threads"; }
  load=$LOAD_PID
  if read -r word <&"${LOAD[0]}" && [ "$word" = ready ]; then
    round || round || round || rc=1
  else
    echo "skipped: $((processes * threads)) threads cannot be had"
  fi
  kill "$load" 2>/dev/null; wait "$load" 2>/dev/null; load=
done
exit $rc

#!/usr/bin/env bash
# The guest pane beside an attached tmux of the same size, by turns: throughput of `seq 1 2700000` and of 10 MB of
# coloured 50-byte lines. RUNS (5) of each.
set -u
command -v tmux >/dev/null || { echo "skipped: tmux is not installed"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p build/bench
# shellcheck disable=SC2046
${CC:-cc} -std=gnu11 -O2 -I. -D_GNU_SOURCE -pthread -o build/bench/vt_pane tests/bench/vt_pane.c build/release/libktstr.a \
  $(pkg-config --libs libcjson) -ldl -lm -lutil || exit 1
build/bench/vt_pane "${RUNS:-5}" "$work"

#!/usr/bin/env bash
# Every fuzz target for FUZZ_SECONDS, from its committed corpus; a finding is written to build/fuzz/found.
set -u
mkdir -p build/fuzz/found build/fuzz/work
ok=0 bad=0
for target in "$@"; do
  name=$(basename "$target")
  mkdir -p "build/fuzz/work/$name"
  seeds=tests/fuzz/corpus/$name; [ -d "$seeds" ] || seeds=
  if "$target" -max_total_time="${FUZZ_SECONDS:-10}" -timeout=10 -rss_limit_mb=2048 -print_final_stats=0 -verbosity=0 \
      -artifact_prefix="build/fuzz/found/$name-" "build/fuzz/work/$name" $seeds >"build/fuzz/work/$name.log" 2>&1; then
    ok=$((ok + 1)); echo "ok    $name"
  else
    bad=$((bad + 1)); echo "FAIL  $name"; tail -n 40 "build/fuzz/work/$name.log"
  fi
done
echo "$ok passed, $bad failed"
[ $bad = 0 ]

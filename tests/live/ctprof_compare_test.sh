#!/usr/bin/env bash
# `ktstr ctprof show`, `compare` and `metric-list` as a person and a script meet them: the specification's checklist
# (section 11) on the real binary. Snapshots are those of tests/golden/contract, packed here, and captures of this machine.
set -u
k=${KTSTR:-./ktstr}
n=0 bad=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
command -v zstd >/dev/null || { echo "1..0 # SKIP zstd is not installed"; exit 0; }
for name in every every-b page-a page-b; do
  zstd -q "tests/golden/contract/$name.json" -o "$tmp/$name.ctprof.zst"
done
a=$tmp/page-a.ctprof.zst b=$tmp/page-b.ctprof.zst every=$tmp/every.ctprof.zst other=$tmp/every-b.ctprof.zst

check() { # NAME COMMAND...
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >"$tmp/log" 2>&1; then echo "ok $n - $name"; else bad=1; echo "not ok $n - $name"; head -n 20 "$tmp/log" | sed 's/^/# /'; fi
}
run() { # STATUS ARGS...: out and err are kept
  local want=$1 rc
  shift
  "$k" ctprof "$@" >"$tmp/out" 2>"$tmp/err" </dev/null; rc=$?
  cat "$tmp/err"
  [ $rc = "$want" ] || { echo "status $rc, not $want"; return 1; }
}
out() { grep -qE -- "$1" "$tmp/out" || { echo "stdout lacks $1"; head -n 5 "$tmp/out"; return 1; }; }
err() { grep -qF -- "$1" "$tmp/err" || { echo "stderr lacks $1"; return 1; }; }
quiet() { [ ! -s "$tmp/out" ] || { echo "stdout is not empty"; return 1; }; }

# 3: defaults
defaults() {
  run 0 compare "$a" "$b" && cp "$tmp/out" "$tmp/plain" && out '^ comm +threads +metric +value +delta +% +%uptime $' &&
    run 0 compare "$a" "$b" --group-by all --display-format arrow --limit 500 && cmp "$tmp/out" "$tmp/plain" &&
    run 0 show "$a" && cp "$tmp/out" "$tmp/plain" && out '^ pcomm +threads +metric +value +$' &&
    run 0 show "$a" --group-by pcomm --limit 500 && cmp "$tmp/out" "$tmp/plain"
}
rejects_all() { run 2 show "$a" --group-by all && err "'all' is not one of" && quiet; }
# 4: sections of another axis are named once each, before files are opened
warns_of_axis() {
  run 0 compare "$a" "$b" --sections pressure,memory-stat,primary &&
    [ "$(grep -c 'requires --group-by cgroup; omitted under --group-by all' "$tmp/err")" = 2 ] &&
    err "section 'memory-stat' requires --group-by cgroup; omitted under --group-by all" && out '^## Primary metrics$' &&
    run 1 compare /nowhere /nowhere --sections pressure && err "section 'pressure' requires" && err 'load baseline /nowhere'
}
no_warning_on_cgroup() { run 0 compare "$every" "$other" --group-by cgroup --sections pressure && ! grep -q requires "$tmp/err" && out '^## Pressure / cpu$'; }
# 5: words
columns_exclude() { run 1 compare "$a" "$b" --columns arrow,baseline && err 'parse --columns "arrow,baseline"' && quiet; }
case_of_words() {
  run 1 compare "$a" "$b" --metrics Run_time_ns && err 'parse --metrics "Run_time_ns"' && err 'metric-list' &&
    run 0 compare "$a" "$b" --sections PRIMARY --columns Group,DELTA && out '^ comm +delta +$'
}
errors_come_first() { run 1 compare /nowhere /nowhere --sort-by 'x' && err 'parse --sort-by "x"'; }
# 6: names
one_group() { run 0 compare "$a" "$b" --group-by comm --metrics thread_count && [ "$(grep -c 'kworker/{N}:{N}-events' "$tmp/out")" = 1 ]; }
singletons() {
  printf '{"threads":[{"comm":"solo-7","pcomm":"solo-7","cgroup":"/"}]}' | zstd -q -o "$tmp/one.zst" -f
  run 0 show "$tmp/one.zst" --group-by comm && out '^ solo-7 ' &&
    run 0 compare "$tmp/one.zst" "$tmp/one.zst" --limit 3 && out '^ solo-\{N\} +$'
}
# 7, 9, 11: cells and the cut
cells() {
  run 0 compare "$a" "$b" --limit 24 && out ' 11→37 ' && out ' 22ticks → 217ticks ' &&
    out '^\.\.\. 22 more lines truncated \(use --limit 0 for unlimited\)$' &&
    run 0 show "$every" --metrics nice && out ' -20 ' && run 0 show "$every" --group-by cgroup --metrics nice,priority
}
no_limit() { run 0 compare "$a" "$b" --limit 0 && ! grep -q truncated "$tmp/out"; }
# 8: absent
absent() { run 0 show "$every" --metrics cpu_delay_count,run_time_ns && out '^ max +1 +cpu_delay_count +- +$'; }
# 10: order
order() {
  printf '{"threads":[{"comm":"x","pcomm":"x","policy":"A","run_time_ns":1}]}' | zstd -q -f -o "$tmp/o1.zst"
  printf '{"threads":[{"comm":"x","pcomm":"x","policy":"B","run_time_ns":900,"majflt":1}]}' | zstd -q -f -o "$tmp/o2.zst"
  run 0 compare "$tmp/o1.zst" "$tmp/o2.zst" --group-by pcomm --metrics run_time_ns,majflt,policy &&
    [ "$(awk '{print $3}' "$tmp/out" | sed -n '3,5p' | paste -sd ' ')" = "majflt run_time_ns policy" ] &&
    out '^ x +1 +majflt +0 → 1 +\+1 +- ' && out '^ x +1 +policy +A → B +differs +- '
}
# 9.2: by the time that a group ran and waited, not by the share
by_time() {
  run 0 compare "$a" "$b" --order time --group-by comm --metrics run_time_ns,wait_time_ns &&
    [ "$(sed -n '3,6p' "$tmp/out" | awk '{print $1, $3}' | paste -sd ,)" = \
      'kworker/{N}:{N}-mm_percpu_wq run_time_ns,kworker/{N}:{N}-mm_percpu_wq wait_time_ns,kworker/{N}:{N}-events run_time_ns,kworker/{N}:{N}-events wait_time_ns' ] &&
    [ "$(sed -n 7p "$tmp/out" | awk '{print $1, $3}')" = 'ktstr wait_time_ns' ] &&
    run 2 compare "$a" "$b" --order time --sort-by run_time_ns
}
# 9.2: many options stand under headings
headings() {
  run 0 compare --help && [ "$(grep -E '^(Groups|Tables|Threads that count|For programs|Options|Options of every command)$' "$tmp/out" | paste -sd ,)" = \
    'Groups,Tables,Threads that count,Options,For programs,Options of every command' ] &&
    [ "$(grep -c '^      --' "$tmp/out")" = "$(grep '^      --' "$tmp/out" | sort -u | wc -l)" ]
}
# 12
lists() {
  run 0 metric-list &&
    [ "$(sed -n '/^## Metrics$/,/^## Derived metrics$/p' "$tmp/out" | grep -c '^ [a-z]')" = 88 ] &&
    [ "$(sed -n '/^## Derived metrics$/,$p' "$tmp/out" | grep -c '^ [a-z]')" = 18 ] &&
    out '^ nr_wakeups_affine +\[cfs-only\] \[SCHEDSTATS\] ' && out '^ core_forceidle_sum +\[SCHED_CORE\] \[SCHEDSTATS\] ' &&
    out '^ total_offcpu_delay_ns +ns +cpu_delay_total_ns, blkio_delay_total_ns, ' && out '^  \[TASK_XACCT\] {12}[a-z]'
}
lists_here() { run 0 metric-list --here && out '^ run_time_ns +ns +(yes|this kernel)' && run 0 metric-list --json && out '"available": true'; }
# 13
statuses() {
  run 2 compare "$a" && run 2 compare "$a" "$b" --nonsense && run 2 compare "$a" "$b" --group-by uid &&
    run 1 compare "$a" /nowhere && err 'load candidate /nowhere' && run 0 compare "$a" "$a"
}
exit_code() {
  run 3 compare "$a" "$b" --exit-code && run 0 compare "$a" "$a" --exit-code &&
    run 3 compare "$a" "$b" --exit-code --idle "$a" --idle "$a" && out 'noise' &&
    run 0 compare "$a" "$b" --exit-code --idle "$a" --idle "$b" && run 1 compare "$a" "$b" --idle "$a" && err 'one snapshot too few'
}
# 2: bounded
bounded() { run 1 show "$every" --max-size 1kib && err 'every.ctprof.zst' && run 0 show "$every" --max-size 1mib; }
# Nothing but text reaches a pipe, and colour is there when it is asked for.
clean() {
  run 0 compare "$every" "$other" --group-by cgroup && ! grep -qP '[\x00\x1b]' "$tmp/out" &&
    "$k" --color=always ctprof compare "$a" "$b" >"$tmp/out" 2>"$tmp/err" && grep -qP '\x1b\[38;5;11m' "$tmp/out"
}
machine_forms() {
  run 0 compare "$a" "$b" --json && jq -e '.primary[0] | .metric == "voluntary_csw" and .delta == 92457 and .baseline == 8697' "$tmp/out" &&
    jq -e '[.primary[] | select(.metric == "hiwater_rss_bytes")][0] | .baseline == null and ._why.baseline == "perm"' "$tmp/out" &&
    run 0 compare "$a" "$b" --csv && head -n 1 "$tmp/out" | grep -q '^cgroup,pcomm,comm,metric,section,unit,baseline' &&
    [ "$(awk -F, 'NR == 2 {print $4 "," $9}' "$tmp/out")" = "voluntary_csw,92457" ] &&
    run 2 compare "$a" "$b" --csv --json && run 0 show "$every" --json && jq -e '.primary | length == 174' "$tmp/out" &&
    jq -e '[.primary[] | select(.metric == "run_time_ns")] | map(.value) | index(18446744073709551615) != null' "$tmp/out"
}
rates() { run 0 compare "$a" "$b" --rates --metrics voluntary_csw && out ' rate +$' && out '\+237\.07/s'; }
filters() { run 0 compare "$a" "$b" --comm ktstr --metrics wait_time_ns && [ "$(grep -c wait_time_ns "$tmp/out")" = 1 ] && run 0 show "$a" --cgroup /system.slice --metrics nice && ! grep -q kworker "$tmp/out"; }
survivors() { run 0 compare "$a" "$b" --survivors --columns group,threads,churn,metric --metrics thread_count && out ' 60 +=60 \+0 -0 '; }
hosts() { run 0 compare "$every" "$other" && err 'hosts differ: sched_ext enabled'; }
bad_pattern() { run 0 compare "$a" "$b" --cgroup-flatten 'x**' && err 'left out' && run 0 compare "$a" "$b" --cgroup-flatten '/system.slice/*' --limit 0 && out '^   \*'; }
broken_pipe() { "$k" ctprof show "$every" 2>"$tmp/err" | head -n 1 >/dev/null; [ ! -s "$tmp/err" ]; }
words_complete() { "$k" __complete -- ctprof compare --sections | grep -q '^taskstats-delay' && "$k" __complete -- ctprof show --metrics | grep -q '^run_time_ns'; }
# 1: a capture of this machine is one object with the nine keys in their order, 98 keys in each thread.
captures() {
  run 0 capture -o "$tmp/now.ctprof.zst" &&
    [ "$(zstd -dcq "$tmp/now.ctprof.zst" | jq -r 'keys_unsorted[:9] | join(" ")')" = "captured_at_unix_ns host threads cgroup_stats probe_summary parse_summary taskstats_summary psi sched_ext" ] &&
    [ "$(zstd -dcq "$tmp/now.ctprof.zst" | jq '[.threads[] | keys_unsorted[:98] | length] | unique | .[0]')" = 98 ] &&
    [ "$(zstd -dcq "$tmp/now.ctprof.zst" | jq -r '.threads[0] | keys_unsorted[:98] | .[0] + " " + .[97]')" = "tid jemalloc_measured" ] &&
    run 0 compare "$tmp/now.ctprof.zst" "$tmp/now.ctprof.zst" && run 0 show "$tmp/now.ctprof.zst" --group-by cgroup
}
unknown_keys() {
  printf '{"x":[1,{"y":2}],"threads":[{"comm":"x","zzz":{"a":[]}}],"later":null}' | zstd -q -f -o "$tmp/u.zst"
  run 0 show "$tmp/u.zst" --group-by comm && out '^ x +1 +thread_count'
}

check "compare groups by all, shows the arrow and 500 lines; show groups by pcomm" defaults
check "show refuses all" rejects_all
check "sections of another axis are named once each" warns_of_axis
check "on the cgroup axis nothing is missed" no_warning_on_cgroup
check "arrow and baseline exclude each other" columns_exclude
check "metrics are case-sensitive, sections and columns are not" case_of_words
check "words are checked before files" errors_come_first
check "numbered workers share a group" one_group
check "a singleton keeps its name, but not on all" singletons
check "cells and the line that says what was cut" cells
check "without a limit nothing is cut" no_limit
check "what nobody measured is -" absent
check "what began at 0 first, words last" order
check "--order time: who ran and waited most comes first" by_time
check "--help has its options under headings" headings
check "87 metrics and 17 derived ones" lists
check "what this machine can measure" lists_here
check "exit statuses" statuses
check "compare --exit-code" exit_code
check "the unpacked size is bounded" bounded
check "clean text off a terminal, colour on demand" clean
check "rates" rates
check "filters" filters
check "threads that stayed" survivors
check "hosts that differ" hosts
check "patterns that are none, and that are" bad_pattern
check "a closed pipe ends it without a word" broken_pipe
check "sections and metrics complete" words_complete
check "unknown keys are passed over" unknown_keys
if command -v jq >/dev/null; then
  check "JSON and CSV" machine_forms
  check "a capture has every key in its place" captures
else
  n=$((n + 1)); echo "ok $n - JSON # SKIP jq is not installed"
fi
echo "1..$n"
exit $bad

#!/usr/bin/env bash
# ktstr topo on this machine: the same list whatever the affinity, the same caches as lscpu, errors that say what is wrong.
set -u
n=0
check() { # NAME CONDITION-STATUS [DETAIL]
  n=$((n + 1))
  if [ "$2" = 0 ]; then echo "ok $n - $1"; else echo "not ok $n - $1"; [ -z "${3:-}" ] || printf '%s\n' "$3" | sed 's/^/# /'; fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$KTSTR" topo >"$work/all" 2>"$work/errs"; check "topo succeeds" $? "$(cat "$work/errs")"
[ "$(head -n 1 "$work/all")" = "CPUs:       $(getconf _NPROCESSORS_ONLN)" ]; check "it counts all online CPUs" $? "$(cat "$work/all")"

first=$(taskset -pc $$ | sed 's/.*: //; s/[,-].*//')
if [ "$(getconf _NPROCESSORS_ONLN)" -gt 1 ]; then
  taskset -c "$first" "$KTSTR" topo >"$work/one" 2>"$work/errs"
  cmp -s "$work/all" "$work/one"; check "affinity does not change the list" $?
  grep -q "warning: .*closed to this process by its affinity" "$work/errs"; check "affinity is said on stderr" $? "$(cat "$work/errs")"
  taskset -c "$first" "$KTSTR" topo --json 2>/dev/null | grep -q "\"allowed\": \[$first\],"; check "and in the JSON" $?
else
  skip "affinity does not change the list" "one CPU only"
fi

# lscpu numbers caches in its own order: what must agree is which CPUs have one in common.
groups() { awk -F, '{g[$2] = g[$2] " " $1} END {for (k in g) print g[k]}' | sort; }
if ! command -v lscpu >/dev/null; then
  skip "LLCs are those of lscpu" "lscpu is not installed"
elif ! lscpu -p=CPU,CACHE | grep -v '^#' | sed 's/,.*:/,/' >"$work/lscpu" || grep -q ',$' "$work/lscpu"; then
  skip "LLCs are those of lscpu" "lscpu shows no caches here"
else
  sed -n 's/^  LLC \([0-9]*\) .*\[\(.*\)\]$/\1,\2/p' "$work/all" |
    awk -F', *' '{for (i = 2; i <= NF; i++) print $i "," $1}' | sort -n | groups >"$work/ours"
  groups <"$work/lscpu" >"$work/theirs"
  cmp -s "$work/ours" "$work/theirs"; check "LLCs are those of lscpu" $? "$(diff "$work/ours" "$work/theirs")"
fi

"$KTSTR" topo --sysroot "$work/nowhere" >"$work/out" 2>"$work/errs"; rc=$?
[ $rc = 1 ] && [ ! -s "$work/out" ] && grep -q "^ktstr: topo: .*'$work/nowhere'" "$work/errs"
check "a sysroot that is not there is an error with its name" $? "status $rc: $(cat "$work/errs")"
mkdir -p "$work/empty/sys/devices/system/cpu"
"$KTSTR" topo --sysroot "$work/empty" >"$work/out" 2>"$work/errs"; rc=$?
[ $rc = 1 ] && [ ! -s "$work/out" ] && grep -q "no online CPUs found" "$work/errs"
check "a machine without CPUs is an error" $? "status $rc: $(cat "$work/errs")"
"$KTSTR" topo --json --verbose >"$work/out" 2>"$work/errs"; rc=$?
[ $rc = 2 ] && [ ! -s "$work/out" ] && [ -s "$work/errs" ]; check "--json excludes --verbose" $? "status $rc: $(cat "$work/errs")"
"$KTSTR" topo >/dev/full 2>"$work/errs"; rc=$?
[ $rc = 1 ] && [ -s "$work/errs" ]; check "output that cannot be written is an error" $? "status $rc"
"$KTSTR" topo --json | head -n 1 >"$work/out" 2>"$work/errs"; [ "$(cat "$work/out")" = "{" ] && [ ! -s "$work/errs" ]
check "a reader that leaves early is no error" $?

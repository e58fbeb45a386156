#!/usr/bin/env bash
# Reservations as a user and a script meet them, before anything is booted: modes, messages, statuses.
set -u
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; printf '%s\n' "${2:-}" | head -n 20 | cat -v | sed 's/^/# /'; }
is() { # NAME GOT WANT
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}
has() { # NAME TEXT PART
  case $2 in *"$3"*) ok "$1" ;; *) not_ok "$1" "no '$3' in '$2'" ;; esac
}
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset KTSTR_CPU_CAP KTSTR_NO_PERF_MODE KTSTR_BYPASS_LLC_LOCKS KTSTR_CARGO_TEST_MODE
export KTSTR_LOCK_DIR=$dir/locks KTSTR_CACHE_DIR=$dir/cache
mkdir "$KTSTR_LOCK_DIR"
run() { # ARGS...: sets out, err, rc
  out=$("$KTSTR" "$@" 2>"$dir/err" </dev/null); rc=$?
  err=$(cat "$dir/err")
}
run shell --cpu-cap 4
is "--cpu-cap alone: usage" "$rc" 2
has "--cpu-cap alone: the option that it needs" "$err" no-perf-mode
run shell --no-perf-mode --perf-mode
is "two modes: usage" "$rc" 2
run shell --no-perf-mode --cpu-cap 0
is "a cap of 0: usage" "$rc" 2
has "a cap of 0: the sentence" "$err" '--cpu-cap must be ≥ 1 CPU (got 0)'
run kernel build 6.12 --cpu-cap 0
is "a build with a cap of 0: usage" "$rc" 2
has "a build with a cap of 0: the sentence" "$err" '--cpu-cap must be ≥ 1 CPU (got 0)'
KTSTR_CPU_CAP=many run shell --no-perf-mode --exec true
has "KTSTR_CPU_CAP that is no number" "$err" 'KTSTR_CPU_CAP is not a valid integer'
KTSTR_BYPASS_LLC_LOCKS=1 run shell --no-perf-mode --cpu-cap 2
is "a cap without locks: status" "$rc" 1
has "a cap without locks: the sentence" "$err" 'resource contract'
KTSTR_BYPASS_LLC_LOCKS=1 KTSTR_CPU_CAP=2 run shell --no-perf-mode
is "the same by the environment: status" "$rc" 1
has "the same by the environment: the sentence" "$err" 'resource contract'
KTSTR_NO_PERF_MODE=1 KTSTR_CPU_CAP=2 KTSTR_BYPASS_LLC_LOCKS=yes run shell --exec true
has "all of it by the environment" "$err" 'resource contract'

run shell --no-perf-mode --cpu-cap 99999 --dry-run
is "more CPUs than there are: status" "$rc" 1
has "more CPUs than there are: both numbers" "$err" "--cpu-cap N = 99999 exceeds the $(nproc) CPUs this process is allowed on"
run shell --dry-run
is "--dry-run: status" "$rc" 0
has "--dry-run: mode" "$out" 'mode:    default: a CPU of its own for each vCPU'
has "--dry-run: locks" "$out" "EX $KTSTR_LOCK_DIR/ktstr-cpu-"
is "--dry-run creates nothing" "$(ls "$KTSTR_LOCK_DIR")" ""
run shell --dry-run --append $'a\tb'
is "--dry-run with a kernel word that is none: usage" "$rc" 2
has "--dry-run with a kernel word that is none: the sentence" "$err" 'a kernel argument holds a control character (byte 0x09)'
run shell --exec true --append $'a\nb'
is "such a word without --dry-run: usage" "$rc" 2
run shell --dry-run --append "$(printf '%2048s' x)"
is "--dry-run with words that the kernel cuts off: usage" "$rc" 2
has "--dry-run with words that the kernel cuts off: the sentence" "$err" 'the kernel takes 2047'
run shell --dry-run --disk 4294967295mib
is "--dry-run with a disk for which there is no file: status" "$rc" 1
has "--dry-run with a disk for which there is no file: the sentence" "$err" '--disk: cannot make a file of'
run shell --dry-run --memory-mib 999999999
is "--dry-run with more memory than there is: status" "$rc" 1
has "--dry-run with more memory than there is: the sentence" "$err" '--memory-mib 999999999: '
run shell --dry-run --memory-mib 256 --disk 256mib --append 'a "b c"'
is "--dry-run with what can be had: status" "$rc" 0
KTSTR_BYPASS_LLC_LOCKS=1 run shell --dry-run
is "a bypass reserves nothing" "$out" 'mode:    none: nothing is reserved'
KTSTR_NO_PERF_MODE=0 run shell --dry-run
has "KTSTR_NO_PERF_MODE with any word" "$out" 'mode:    budget: '
KTSTR_NO_PERF_MODE=1 run shell --dry-run --perf-mode
has "the environment has the last word" "$err" 'KTSTR_NO_PERF_MODE is set: --perf-mode has no effect'

# As seen by a process that may use one CPU: the LLC keeps its number, and the CPU is that one.
first=$(awk '/^Cpus_allowed_list/ {split($2, a, /[-,]/); print a[1]}' /proc/self/status)
out=$(taskset -c "$first" "$KTSTR" shell --no-perf-mode --dry-run)
has "a confined process plans with what it has" "$out" "CPUs:    $first"$'\n'

# flock(1) holds every LLC: nothing is free, and the holder is named.
for llc in $("$KTSTR" topo | sed -n 's/^  LLC \([0-9]*\).*/\1/p'); do
  exec {fd}>"$KTSTR_LOCK_DIR/ktstr-llc-$llc.lock"
  flock -x "$fd"
done
run shell --no-perf-mode --dry-run
is "all LLCs are held: status" "$rc" 1
has "all LLCs are held: the sentence" "$err" 'acquire_llc_plan: could not reserve '
has "all LLCs are held: by whom" "$err" "pid=$$ cmd="
has "all LLCs are held: the way out" "$err" 'ktstr locks --json'
run shell --dry-run
is "the default mode: status" "$rc" 1
has "the default mode: the sentence" "$err" 'LLC slots busy: '
has "the default mode: the way out" "$err" '--no-perf-mode shares CPUs'
echo "1..$n"

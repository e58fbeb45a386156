#!/usr/bin/env bash
# Runs test programs and sums up. Each speaks TAP ("ok N - name", "not ok N - name", "# SKIP reason") on
# stdout or stderr; one that dies without a word counts as a failure.
#   ONLY=word   only programs whose path contains it      JOBS=N   programs at once (default: CPUs)
#   VERBOSE=1   print every program's whole output    LOGS=DIR   where it is kept (build/$BUILD/logs)
#   AGAIN=1     run a program that failed once more, alone: what passes then is named, and counts as passed
set -u
export CMOCKA_MESSAGE_OUTPUT=TAP LC_ALL=${LC_ALL:-C.UTF-8} TZ=UTC
export KTSTR=${KTSTR:-$PWD/ktstr} BUILD=${BUILD:-release}
export ASAN_OPTIONS=${ASAN_OPTIONS:-detect_leaks=1:abort_on_error=0:exitcode=99}
export UBSAN_OPTIONS=${UBSAN_OPTIONS:-print_stacktrace=1}
logs=${LOGS:-build/$BUILD/logs}
rm -rf "$logs"; mkdir -p "$logs"
# Programs that run side by side, and guests of the person who tests, do not reserve each other's CPUs.
locks=$(mktemp -d) || exit 1
trap 'rm -rf "$locks"' EXIT
jobs=${JOBS:-$(nproc)} started=$SECONDS

name_of() { echo "$1" | sed "s|^\./||; s|^build/$BUILD/||; s|^tests/||; s|/|-|g"; } # PROGRAM

skips() { # LOG: what was skipped and why, all as "ok N - name # SKIP reason"
  awk '
    /^# skipped: / { why = substr($0, 12) }
    !/^ *(not )?ok [0-9]/ { next }
    / # SKIP/ {
      sub(/^ *(not )?/, "")
      if (match($0, /^ok [0-9]+ # SKIP /))
        $0 = substr($0, 1, RLENGTH - 7) "- " substr($0, RLENGTH + 1) " # SKIP" (why == "" ? "" : " " why)
      print "      " $0
    }
    { why = "" }' "$1"
}

run_one() { # PROGRAM: its log, then a line in .sum: ok bad skipped program
  local name log rc ok bad skipped alone t=$SECONDS
  name=$(name_of "$1"); log=$logs/$name.log
  # Live programs load the machine and read it: one at a time.
  case $1 in */live/*) alone=(flock "$logs/live.lock") ;; *) alone=() ;; esac
  mkdir -p "$locks/$name"
  KTSTR_LOCK_DIR=$locks/$name "${alone[@]}" timeout -k 5 "${TEST_TIMEOUT:-1200}" "$1" >"$log" 2>&1 </dev/null; rc=$?
  # cmocka writes a skipped test as "not ok N # SKIP name", and tests/lib/skip.h the reason in the line before
  ok=$(grep -E '^[[:space:]]*ok [0-9]' "$log" | grep -vc '# SKIP')
  bad=$(grep -E '^[[:space:]]*not ok [0-9]' "$log" | grep -vc '# SKIP')
  skipped=$(grep -cE '^[[:space:]]*(not )?ok [0-9].*# SKIP' "$log")
  if [ $rc -ne 0 ] && [ "$bad" = 0 ]; then bad=1; echo "not ok - $1 ended with status $rc" >>"$log"; fi
  if [ $((ok + bad + skipped)) = 0 ]; then bad=1; echo "not ok - $1 ran no test" >>"$log"; fi
  {
    if [ "$bad" != 0 ]; then
      echo "$1" >>"$logs/failed"
      echo "FAIL  $name ($ok passed, $bad failed, $((SECONDS - t)) s)"; tail -n 60 "$log" | sed 's/^/      /'
    else
      echo "ok    $name ($ok passed$([ "$skipped" = 0 ] || echo ", $skipped skipped"), $((SECONDS - t)) s)"
      skips "$log"
    fi
    [ -z "${VERBOSE:-}" ] || cat "$log"
  } >"$log.out"
  cat "$log.out"
  echo "$ok $bad $skipped" >"$log.sum"
}

for program in "$@"; do
  [ -z "${ONLY:-}" ] || case $program in *"$ONLY"*) ;; *) continue ;; esac
  case $program in build/*) ;; *) [ -x "$program" ] || chmod +x "$program" ;; esac
  while [ "$(jobs -rp | wc -l)" -ge "$jobs" ]; do wait -n; done
  case $program in /*) run_one "$program" & ;; *) run_one "./$program" & ;; esac
done
wait
# Work beside it can make a machine too slow for a guest; a fault fails alone as well. The first log stays.
if [ -n "${AGAIN:-}" ] && [ -e "$logs/failed" ]; then
  mv "$logs/failed" "$logs/again"
  while read -r program; do
    name=$(name_of "$program")
    mv "$logs/$name.log" "$logs/$name.first.log"
    echo "again $name, alone"
    run_one "$program"
  done <"$logs/again"
fi
total=$(cat "$logs"/*.sum 2>/dev/null | awk '{ok += $1; bad += $2; skip += $3} END {print ok + 0, bad + 0, skip + 0}')
read -r ok bad skipped <<<"$total"
echo "suite $BUILD: $((SECONDS - started)) s, $skipped skipped"
[ -z "${TALLY:-}" ] || echo "$ok $bad" >>"$TALLY"
echo "$ok passed, $bad failed"
[ "$bad" = 0 ] && [ "$ok" != 0 ]

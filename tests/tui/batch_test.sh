#!/usr/bin/env bash
# ktstr --batch: frames as text, keys from a file, usage errors. (JSON: batch_json_test.c.)
set -u
k=${KTSTR:-./ktstr}
n=0 bad=0
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
check() { # NAME COMMAND...
  local name=$1
  shift
  n=$((n + 1))
  if "$@" >"$tmp/out" 2>&1; then echo "ok $n - $name"; else bad=1; echo "not ok $n - $name"; sed 's/^/# /' "$tmp/out"; fi
}
fails() { # STATUS TEXT COMMAND...: ends so, says so on stderr, nothing on stdout
  local want=$1 text=$2 rc
  shift 2
  "$@" >"$tmp/stdout" 2>"$tmp/stderr" </dev/null; rc=$?
  cat "$tmp/stderr"
  [ $rc = "$want" ] && grep -qF -- "$text" "$tmp/stderr" && [ ! -s "$tmp/stdout" ]
}
one_frame() {
  "$k" --batch >"$tmp/f" </dev/null || return 1
  cat "$tmp/f"
  head -n 1 "$tmp/f" | grep -qE '^--- frame 1 [0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$' &&
    [ "$(wc -l <"$tmp/f")" = 41 ] && grep -q 'LLC 0' "$tmp/f" && ! grep -q 'reading this machine' "$tmp/f"
}
# Shares of the time are known in the first frame already.
knows_shares() { "$k" --batch --ascii </dev/null | tee /dev/stderr | grep -E '^. +util( +[0-9]+)+ ' >/dev/null; }
three_frames() {
  "$k" --batch -n 3 -d 100ms --size 60x12 >"$tmp/f" </dev/null || return 1
  cat "$tmp/f"
  [ "$(grep -c '^--- frame' "$tmp/f")" = 3 ] && [ "$(wc -l <"$tmp/f")" = 39 ]
}
size_of() { # CxR
  local cols=${1%x*} rows=${1#*x} widest
  "$k" --batch --size "$1" >"$tmp/f" </dev/null || return 1
  widest=$(tail -n +2 "$tmp/f" | LC_ALL=C.UTF-8 wc -L)
  echo "widest line $widest"
  [ "$(wc -l <"$tmp/f")" = $((rows + 1)) ] && [ "$widest" -le "$cols" ]
}
keys() { # FILE TEXT: after these keys the frame shows the text
  printf '%s\n' "$1" >"$tmp/keys"
  "$k" --batch --keys "$tmp/keys" --size 100x40 </dev/null >"$tmp/f" 2>&1 || return 1
  cat "$tmp/f"
  grep -qF -- "$2" "$tmp/f"
}
bad_keys() { printf '%s\n' "$1" >"$tmp/keys" && fails 1 "$2" "$k" --batch --keys "$tmp/keys"; }
# A pipe that nobody reads any more ends it without a word.
closed_pipe() { "$k" --batch -n 1000 -d 100ms 2>"$tmp/stderr" </dev/null | head -n 3 >/dev/null; cat "$tmp/stderr"; [ ! -s "$tmp/stderr" ]; }
full_disk() { fails 1 'cannot write to stdout' sh -c "$k --batch >/dev/full"; }

check "one frame of 120x40" one_frame
check "the first frame knows shares of the time" knows_shares
check "three frames" three_frames
for s in 1x1 2x400 400x2 40x8 59x30 80x24 200x50 400x200; do check "size $s" size_of $s; done
check "keys are played" keys '? "zoo" Esc / "cpu 0" Enter c' 'cpu 0: core'
check "keys wait for what the screen shows" keys 'wait "LLC 0" ? wait "Help: Topology"' 'Help: Topology'
check "help stays on the screen" keys '?' 'list the keys'
check "a key that quits ends the frames" keys 'q' 'Topology'
check "an unknown key is refused with its line" bad_keys $'q\nEntr' 'line 2: there is no key named "Entr"'
check "a missing key file is named" fails 1 "$tmp/none" "$k" --batch --keys "$tmp/none"
check "no terminal: the short help, 2" fails 2 'ktstr' "$k"
check "--frames goes with --batch" fails 2 '--batch' "$k" -n 3
check "--size is checked" fails 2 'COLUMNSxROWS' "$k" --batch --size 80
check "--size 0x5" fails 2 'COLUMNSxROWS' "$k" --batch --size 0x5
check "--delay is checked" fails 2 '100ms' "$k" --batch -d 1ms
check "--pane is checked" fails 2 'topo' "$k" --batch --pane tpoo
check "--pane topo" "$k" --batch --pane topo
check "--pane vm wants a guest" fails 2 '--boot' "$k" --batch --pane vm
check "--boot changes something" fails 2 'readonly' "$k" --batch --boot --readonly
check "a wrong shape is a usage error" fails 2 'topology' "$k" --batch --boot --topology 2,3,1,1
# The screen says it too, so stdout is not empty.
no_kernel() {
  "$k" --batch --boot --kernel "$0" --size 80x24 >"$tmp/f" 2>"$tmp/stderr" </dev/null; local rc=$?
  cat "$tmp/f" "$tmp/stderr"
  [ $rc = 1 ] && grep -q 'did not boot' "$tmp/f" && grep -q 'not a kernel image' "$tmp/stderr"
}
check "a guest that cannot boot is said and counts" no_kernel
one_pane() { "$k" --batch --boot --kernel "$0" --pane topo --size 120x40 2>/dev/null </dev/null >"$tmp/f"; cat "$tmp/f"; ! grep -q 'did not boot' "$tmp/f" && grep -q 'LLC 0' "$tmp/f"; }
check "one pane has the screen" one_pane
check "a missing sysroot is named" fails 1 "$tmp/nowhere" "$k" --batch --sysroot "$tmp/nowhere"
check "a closed pipe is no error" closed_pipe
check "a full disk is" full_disk
echo "1..$n"
exit $bad

#!/usr/bin/env bash
# `ktstr ctprof capture` and `run` as commands: files, statuses, streams, errors.
set -u
KTSTR=${KTSTR:?the program under test}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
no() { n=$((n + 1)); echo "not ok $n - $1"; sed 's/^/# /' "$work"/out "$work"/err 2>/dev/null | head -n 30; }
check() { local name=$1; shift; if "$@" >/dev/null 2>&1; then ok "$name"; else no "$name"; fi; }
call() { "$KTSTR" ctprof "$@" >"$work/out" 2>"$work/err"; status=$?; }
said() { grep -qF -- "$1" "$work/err"; }

call capture -o "$work/a.ctprof.zst" --no-smaps
check "a capture succeeds" [ "$status" = 0 ]
check "it says what it wrote" said "ktstr: wrote ctprof snapshot to $work/a.ctprof.zst"
check "it says what it probed" said "ctprof probe: "
check "it says what it parsed" said "ctprof parse: "
check "nothing is on stdout" [ ! -s "$work/out" ]
check "no temporary file is left" [ "$(ls "$work")" = "a.ctprof.zst
err
out" ]
check "the file is zstd with a checksum" sh -c "zstd -tq '$work/a.ctprof.zst'"
zstd -dcq "$work/a.ctprof.zst" >"$work/a.json"
keys=$(head -c 100 "$work/a.json")
check "it begins as the format says" [ "${keys#\{\"captured_at_unix_ns\":[0-9]}" != "$keys" ]

call capture
check "without --output it is a mistake" [ "$status" = 2 ]
call capture -o "$work/none/x"
check "a folder that is missing fails" [ "$status" = 1 ]
check "and is named" said "$work/none/x"
call capture -o "$work"
check "so does a folder as the file" [ "$status" = 1 ]
call capture -o "$work/x" --pid 2147483647
check "a process that is not there fails" [ "$status" = 1 ]
check "and is named too" said "there is no process 2147483647"
check "no file was made of it" [ ! -e "$work/x" ]

call run -- sh -c 'echo words; echo errors >&2; exit 7'
check "run passes the status on" [ "$status" = 7 ]
check "the command has its stdout" grep -qx words "$work/out"
check "the command has its stderr" grep -qx errors "$work/err"
check "a comparison follows" grep -q '^## Primary metrics' "$work/out"
check "the command is summed up" said "status 7"
check "what is still there has a table" grep -q '^## Alive at the end' "$work/out"
check "the whole is two screens" [ "$(wc -l <"$work/out")" -le 130 ]
check "without what was not asked for" sh -c "! grep -qE '^## Derived|^## smaps|hiwater_vm' '$work/out'"
call run --limit 0 --metrics hiwater_vm_bytes,run_time_ns,avg_slice_ns -- true
check "what is asked for is there" sh -c "grep -q '^## Derived' '$work/out' && ! grep -q 'more lines truncated' '$work/out'"
call run -- sh -c 'kill -TERM $$'
check "a signal is 128 and its number" [ "$status" = 143 ]
call run --no-smaps -- sh -c 'cp /bin/true "$0/ended-here"; "$0/ended-here"; :' "$work"
if said "no delay accounting" || [ "$(id -u)" != 0 ]; then
  ok "tasks that ended are summed up # SKIP the kernel does not tell this process"
else
  check "tasks that ended are summed up" grep -q '^ ended-here  *1 ' "$work/out"
fi
rm -f "$work/ended-here"
# A process whose parent ends first is the command's all the same.
cat >"$work/orphan" <<'END'
cd "$1" && mkfifo go gone && cp /bin/cat orphan-here || exit 1
(./orphan-here <go >gone &)
echo >go
cat gone
rm -f go gone orphan-here
END
own() { sed -n '/^    "command": \[/,/^    "others": \[/p' "$work/out" | grep -A1 "\"$1\"" | grep -q '"thread_count": 1,'; }
call run --no-smaps --json -- sh "$work/orphan" "$work"
if said "no delay accounting" || [ "$(id -u)" != 0 ]; then
  ok "JSON has those that ended # SKIP the kernel does not tell this process"
  ok "and so has CSV # SKIP the kernel does not tell this process"
else
  check "JSON has those that ended" own orphan-here
  call run --no-smaps --csv -- sh "$work/orphan" "$work"
  check "and so has CSV" grep -q '^,,orphan-here,thread_count,ended,,,1,' "$work/out"
fi
call run -- "$work/not-there"
check "a command that cannot be started is 127" [ "$status" = 127 ]
check "and is named" said "not-there"
call run -o "$work/before" "$work/after" --no-smaps -- true
check "both snapshots are kept" [ -s "$work/before" ]
check "the second by the word before the dashes" [ -s "$work/after" ]
call compare "$work/before" "$work/after"
check "and are snapshots" [ "$status" = 0 ]
call run -o "$work/before" -- true
check "one name is a mistake" [ "$status" = 2 ]
call run --
check "no command is a mistake" [ "$status" = 2 ]
(while [ -e "$work" ]; do sleep 0.01; done) & busy=$!
timeout -k 1 60 "$KTSTR" ctprof run -- true >"$work/out" 2>"$work/err" 3>&-; status=$?
kill $busy
check "it ends where tasks end all the time" [ "$status" = 0 ]
echo "1..$n"

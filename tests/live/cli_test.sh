#!/usr/bin/env bash
# The manners of the command line as a user and a script meet them: streams, statuses, colour, pager.
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
lacks() { case $2 in *"$3"*) not_ok "$1" "'$3' in '$2'" ;; *) ok "$1" ;; esac; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
unset NO_COLOR CLICOLOR_FORCE PAGER LESS
esc=$(printf '\033')
run() { # ARGS...: sets out, err, rc
  out=$("$KTSTR" "$@" 2>"$dir/err" </dev/null); rc=$?
  err=$(cat "$dir/err")
}
tty() { # COMMAND: what a terminal would see of it
  TERM=xterm timeout 60 script -qec "$1" /dev/null </dev/null | tr -d '\r'
}

run --version
is "--version succeeds" "$rc$err" "0"
case $out in
"ktstr "[0-9]*.[0-9]*.[0-9]*" (commit "*", "[12][0-9][0-9][0-9]-[01][0-9]-[0-3][0-9]")") ok "--version names version, commit and day" ;;
*) not_ok "--version names version, commit and day" "$out" ;;
esac
run -V --verbose
has "--version --verbose names the C library" "$out" "glibc 2."

run nonsense; is "unknown command: status" "$rc" 2
is "unknown command: nothing on stdout" "$out" ""
run tpo; is "unknown command: the nearest is named" "$err" "ktstr: unknown command 'tpo'; did you mean 'topo'?"
run topo --jsno; is "unknown option: one line with the nearest" "$err" "ktstr: topo: unknown option '--jsno'; did you mean '--json'?"
is "unknown option: status" "$rc" 2
run topo "$(printf 'a\033[31m\nb')"; lacks "words of the user cannot act on the terminal" "$err" "$esc"
is "an error is one line" "$(wc -l <"$dir/err")" 1
run completions noshell; is "unknown shell: status" "$rc" 2
has "unknown shell: the possible ones" "$err" "bash, elvish, fish, powershell, zsh"
run completions; is "missing argument: status" "$rc" 2

for args in "-h" "--help" "help" "help topo" "topo -h" "topo --help" "--help topo" "topo --help --nonsense"; do
  # shellcheck disable=SC2086
  run $args
  is "$args: to stdout, status 0" "$rc$err" "0"
  [ -n "$out" ] || not_ok "$args says something"
done
is "help COMMAND is COMMAND --help" "$("$KTSTR" help topo)" "$("$KTSTR" topo --help)"
run --help
for command in $("$KTSTR" __complete -- help 0 | cut -f1); do has "--help names $command" "$out" "  $command "; done

run; is "the dashboard without a terminal: status" "$rc$out" 2
has "the dashboard without a terminal: the way out" "$err" "needs a terminal; with --batch"

# Streams
run --batch topo; before=$out; is "--batch before the command" "$rc" 0
run topo --batch; is "--batch after it says the same" "$out" "$before"
# A pipe whose reader is certainly gone: opened for both ends, then closed for reading.
mkfifo "$dir/fifo"
exec 4<>"$dir/fifo" 5>"$dir/fifo" 4>&-
"$KTSTR" completions bash >&5 2>"$dir/err"
is "a reader that leaves ends it, quietly" "$?$(cat "$dir/err")" 141
trap '' PIPE
"$KTSTR" completions bash >&5 2>"$dir/err"
is "even when SIGPIPE was ignored" "$?$(cat "$dir/err")" 141
trap - PIPE
exec 5>&-
"$KTSTR" --help >/dev/full 2>"$dir/err"; rc=$?
is "a full disk is a failure" "$rc" 1
has "a full disk is named" "$(cat "$dir/err")" "No space left on device"
"$KTSTR" --help >&- 2>"$dir/err"; is "a closed stdout is a failure" "$?" 1
"$KTSTR" --version <&- 2>&- >"$dir/out"; is "closed stdin and stderr are not" "$?" 0
has "and nothing of it is lost" "$(cat "$dir/out")" "ktstr "

# Colour: option, NO_COLOR, CLICOLOR_FORCE, TERM, the stream
lacks "no colour into a pipe" "$("$KTSTR" --help)" "$esc"
has "--color=always" "$("$KTSTR" --color=always --help)" "$esc"
has "--color=always wins over NO_COLOR" "$(NO_COLOR=1 "$KTSTR" --color always --help)" "$esc"
has "CLICOLOR_FORCE" "$(CLICOLOR_FORCE=1 "$KTSTR" --help)" "$esc"
lacks "CLICOLOR_FORCE=0" "$(CLICOLOR_FORCE=0 "$KTSTR" --help)" "$esc"
lacks "NO_COLOR wins over CLICOLOR_FORCE" "$(NO_COLOR=1 CLICOLOR_FORCE=1 "$KTSTR" --help)" "$esc"
has "an empty NO_COLOR is none" "$(NO_COLOR='' CLICOLOR_FORCE=1 "$KTSTR" --help)" "$esc"
has "colour on a terminal" "$(tty "'$KTSTR' -h")" "$esc"
lacks "--color=never on a terminal" "$(tty "'$KTSTR' --color=never -h")" "$esc"
lacks "--batch on a terminal" "$(tty "'$KTSTR' --batch topo -h")" "$esc"
lacks "TERM=dumb on a terminal" "$(tty "TERM=dumb '$KTSTR' -h")" "$esc"
lacks "stderr is judged by itself" "$(tty "'$KTSTR' nonsense 2>'$dir/err'"; cat "$dir/err")" "$esc"

# The pager: long help, on a terminal only
cat >"$dir/pager" <<'EOF2'
#!/bin/sh
sed 's/^/PAGED /'
echo "LESS=$LESS"
EOF2
chmod +x "$dir/pager"
export PAGER="$dir/pager"
has "long help goes through the pager" "$(tty "'$KTSTR' --help")" "PAGED "
has "with LESS as git sets it" "$(tty "'$KTSTR' --help")" "LESS=FRX"
has "unless LESS is set" "$(LESS=S tty "'$KTSTR' --help")" "LESS=S"
lacks "short help does not" "$(tty "'$KTSTR' -h")" "PAGED"
lacks "--no-pager" "$(tty "'$KTSTR' --help --no-pager")" "PAGED"
lacks "nor with --batch" "$(tty "'$KTSTR' topo --batch --help")" "PAGED"
lacks "not into a pipe" "$("$KTSTR" --help)" "PAGED"
has "a pager that cannot be run is done without" "$(PAGER=/nonexistent tty "'$KTSTR' --help")" "Usage:"
lacks "PAGER=cat is no pager" "$(PAGER='cat' tty "'$KTSTR' --help")" "PAGED"
echo "1..$n"

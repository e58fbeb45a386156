#!/usr/bin/env bash
# `ktstr kernel list` and `kernel clean` as a user and a script meet them: streams, statuses, the question.
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
# Nobody listens there: the list of releases cannot be had.
export KTSTR_CACHE_DIR=$dir/cache KTSTR_RELEASES_URL=http://127.0.0.1:9/releases.json
run() { # ARGS...: sets out, err, rc
  out=$("$KTSTR" "$@" 2>"$dir/err" </dev/null); rc=$?
  err=$(cat "$dir/err")
}
answer() { # TEXT: the question on a terminal
  printf '%s\n' "$1" | TERM=xterm timeout 60 script -qec "$KTSTR kernel clean --keep 1; echo status=\$?" /dev/null | tr -d '\r'
}
entry() { # KEY VERSION BUILT HASH
  mkdir -p "$KTSTR_CACHE_DIR/$1"; : >"$KTSTR_CACHE_DIR/$1/Image"
  echo "{\"version\":\"$2\",\"source\":{\"type\":\"tarball\"},\"arch\":\"x86_64\",\"image_name\":\"Image\",\"built_at\":\"$3\",
    \"ktstr_kconfig_hash\":$4,\"has_vmlinux\":false,\"vmlinux_stripped\":false}" >"$KTSTR_CACHE_DIR/$1/metadata.json"
}
fill() {
  rm -rf "$KTSTR_CACHE_DIR"
  entry valid-untracked 6.99.0 2025-01-01T00:00:00Z null
  entry valid-stale 6.99.0 2025-01-01T00:00:00Z '"deadbe7"'
  mkdir -p "$KTSTR_CACHE_DIR/corrupt-malformed"; printf '{' >"$KTSTR_CACHE_DIR/corrupt-malformed/metadata.json"
}

run kernel list
is "an empty cache: status" "$rc" 0
has "an empty cache: the sentence" "$out" 'no cached kernels'
is "an empty cache: stderr is where it is" "$err" "cache: $KTSTR_CACHE_DIR"
run kernel list --json
is "an empty cache as JSON: status" "$rc" 0
has "an empty cache as JSON: entries" "$out" '"entries": []'

fill
run kernel list
is "three entries: status" "$rc" 0
legends=$(grep -oE '^(\((EOL|untracked kconfig)\) marks entries|warning: entries marked \((stale kconfig|corrupt)\))' "$dir/err" | tr '\n' ';')
is "legends in order, on stderr" "$legends" '(untracked kconfig) marks entries;warning: entries marked (stale kconfig);warning: entries marked (corrupt);'
lacks "no legend on stdout" "$out" 'marks entries'
lacks "no warning on stdout" "$out" 'warning:'
has "the network's failure is told" "$err" 'kernel list: failed to fetch active kernel series ('
has "a row" "$out" '  valid-stale                                      6.99.0       tarball  x86_64  2025-01-01T00:00:00Z (stale kconfig)'
run kernel list --json
has "JSON tells the failure too" "$out" '"active_prefixes_fetch_error": "'
lacks "JSON has no cache line" "$err" 'cache:'

run kernel list --kernel nope
is "no range: status" "$rc" 1
has "no range: the sentence" "$err" 'kernel list --kernel: `nope` does not parse as a `START..END` range'
run kernel list --kernel 6.14..6.12
has "an inverted range" "$err" 'kernel list --kernel 6.14..6.12: inverted kernel range'

run kernel clean --keep 2 --corrupt-only
is "--keep with --corrupt-only: usage" "$rc" 2
run kernel clean --older-than 1d --dry-run
is "--dry-run: status" "$rc" 0
has "--dry-run: heading" "$out" 'the following entries would be removed:'
run kernel clean
is "without a terminal: status" "$rc" 1
has "without a terminal: the sentence" "$err" 'confirmation requires a terminal. Use --force to skip.'
is "without a terminal: nothing is removed" "$(ls "$KTSTR_CACHE_DIR")" $'corrupt-malformed\nvalid-stale\nvalid-untracked'
said=$(answer n)
has "no: the rows" "$said" 'the following entries will be removed:'
has "no: the question" "$said" 'remove 1 entries? [y/N] '
has "no: the answer" "$said" 'aborted'
has "no: status" "$said" 'status=0'
said=$(answer y)
has "yes: what was done" "$said" 'removed 1 cached kernel(s).'
is "yes: what is left" "$(ls "$KTSTR_CACHE_DIR")" $'valid-stale\nvalid-untracked'
mkdir -p "$KTSTR_CACHE_DIR/.locks"
exec 9>"$KTSTR_CACHE_DIR/.locks/valid-stale.lock"
flock -s 9
run kernel clean --yes
has "in use: skipped" "$err" 'kernel clean: skipped: valid-stale is in use'
is "in use: the others are removed" "$out" 'removed 1 cached kernel(s).'
run kernel clean --force
is "--force removes it all the same" "$out" 'removed 1 cached kernel(s).'
is "nothing is left" "$(ls "$KTSTR_CACHE_DIR")" ""
run kernel clean
is "nothing to clean: status" "$rc" 0
is "nothing to clean: the sentence" "$out" 'nothing to clean'
echo "1..$n"

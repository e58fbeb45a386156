#!/usr/bin/env bash
# Real kernels under real KVM, on any machine: a guest of ours under emulation that shows an AMD CPU with SVM and loads kvm-amd
# is a host whose /dev/kvm works (slowly). In it our program, test programs and kernels; tests/kvm/inside.sh runs them.
#
#   nested.sh [quick|full]      the cases, as TAP; what cannot be run has failed
#   nested.sh bench             ours beside QEMU: tests/kvm/bench-inside.sh. SLIM=DIR: a kernel of one's own besides, in DIR the files
#                               image, release and modules.builtin; RUNS (7)
#   nested.sh -- COMMAND        COMMAND in the nested host, for looking around: /include-files/nested is where things are
#
# NESTED_ONLY: test programs whose path this expression finds. NESTED_EXTRA: further files and folders to take along.
# NESTED_MIB (5120), NESTED_LIMIT (20m): memory and time of the nested host. It gives a sign of life every 15 s; without any for
# NESTED_SILENCE (240) seconds its emulator has stalled, and is ended.
# One outer CPU: with two, QEMU 7.2's nested SVM stalls about once in 15 boots.
set -u
cd "$(dirname "$0")/../.." || exit 1
BUILD=${BUILD:-release} KTSTR=${KTSTR:-$PWD/ktstr} mode=${1:-${NESTED_MODE:-quick}}
B=build/$BUILD/tests
export KTSTR_CACHE_DIR=$PWD/build/test-kernels
unset KTSTR_KERNEL
export KTSTR_BYPASS_LLC_LOCKS=1 # the host of a test takes no CPU from anybody
# Programs of the ordinary suite: guests that boot on our own monitor too, and what skips itself where there is no KVM.
shared=(vm/{conformance,session,hostile_init,exec,failure,power,shape,timings,batch_boot} live/kvm_machine)
newer_kernels='^linux-image-[0-9.]+[^ ]*-cloud-amd64$'

bail() { echo "not ok 1 - the nested host came up"; echo "# $*"; exit 1; }

resolve() { # ID: sets image, modules, release
  local lines
  lines=$("$B/kvm/kernel" "$1") || return 1
  { read -r image; read -r modules; read -r release; } <<<"$lines"
}

newest_package() { apt-cache search --names-only "$newer_kernels" 2>/dev/null | cut -d' ' -f1 | sort -V | tail -n 1; }

# The newest kernel package that the distribution has: one file, fetched once.
newer() {
  local dir=$PWD/build/test-kernels/newer name
  if ! compgen -G "$dir/*.deb" >/dev/null; then
    name=$(newest_package)
    if [ -z "$name" ] && [ "$(id -u)" = 0 ]; then apt-get update -q >/dev/null 2>&1; name=$(newest_package); fi
    [ -n "$name" ] || { echo "the package lists know none"; return 1; }
    mkdir -p "$dir.new"
    (cd "$dir.new" && apt-get download -q "$name" >/dev/null 2>&1) || { echo "cannot fetch $name"; return 1; }
    rm -rf "$dir"; mv "$dir.new" "$dir"
  fi
  for deb in "$dir"/*.deb; do echo "$deb"; return; done
}

# A kernel with the modules that a guest of ours may want; 100 MB of others stay behind.
put_kernel() { # NAME
  local to=$stage/kernels/$1
  mkdir -p "$to/modules"
  cp "$image" "$to/image" || return 1
  echo "$release" >"$to/release"
  [ -n "$modules" ] || return 0
  (cd "$modules" && find . \( -name 'modules.*' -o -path '*/drivers/virtio/*' -o -path '*/hw_random/*' \
    -o -name 'virtio_blk.ko*' -o -name 'virtio_console.ko*' -o -name 'loop.ko*' \) -type f -print0 |
    cpio -0pdm --quiet "$to/modules")
}

library() { ldconfig -p | awk -v n="$1" '$1 == n && /x86-64/ {print $NF; exit}'; }

mkdir -p build/kvm
work=$(mktemp -d "$PWD/build/kvm/XXXXXX") || exit 1
trap 'rm -rf "$work"' EXIT
stage=$work/nested
mkdir -p "$stage/tests"
cp "$KTSTR" "$stage/ktstr" && strip -g "$stage/ktstr"
cp tests/kvm/inside.sh "$stage/"
include=(-i "$stage")
# What unpacks kernels is large, so the program only suggests it.
path=$(library libarchive.so.13)
[ -z "$path" ] || include+=(-i "$path")
for extra in ${NESTED_EXTRA:-}; do include+=(-i "$extra"); done
resolve distro || bail "no kernel for the nested host"
host=(--kernel "$image" --modules "${modules:-/nonexistent}")
put_kernel debian || bail "cannot copy the kernel"
put_slim() {
  local to=$stage/kernels/slim
  mkdir -p "$to/modules"
  cp "$SLIM/image" "$SLIM/release" "$to/" && cp "$SLIM/modules.builtin" "$to/modules/"
}
if [ "$mode" = bench ]; then
  for need in /usr/bin/qemu-system-x86_64 /usr/share/qemu /usr/share/seabios; do
    [ -e "$need" ] || bail "nothing to compare with: no $need"
    include+=(-i "$need")
  done
  [ -z "${SLIM:-}" ] || put_slim || bail "no kernel in $SLIM"
  cp tests/kvm/bench-inside.sh "$stage/"
  ${CC:-cc} -Os -static -s -o "$stage/trivial" tests/kvm/guest/trivial.c || bail "no trivial init"
elif [ "$mode" != -- ]; then
  package=$(newer) || bail "no newer kernel: $package"
  resolve "$package" || bail "no newer kernel"
  put_kernel newer || bail "cannot copy the newer kernel"
  for t in "$B"/kvm/*_test "${shared[@]/#/$B/}"; do
    t=${t%_test}_test
    [ -x "$t" ] && [[ $t =~ ${NESTED_ONLY:-.} ]] || continue
    cp "$t" "$stage/tests/" && strip -g "$stage/tests/${t##*/}"
  done
  mkdir -p "$stage/guest"
  ${CC:-cc} -O1 -D_GNU_SOURCE -static -s -o "$stage/guest/hostile" tests/kvm/guest/hostile.c || bail "no program for hostile guests"
  cp "$B/vm/hostile_init" "$stage/tests/" || bail "no first process for hostile guests"
else
  shift
  command="cd /include-files/nested; export PATH=\$PWD:\$PATH LD_LIBRARY_PATH=/include-files; $*"
fi

start() { # COMMAND: it in the nested host, in this process
  KTSTR_QEMU_CPU=EPYC,+svm exec "$KTSTR" shell --accel tcg "${host[@]}" --modules-load kvm-amd --memory-mib "${NESTED_MIB:-5120}" \
    "${include[@]}" --exec-timeout "${NESTED_LIMIT:-20m}" --exec "$1" </dev/null
}
if [ "$mode" = -- ]; then (start "$command"); exit; fi

stalled=75 # status of a run whose emulator was ended

# What the host says, but for its signs of life and the word that it has done all. Fails when they stop coming, with what the
# last one said was running.
follow() {
  local line rc running=
  while IFS= read -r -t "${NESTED_SILENCE:-240}" line; rc=$?; [ $rc = 0 ]; do
    case $line in
    "# alive"*) running=${line#\# alive} ;;
    "# the nested host has run all its programs") : >"$work/complete" ;;
    *) echo "$line" ;;
    esac
  done
  [ $rc -gt 128 ] || return 0
  echo "# no sign of life for ${NESTED_SILENCE:-240} s, the emulator has stalled; last seen running:${running:- nothing}"
  return 1
}

family() { # PID: it and what it started: state, CPU time
  local child
  ps -o pid=,stat=,time=,comm= -p "$1"
  for child in $(pgrep -P "$1"); do family "$child"; done
}

run() { # COMMAND: it in a nested host; what it says, and its status
  local status
  rm -f "$work/lines" "$work/complete"; mkfifo "$work/lines"
  start "while sleep 15; do echo \"# alive \$(cat /tmp/running 2>/dev/null)\"; done & $1; status=\$?; kill \$!; exit \$status" \
    >"$work/lines" 2>"$work/said" &
  nested=$!
  if ! follow <"$work/lines"; then
    family $nested | sed 's/^/# /'
    kill $nested; wait $nested
    return $stalled
  fi
  wait $nested; status=$?
  [ ! -e "$work/complete" ] || return "$status"
  echo "not ok 1 - the nested host ran to its end"
  echo "# status $status; the last lines of the program that was running are above"; tail -n 30 "$work/said" | sed 's/^/# /'
  return 1
}

nested=
trap '[ -z "$nested" ] || kill $nested 2>/dev/null; rm -rf "$work"' EXIT
if [ "$mode" != bench ]; then
  run "sh /include-files/nested/inside.sh $mode"; status=$?
  [ "$status" != $stalled ] || echo "not ok 1 - the nested host kept running"
  exit $status
fi

# A host for each row: where one stalls, only that row is measured anew.
runs=${RUNS:-7} worst=0
printf '%-28s %6s %8s %8s %8s %7s %7s\n' "kernel (medians of $runs, s)" vCPUs ktstr q35 microvm ratio limit
for kernel in "$stage"/kernels/*; do
  for cpus in 1 8; do
    for _ in 1 2 3; do
      run "sh /include-files/nested/bench-inside.sh $runs ${kernel##*/} $cpus"; status=$?
      [ "$status" = $stalled ] || break
    done
    [ "$status" = 0 ] || worst=1
  done
done
exit $worst

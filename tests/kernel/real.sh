#!/usr/bin/env bash
# A real kernel, as a user builds one: Debian's linux-source becomes linux-6.12.N.tar.xz on a mirror on loopback, and
# `ktstr kernel build 6.12` takes it from there, on the slim base. It is listed, booted, and loads a scheduler of our own.
# Then its tree, under git, is built as a tree, changed, and built again. Takes a quarter of an hour a CPU and kernel.
#
#   KERNEL_TEST=version|git   one half only      KERNEL_TEST_DIR=DIR   where it works (build/test-kernel)
set -u
cd "$(dirname "$0")/../.." || exit 1
KTSTR=${KTSTR:-$PWD/ktstr} half=${KERNEL_TEST:-both}
package=linux-source-6.12
work=${KERNEL_TEST_DIR:-$PWD/build/test-kernel}
server=
n=0
trap '[ -z "$server" ] || kill "$server" 2>/dev/null' EXIT

report() { # STATUS NAME
  n=$((n + 1))
  if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}
bail() { echo "# $*"; report 1 "there is something to test"; exit 1; }
took() { # NAME COMMAND...: its time goes into the log
  local name=$1 t=$SECONDS rc
  shift
  nice -n 5 "$@"; rc=$?
  echo "# $name: $((SECONDS - t)) s"
  return $rc
}

# ---- a mirror ---------------------------------------------------------------------------------------------------------

source_tar() { # the package's archive, downloaded and not installed
  local deb
  mkdir -p "$work/deb"
  if ! compgen -G "$work/deb/*.deb" >/dev/null; then
    (cd "$work/deb" && apt-get download -q "$package" >/dev/null 2>&1) || bail "cannot download $package"
  fi
  deb=$(compgen -G "$work/deb/*.deb" | head -n 1)
  [ -e "$work/deb/usr" ] || dpkg-deb -x "$deb" "$work/deb" || bail "cannot unpack $deb"
  compgen -G "$work/deb/usr/src/linux-source-*.tar.xz" | head -n 1
}

repack() { # sets version; leaves srv/v6.x/linux-VERSION.tar.xz, its sums, and the list that names it
  local tar tree
  if [ -e "$work/srv/version" ]; then version=$(cat "$work/srv/version"); return; fi
  tar=$(source_tar)
  rm -rf "$work/repack" && mkdir -p "$work/repack" "$work/srv/v6.x"
  tar -xf "$tar" -C "$work/repack" || bail "cannot unpack $tar"
  tree=$(compgen -G "$work/repack/linux-*" | head -n 1)
  version=$(make -s -C "$tree" kernelversion) || bail "$tree is no kernel tree"
  [ "$(basename "$tree")" = "linux-$version" ] || mv "$tree" "$work/repack/linux-$version"
  tar -C "$work/repack" -c "linux-$version" | xz -0 -T0 >"$work/srv/v6.x/linux-$version.tar.xz" || bail "cannot repack it"
  (cd "$work/srv/v6.x" && sha256sum "linux-$version.tar.xz" >sha256sums.asc)
  echo "{\"releases\":[{\"moniker\":\"longterm\",\"version\":\"$version\",\"iseol\":false}]}" >"$work/srv/releases.json"
  rm -rf "$work/repack"
  echo "$version" >"$work/srv/version"
}

serve() { # on the first free port of some
  local port
  for _ in 1 2 3 4 5 6 7 8 9; do
    port=$((20000 + RANDOM % 30000))
    busybox httpd -f -p "127.0.0.1:$port" -h "$work/srv" & server=$!
    for _ in 1 2 3 4 5 6 7 8 9 10; do
      busybox wget -q -O /dev/null "http://127.0.0.1:$port/releases.json" 2>/dev/null && break 2
      kill -0 "$server" 2>/dev/null || continue 2
      sleep 0.1
    done
  done
  export KTSTR_KERNEL_MIRROR=http://127.0.0.1:$port KTSTR_RELEASES_URL=http://127.0.0.1:$port/releases.json
  export no_proxy=127.0.0.1
}

# ---- the scheduler ----------------------------------------------------------------------------------------------------

make_scheduler() { # VMLINUX: against the types of this kernel
  mkdir -p "$work/scx" &&
    bpftool btf dump file "$1" format c >"$work/scx/vmlinux.h" &&
    clang -O2 -g -Wall -target bpf -D__TARGET_ARCH_x86 -I"$work/scx" -c tests/kernel/scx_first.bpf.c \
      -o "$work/scx/scx_first.bpf.o" &&
    cc -O2 -Wall -Wextra -Werror tests/kernel/scx_first.c -o "$work/scx/scx_first" -lbpf
}

guest() { # KERNEL COMMAND: sets said, remarks
  said=$("$KTSTR" shell --kernel "$1" --topology 1,1,2,1 -i "$work/scx/scx_first" -i "$work/scx/scx_first.bpf.o" \
    --exec "$2" 2>"$work/remarks" </dev/null)
  local rc=$?
  remarks=$(cat "$work/remarks")
  return $rc
}
now() { echo "${EPOCHREALTIME/[.,]/}"; } # microseconds

# What a kernel says when sched_ext does not work, or anything else is wrong with it.
bad_words='struct_ops|BPF:|btf.*(error|invalid|mismatch)|sched_ext:.*(error|fail)|WARNING:|BUG:|Oops|Call Trace'

check_boot() { # KERNEL
  local from
  from=$(now); guest "$1" true; report $? "$1: it boots to a command and ends"
  echo "# boot, command, end: $((($(now) - from) / 1000)) ms"
  guest "$1" 'scx_first /include-files/scx_first.bpf.o'; local rc=$?
  printf '%s\n' "$said" | sed 's/^/# /'
  [ $rc = 0 ] && grep -qx 'enabled first' <<<"$said" && grep -qE '^queued [1-9]' <<<"$said" && grep -qx disabled <<<"$said"
  report $? "$1: a scheduler is loaded, asked, and unloaded"
  grep -E 'no module tree|serial port serves' <<<"$remarks"
  [ $? = 1 ] && [ $rc = 0 ]; report $? "$1: its drivers are known"
  guest "$1" "dmesg | grep -E '$bad_words'; uname -r; grep -c . /sys/kernel/debug/tracing/available_filter_functions || true"
  printf '%s\n' "$said" | sed 's/^/# /'
  [ -n "$said" ] && [ "$(head -n 1 <<<"$said")" = "$(uname_of "$1")" ]; report $? "$1: its log is clean"
}
uname_of() { case $1 in /*) cat "$1/include/config/kernel.release" ;; *) echo "$version" ;; esac; }

# ---- by version -------------------------------------------------------------------------------------------------------

by_version() {
  local key dir rc
  rm -rf "$KTSTR_CACHE_DIR"
  took "kernel build 6.12" "$KTSTR" kernel build 6.12 2>"$work/build.log" </dev/null
  rc=$?
  report $rc "6.12 is built by version"
  grep -v 'building the kernel' "$work/build.log" | sed 's/^/# /'
  [ $rc = 0 ] || return
  grep -q "sha256 verified" "$work/build.log"; report $? "what was downloaded is verified"
  key=$("$KTSTR" kernel list 2>/dev/null | awk -v v="$version" '$2 == v {print $1}')
  dir=$KTSTR_CACHE_DIR/$key
  [ -n "$key" ] && [ -s "$dir/bzImage" ] && [ -s "$dir/vmlinux" ]; report $? "it is listed: $key"
  "$KTSTR" kernel list --long | sed 's/^/# /'
  make_scheduler "$dir/vmlinux"; report $? "a scheduler is built against its types"
  check_boot 6.12
  "$KTSTR" kernel clean --keep 1 --force >/dev/null && [ -s "$dir/bzImage" ]; report $? "clean --keep 1 keeps it"
  SECONDS=0
  "$KTSTR" kernel build "$version" 2>&1 | grep -q 'cached kernel found' && [ $SECONDS -lt 10 ]
  report $? "a second build finds it"
}

# ---- a tree under git -------------------------------------------------------------------------------------------------

commit() { git -C "$tree" -c user.name=t -c user.email=t@localhost -c gc.auto=0 "$@" >/dev/null 2>&1; }

make_tree() {
  rm -rf "${work:?}/tree" && mkdir "$work/tree" && tar -xf "$work/srv/v6.x/linux-$version.tar.xz" -C "$work/tree" || bail "no tree"
  tree=$work/tree/linux-$version
  commit init -q && commit add -A -f && commit commit -q -m "As published" || bail "cannot put the tree under git"
}

by_tree() {
  local rc
  make_tree
  took "kernel build --source" "$KTSTR" kernel build --source "$tree" 2>"$work/build-tree.log" </dev/null
  rc=$?
  report $rc "its tree is built in place"
  grep -v 'building the kernel' "$work/build-tree.log" | sed 's/^/# /'
  [ $rc = 0 ] || return
  grep -q 'Kernel cached: local-' "$work/build-tree.log"; report $? "it is stored by its commit"
  [ -s "$tree/compile_commands.json" ]; report $? "editors get their compile_commands.json"
  [ -e "$work/scx/scx_first" ] || make_scheduler "$tree/vmlinux"
  check_boot "$tree"
  sed -i 's/default to SCHED_NORMAL/are SCHED_NORMAL/; $a /* changed */' "$tree/kernel/sched/core.c"
  took "build of a change" "$KTSTR" kernel build --source "$tree" 2>"$work/build-change.log" </dev/null
  report $? "a change is built"
  grep -q 'uncommitted changes' "$work/build-change.log"; report $? "a dirty tree is not stored"
  commit commit -q -a -m "A change"
  took "build of its commit" "$KTSTR" kernel build --source "$tree" 2>"$work/build-commit.log" </dev/null
  grep -q 'Kernel cached: local-' "$work/build-commit.log"; report $? "its commit is"
}

# ---- away with it -----------------------------------------------------------------------------------------------------

by_clean() {
  local from
  from=$(now); "$KTSTR" kernel clean --force | sed 's/^/# /'
  echo "# clean: $((($(now) - from) / 1000)) ms"
  "$KTSTR" kernel list 2>/dev/null | grep -q 'no cached kernels'; report $? "clean --force leaves no kernel"
  [ -z "$(compgen -G "$KTSTR_CACHE_DIR/*/")" ]; report $? "nor a folder of one"
}

mkdir -p "$work" || exit 1
unset KTSTR_KERNEL KTSTR_FETCH KTSTR_STABLE_TREE KTSTR_KEYRING
export KTSTR_CACHE_DIR=$work/cache
repack
serve
[ "$half" = git ] || by_version
[ "$half" = version ] || by_tree
by_clean
echo "1..$n"

#!/usr/bin/env bash
# `ktstr shell --accel tcg --exec true` beside the bare QEMU with the same arguments, kernel and initramfs, by turns:
# medians in milliseconds and their ratio, which must not exceed 1.1. RUNS (9) of each.
#
# What QEMU is given is taken where it is started: a script of its name, first in PATH, notes the arguments and keeps
# the initramfs. The bare guest ends itself (`reboot -f` where ours runs `true`), since nobody answers its init there.
set -u
KTSTR=${KTSTR:-$PWD/ktstr}
runs=${RUNS:-9} limit=${LIMIT:-1.10} kernel=${KERNEL:-distro}
qemu=$(command -v qemu-system-x86_64) || { echo "skipped: qemu-system-x86_64 is not installed"; exit 0; }
[ -n "${KTSTR_CACHE_DIR:-}" ] || export KTSTR_CACHE_DIR=$PWD/build/test-kernels
unset KTSTR_KERNEL

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/bin"
cat >"$work/bin/qemu-system-x86_64" <<EOF
#!/usr/bin/env bash
for ((i = 1; i <= \$#; i++)); do
  j=\$((i + 1))
  case "\${!i}" in
    -kernel) cat "\${!j}" >$work/kernel ;;
    -initrd) cat "\${!j}" >$work/initrd; printf '%s\0' "\$@" >$work/args ;;
  esac
done
exec $qemu "\$@"
EOF
chmod +x "$work/bin/qemu-system-x86_64"

shell() { "$KTSTR" shell --kernel "$kernel" --accel tcg --exec "$1" </dev/null >/dev/null 2>"$work/said"; }
PATH=$work/bin:$PATH shell 'reboot -f'
[ -s "$work/args" ] || { echo "skipped: no guest: $(tail -n 1 "$work/said")"; exit 0; }
# Ours starts the kernel unpacked; the bare one gets the image as it was installed, where that is found.
image=$(find "$KTSTR_CACHE_DIR" -type f \( -name 'vmlinuz*' -o -name 'bzImage*' \) 2>/dev/null | head -n 1)
bare=() last=
while IFS= read -r -d '' arg; do
  case $last in
    -kernel) arg=${image:-$work/kernel} ;;
    -initrd) arg=$work/initrd ;;
  esac
  last=$arg
  case $arg in
    socket,id=*,fd=*) id=${arg#socket,id=}; arg=file,id=${id%%,*},path=/dev/null ;;
  esac
  bare+=("$arg")
done <"$work/args"

once() { # COMMAND...: its wall time in milliseconds, after checking that it works
  local from=${EPOCHREALTIME/./} to
  "$@" || { echo "failed: $*" >&2; exit 1; }
  to=${EPOCHREALTIME/./}
  echo $(((to - from) / 1000))
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }
for ((i = 0; i < runs; i++)); do
  once "$qemu" "${bare[@]}" >>"$work/bare" 2>/dev/null </dev/null || exit 1
  once shell true >>"$work/ktstr" || exit 1
done
ours=$(median "$work/ktstr") theirs=$(median "$work/bare")
awk -v a="$ours" -v b="$theirs" -v limit="$limit" 'BEGIN {
  printf "ktstr shell --exec true %d ms, bare QEMU %d ms, ratio %.2f (limit %.2f)\n", a, b, a / b, limit
  exit a / b > limit
}'

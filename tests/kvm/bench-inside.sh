#!/bin/sh
# Runs in the nested host: `ktstr shell --exec true` beside QEMU q35 and QEMU microvm with a trivial init, same kernel,
# initramfs and memory, one after the other, RUNS times; medians in seconds and their ratio.   bench-inside.sh RUNS KERNEL vCPUS
runs=$1 name=$2 cpus=$3 here=/include-files/nested mib=512 patience=120 # MiB, s
cd $here || exit 1
export HOME=/root LC_ALL=C.UTF-8 LD_LIBRARY_PATH=/include-files KTSTR_CACHE_DIR=/tmp/cache
mkdir -p /root /usr/share /usr/bin /tmp/fake /tmp/b
ln -s /include-files/qemu /usr/share/qemu
ln -s /include-files/seabios /usr/share/seabios
mv /include-files/qemu-system-x86_64 /usr/bin/ # it looks for its firmware beside itself

# The initramfs that ours packs, taken where QEMU would be given it.
cat >/tmp/fake/qemu-system-x86_64 <<'EOF'
#!/bin/sh
while [ $# -gt 0 ]; do [ "$1" != -initrd ] || cat "$2" >/tmp/b/initrd; shift; done
EOF
chmod +x /tmp/fake/qemu-system-x86_64

ours() { ./ktstr shell --accel kvm --kernel "$image" --modules "$modules" --memory-mib $mib --topology "1,1,$cpus,1" \
  -i ./trivial --exec true "$@"; }
words="console=ttyS0 quiet panic=-1 reboot=t rdinit=/include-files/trivial"
bare() { timeout "$patience" qemu-system-x86_64 -no-user-config -nodefaults -display none -no-reboot -accel kvm -cpu host -smp "$cpus" -m "$mib" \
  -kernel "$image" -initrd /tmp/b/initrd -append "$words" -serial stdio "$@"; }
q35() { bare -M q35; }
microvm() { bare -M microvm,acpi=off; }

now() { read -r up _ </proc/uptime; echo "$up" | sed 's/\.//'; }
once() { # NAME: runs it, notes the hundredths of a second; QEMU's nested guests hang now and then, and start again
  from=$(now)
  echo "$1" >/tmp/running
  "$1" </dev/null >/tmp/b/said 2>&1
  case $? in
  0) echo $(($(now) - from)) >>"/tmp/b/$1" ;;
  124) [ "$1" != ours ] && echo "# $1 hung on $name with $cpus vCPUs, once more" && once "$1" ;;
  *) false ;;
  esac || { echo "$1 failed on $name with $cpus vCPUs:"; tail -n 20 /tmp/b/said; exit 1; }
}
median() { sort -n "/tmp/b/$1" | awk '{v[NR] = $1} END {printf "%.2f", v[int((NR + 1) / 2)] / 100}'; }

dir=$here/kernels/$name image=$dir/image modules=$dir/modules
case $name-$cpus in slim-1) limit=0.50 ;; slim-8) limit=0.60 ;; *) limit=0.75 ;; esac
PATH=/tmp/fake:$PATH ./ktstr shell --accel tcg --kernel "$image" --modules "$modules" -i ./trivial --exec true >/dev/null 2>&1
[ -s /tmp/b/initrd ] || { echo "no initramfs for $name"; exit 1; }
ours </dev/null >/dev/null 2>&1 # what is kept for the next time
for _ in $(seq "$runs"); do once ours; once q35; once microvm; done
printf '%s %s %s %s %s %s\n' "$(cat "$dir/release")" "$cpus" "$(median ours)" "$(median q35)" "$(median microvm)" $limit |
  awk '{best = $4 < $5 ? $4 : $5; r = $3 / best; printf "%-28s %6d %8s %8s %8s %7.2f %7s\n", $1, $2, $3, $4, $5, r, $6; exit r > $6}'
status=$?
[ "$cpus" != 1 ] || ours --timings </dev/null 2>&1 | sed 's/^ktstr: /# /'
echo "# the nested host has run all its programs"
exit $status

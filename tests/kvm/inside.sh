#!/bin/sh
# Runs in the nested host: every test program that tests/kvm/nested.sh brought along, one after the other, on our own monitor.
mode=$1 here=/include-files/nested failed=0 patience=900
[ "$mode" != full ] || patience=5400
cd $here || exit 1
export HOME=/root LC_ALL=C.UTF-8 TZ=UTC TERM=vt100 CMOCKA_MESSAGE_OUTPUT=TAP LD_LIBRARY_PATH=/include-files
export KTSTR=$here/ktstr KTSTR_TEST_ACCEL=kvm KTSTR_TEST_CACHE=/tmp/cache KTSTR_NESTED="$mode" KTSTR_KERNELS=$here/kernels
export KTSTR_TEST_CYCLES=100 # of machines, which take 60 ms each there
mkdir -p $KTSTR_TEST_CACHE /root

kernel() { export KTSTR_TEST_KERNEL="$here/kernels/$1/image" KTSTR_TEST_MODULES="$here/kernels/$1/modules"; }

# As it comes, with the program's name. A test that is skipped here has not been run anywhere.
pass_on() {
  why=
  while IFS= read -r line; do
    case $line in
    "# skipped: "*) why=": ${line#\# skipped: }" ;;
    "not ok "*" # SKIP "*) line="${line%% # SKIP *} - $name: ${line#* # SKIP } was skipped$why" why= ;;
    "ok "*" - "* | "not ok "*" - "*) line="${line%% - *} - $name: ${line#* - }" ;;
    esac
    case $line in "not ok "*) echo bad >>/tmp/tap ;; "ok "*) echo good >>/tmp/tap ;; esac
    echo "$line"
  done
}

one() { # PROGRAM
  name=${1##*/} from=$(cut -d. -f1 /proc/uptime)
  : >/tmp/tap
  echo "$name" >/tmp/running
  { timeout -k 5 "$patience" "$1" 2>&1 </dev/null; echo $? >/tmp/rc; } | pass_on
  echo "# $name took $(($(cut -d. -f1 /proc/uptime) - from)) s"
  rc=$(cat /tmp/rc)
  [ "$rc" = 0 ] || grep -q bad /tmp/tap || { echo bad >>/tmp/tap; echo "not ok 1 - $name ended with status $rc"; }
  [ -s /tmp/tap ] || { echo bad >>/tmp/tap; echo "not ok 1 - $name ran no test"; }
  ! grep -q bad /tmp/tap || failed=1
}

if [ -c /dev/kvm ] && grep -qw svm /proc/cpuinfo; then
  echo "ok 1 - the nested host came up"
else
  echo "not ok 1 - the nested host came up: no /dev/kvm"
  exit 1
fi
kernel debian
for t in tests/*_test; do one "$t"; done
echo "# the nested host has run all its programs"
exit $failed

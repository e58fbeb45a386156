#!/usr/bin/env bash
# The dashboard on a terminal of 120x40: time from its start to its first frame, at most 50 ms, and its share of a CPU
# while nothing happens, less than 1 % at a refresh of one second.
set -u
make -s build/release/tests/tui/speed_test || exit 1
BENCH=1 BUILD=release CMOCKA_MESSAGE_OUTPUT=TAP build/release/tests/tui/speed_test | sed -n 's/^# \(first\|idle\)/\1/p; /^not ok/p'
exit "${PIPESTATUS[0]}"

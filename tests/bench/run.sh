#!/usr/bin/env bash
# Every benchmark beside its peer, in one run: make bench [ONLY=word]. Figures of different runs are not comparable on a
# shared machine; the ratios within one are.
set -u
export KTSTR=${KTSTR:-$PWD/ktstr} LC_ALL=C.UTF-8
# Reservations are made and paid for, but do not wait for those of others on a shared machine.
KTSTR_LOCK_DIR=$(mktemp -d) || exit 1
export KTSTR_LOCK_DIR
trap 'rm -rf "$KTSTR_LOCK_DIR"' EXIT
rc=0
for bench in tests/bench/*.sh; do
  case $bench in */run.sh) continue ;; *"${ONLY:-}"*) ;; *) continue ;; esac
  echo "== $(basename "$bench" .sh)"
  "$bench" || rc=1
done
exit $rc

#!/usr/bin/env bash
# Everything that can be said about the sources without running them. Each check is one `ok` or `FAIL` line.
set -u
export LC_ALL=C
ok=0 bad=0
check() { # NAME COMMAND...
  local name=$1 out t=$SECONDS
  shift
  if out=$("$@" 2>&1); then
    ok=$((ok + 1)); echo "ok    $name ($((SECONDS - t)) s)"
  else
    bad=$((bad + 1)); echo "FAIL  $name"; printf '%s\n' "$out" | head -n 60 | sed 's/^/      /'
  fi
}
mapfile -t sources < <(find src ui vmm probes tests -name '*.[ch]' | sort)
mapfile -t product < <(find src ui vmm probes -name '*.c' | sort)
mapfile -t headers < <(find src ui vmm probes tests -name '*.h' | sort)
mapfile -t scripts < <(grep -rlE '^#!.*\b(ba)?sh\b' .ci tests --exclude-dir=corpus | sort)
flags=(-I. -D_GNU_SOURCE -D_FILE_OFFSET_BITS=64 -std=gnu11 -Wall -Wextra)
read -ra packages <<<"$(pkg-config --cflags ncursesw vterm libcjson)"

headers_alone() {
  local rc=0 h
  for h in "${headers[@]}"; do
    ${CC:-cc} "${flags[@]}" "${packages[@]}" -Werror -fsyntax-only -x c -include "$h" /dev/null || rc=1
  done
  return $rc
}
# A warning is an error here, in both compilers; the ordinary build only warns.
strict_build() { make -s -j"$(nproc)" BUILD=lint WERROR=-Werror CFLAGS_lint='-O2 -fPIE' build/lint/libktstr.a; }
# The analyser's deep mode takes ten times as long for next to nothing more: DEEP=1 before a release.
depth=(-Xclang -analyzer-config -Xclang mode=shallow)
[ -z "${DEEP:-}" ] || depth=()
tidy() {
  printf '%s\n' "${product[@]}" | xargs -P "$(nproc)" -n 4 sh -c \
    'clang-tidy --quiet "$@" -- '"$(printf '%q ' "${flags[@]}" "${packages[@]}" "${depth[@]}")"' -DGUEST_INIT_PATH=\"/dev/null\" -DKTSTR_VERSION=\"0\" -DKTSTR_COMMIT=\"0\" -DKTSTR_DATE=\"0\" 2>/dev/null' sh
}
cpp_check() {
  cppcheck -q -j "$(nproc)" --std=c11 --error-exitcode=1 --inline-suppr --suppressions-list=tests/lint/cppcheck.txt \
    --enable=warning,portability -I. -D_GNU_SOURCE -D__linux__ "${product[@]}"
}
check "doors: who may include whom" tests/lint/doors.sh
check "every header compiles alone" headers_alone
check "no warnings" strict_build
check "no mutable globals" tests/lint/globals.sh build/lint
check "format" clang-format --dry-run -Werror "${sources[@]}"
check "clang-tidy" tidy
check "cppcheck" cpp_check
check "shellcheck" shellcheck -S warning "${scripts[@]}"
[ -z "${TALLY:-}" ] || echo "$ok $bad" >>"$TALLY"
echo "$ok passed, $bad failed"
[ $bad = 0 ]

#!/usr/bin/env bash
# `ktstr ctprof compare` of two snapshots of THREADS (10000, then 100000) threads, 100 to a process, beside `zstd -dcq` of both files,
# by turns: median wall times, their ratio, peak memory. Limits: 0.5 s or 6 times zstd, whichever is larger, and 96 MiB;
# both grow with THREADS beyond 10000: linear. Where other work takes the CPUs, the CPU time counts instead of the wall time: on a
# machine at rest the latter is not the longer one. Twice: processes that fall into few groups, and 10000 groups of one thread each.
# A round above the limit is repeated, twice at most: a burst of other work can hit one side of a round.
set -u
KTSTR=${KTSTR:-$PWD/ktstr}
runs=${RUNS:-7}
command -v zstd >/dev/null || { echo "skipped: zstd is not installed"; exit 0; }
command -v /usr/bin/time >/dev/null || { echo "skipped: GNU time is not installed"; exit 0; }
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

snapshot() { # SIDE KIND: JSON with every key
  awk -v side="$1" -v kind="$2" -v n="$threads" '
  /^FIELD\(/ { split($0, f, /[(,] */); key[++nkeys] = f[2]; type[nkeys] = f[3] }
  function letters(v,    s) { s = ""; do { s = s sprintf("%c", 97 + v % 26); v = int(v / 26) } while (v); return s }
  END {
    srand(1 + side)
    printf "{\"captured_at_unix_ns\":%d,\"host\":null,\"threads\":[", 1790000000 + 10 * side
    for (t = 0; t < n; t++) {
      p = int(t / 100); name = kind == "many" ? letters(p) : "proc"
      printf "%s{", t ? "," : ""
      for (k = 1; k <= nkeys; k++) {
        if (k > 1) printf ","
        printf "\"%s\":", key[k]
        if (key[k] == "tid") printf "%d", 1000 + p * 1000 + t % 100
        else if (key[k] == "tgid") printf "%d", 1000 + p * 1000
        else if (key[k] == "pcomm") printf "\"%s\"", name
        else if (key[k] == "comm") printf "\"%s-%s\"", name, kind == "many" ? letters(t % 100) : t % 100
        else if (key[k] == "cgroup") printf "\"/a.slice/%s.service\"", name
        else if (key[k] == "policy") printf "\"SCHED_OTHER\""
        else if (key[k] == "start_time_clock_ticks") printf "%d", 1000 + p
        else if (type[k] == "BOOL") printf "true"
        else if (type[k] == "CHAR") printf "\"S\""
        else if (type[k] == "CPUS") printf "[0,1,2,3]"
        else if (type[k] == "MAP") printf "%s", t % 100 ? "{}" : "{\"Pss\":500,\"Rss\":" 1000 + side "}"
        else if (type[k] == "I32" || type[k] == "U32") printf "%d", k
        else printf "%d", rand() < 0.5 ? 0 : rand() * 1000000000 * (1 + side)
      }
      printf "}"
    }
    r = "{\"avg10\":0,\"avg60\":0,\"avg300\":0,\"total_usec\":0}"; r = "{\"some\":" r ",\"full\":" r "}"
    printf "],\"cgroup_stats\":{},\"probe_summary\":null,\"parse_summary\":null,\"taskstats_summary\":null,"
    printf "\"psi\":{\"cpu\":%s,\"memory\":%s,\"io\":%s,\"irq\":%s},\"sched_ext\":null}\n", r, r, r, r
  }' probes/ctprof/fields.def
}
once() { # COMMAND...: its wall time in microseconds
  local from=${EPOCHREALTIME/./} to
  "$@" >/dev/null 2>&1
  to=${EPOCHREALTIME/./}
  echo $((to - from))
}
median() { sort -n "$1" | awk '{v[NR] = $1} END {print v[int((NR + 1) / 2)]}'; }

round() { # KIND
  local a=$work/$1-a.zst b=$work/$1-b.zst kib user sys
  rm -f "$work/ktstr" "$work/zstd"
  for ((i = 0; i < runs; i++)); do
    once "$KTSTR" ctprof compare "$a" "$b" >>"$work/ktstr"
    once zstd -dcq "$a" "$b" >>"$work/zstd"
  done
  read -r kib user sys < <(/usr/bin/time -f '%M %U %S' "$KTSTR" ctprof compare "$a" "$b" 2>&1 >/dev/null | tail -n 1)
  awk -v kind="$1" -v n="$threads" -v k="$(median "$work/ktstr")" -v z="$(median "$work/zstd")" -v kib="$kib" \
    -v cpu="$user" -v sys="$sys" 'BEGIN {
    cpu = (cpu + sys) * 1e6
    scale = n > 10000 ? n / 10000 : 1
    wall = 500000 * scale > 6 * z ? 500000 * scale : 6 * z
    printf "%s groups, %d threads: compare %.3f s (CPU %.3f s), zstd -dcq of both %.3f s, ratio %.2f (limit %.3f s); %.1f MiB (limit %d)\n",
      kind, n, k / 1e6, cpu / 1e6, z / 1e6, k / z, wall / 1e6, kib / 1024, 96 * scale
    exit (k < cpu ? k : cpu) > wall || kib > 96 * 1024 * scale
  }'
}
bench() { # KIND
  snapshot 0 "$1" | zstd -qf -3 -o "$work/$1-a.zst" && snapshot 1 "$1" | zstd -qf -3 -o "$work/$1-b.zst" || exit 1
  "$KTSTR" ctprof compare "$work/$1-a.zst" "$work/$1-b.zst" >"$work/out" || { echo "compare failed"; exit 1; }
  round "$1" || round "$1" || round "$1" || rc=1
}
rc=0
for threads in ${THREADS:-10000 100000}; do
  [ "$threads" -le 10000 ] || runs=$((runs < 3 ? runs : 3))
  bench few
  [ "$threads" -gt 10000 ] || bench many
done
exit $rc

#!/usr/bin/env bash
# Writes what `ktstr topo` reads of a machine as one text, to stdout, in the form of tests/lib/machine.h. A machine that
# is shown wrong, or is merely unusual, becomes a test case this way:
#
#   tests/golden/capture.sh >tests/golden/topo/NAME.machine      (of a tree: capture.sh DIR)
#   UPDATE=1 make test-run ONLY=golden/topo                     (then look at what NAME.txt and NAME.json say)
#
# Nothing else of the machine gets in: no names, no addresses, no serial numbers.
set -u
shopt -s nullglob
root=${1:-}
root=${root%/}
cpu=/sys/devices/system/cpu

entry() { # PATH: one line, unless it cannot be read
  local value
  IFS= read -r -d '' value <"$root$1" 2>/dev/null
  [ -n "$value" ] || [ -r "$root$1" ] || return
  value=${value%$'\n'}
  printf '%s=%s\n' "${1#/}" "${value//$'\n'/\\n}"
}
entries() { # GLOB...: what of these is there
  local pattern path
  for pattern in "$@"; do
    # shellcheck disable=SC2086 # globs are meant to expand
    for path in "$root"$pattern; do
      [ ! -f "$path" ] || entry "${path#"$root"}"
    done
  done
}
lines() { # PATH REGEX: of that file only the first line that matches
  local found
  found=$(grep -m 1 -E "$2" "$root$1" 2>/dev/null) && printf '%s' "$found"
}

echo "# $(uname -m), captured by tests/golden/capture.sh"
echo "[/]"
model=$(lines /proc/cpuinfo '^(model name|Processor|cpu|cpu model)[[:space:]]*:') && echo "proc/cpuinfo=$model"
entries $cpu/{online,offline,present,possible,isolated,nohz_full} /sys/devices/cpu_{core,atom,lowpower}/cpus
for dir in "$root$cpu"/cpu[0-9]*; do
  dir=${dir#"$root"}
  echo "${dir#/}/"
  entries "$dir"/{online,cpu_capacity} "$dir"/cpufreq/{cpuinfo_max_freq,base_frequency} \
    "$dir"/topology/{core_id,physical_package_id,die_id,cluster_id} \
    "$dir"/topology/{core_cpus_list,core_cpus,thread_siblings_list,thread_siblings} \
    "$dir"/cache/index\*/{level,type,id,size,coherency_line_size,ways_of_associativity,number_of_sets} \
    "$dir"/cache/index\*/{shared_cpu_list,shared_cpu_map}
  for node in "$root$dir"/node[0-9]*; do echo "${dir#/}/${node##*/}/"; done
done
for dir in "$root"/sys/devices/system/node/node[0-9]*; do
  dir=${dir#"$root"}
  entries "$dir"/{cpulist,cpumap,distance}
  total=$(lines "$dir/meminfo" MemTotal:) && free=$(lines "$dir/meminfo" MemFree:) && echo "${dir#/}/meminfo=$total\\n$free"
done
total=$(lines /proc/meminfo ^MemTotal:) && free=$(lines /proc/meminfo ^MemFree:) && echo "proc/meminfo=$total\\n$free"
exit 0

#!/usr/bin/env bash
# State that can change lives in structs that somebody owns. Lists objects in writable sections of what was
# compiled under DIR; .data.rel.ro (const tables with pointers) is read-only after start. Exceptions, each with its
# reason, are in globals.allow.
set -u
dir=$1 found=0
while read -r object; do
  while read -r section name; do
    where="${object#"$dir"/}"; where=${where%.o}.c
    grep -qE "^${where}[[:space:]]+${name}([[:space:]]|$)" tests/lint/globals.allow && continue
    echo "$where: '$name' is a mutable global ($section)"; found=1
  done < <(objdump -t "$object" | awk '$0 ~ / O / && ($4 ~ /^\.(data|bss|tdata|tbss)/ || $4 == "*COM*") && $4 !~ /^\.data\.rel\.ro/ {
      sub(/\.[0-9]+$/, "", $NF); print $4, $NF}')
done < <(find "$dir" -name '*.o' -not -path '*/tests/*')
exit $found

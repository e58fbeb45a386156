#!/usr/bin/env bash
# Reads every #include "..." of the product and says which door was forced: a room includes lower floors only, rooms on
# one floor do not see each other. Also: each third-party library is visible in one file.
set -u
git ls-files -co --exclude-standard 'src/*.[ch]' 'ui/*.[ch]' 'vmm/*.[ch]' 'probes/*.[ch]' | xargs awk '
function room(p,    parts) {
  if (p ~ /^src\/main\.c/ || p ~ /^src\/cli\//) return "cli"
  if (p ~ /^src\//) { split(p, parts, "/"); return parts[2] }
  if (p ~ /^ui\//) return "ui"
  if (p ~ /^vmm\/guest\//) return "guest"
  if (p ~ /^vmm\//) return "vmm"
  if (p ~ /^probes\//) { split(p, parts, "/"); return parts[2] }
  return "?"
}
BEGIN {
  split("base 10 table 20 topo 20 locks 20 reserve 25 kernels 30 vmm 30 ctprof 30 hostinfo 30 ui 40 cli 50", f, " ")
  for (i = 1; i in f; i += 2) floor[f[i]] = f[i + 1]
  # what a room on the same floor may still use
  beside["topo table"] = beside["locks table"] = 1
}
/^[ \t]*#[ \t]*include[ \t]*"/ {
  split($0, q, "\""); to = q[2]; from = FILENAME
  a = room(from); b = room(to)
  if (to !~ /\//) { print from ":" FNR ": include \"" to "\" is not written from the root"; bad = 1; next }
  if (a == b) next
  if (a == "guest") {
    if (to != "vmm/proto.h" && to != "vmm/conf.h") { print from ":" FNR ": the guest may include vmm/proto.h and vmm/conf.h only, not " to; bad = 1 }
    next
  }
  if (!(a in floor) || !(b in floor)) { print from ":" FNR ": no floor for " to; bad = 1; next }
  if (b == "vmm") {
    if (to == "vmm/vmctl.h") { if (floor[a] > 30) next }
    else if (from == "src/cli/cmd_vm.c" && to == "vmm/host.h") next
    print from ":" FNR ": vmm/ is seen through vmm/vmctl.h only, not " to; bad = 1; next
  }
  if (floor[b] < floor[a] || ((a " " b) in beside)) next
  print from ":" FNR ": " a " (floor " floor[a] / 10 ") may not include " to " (floor " floor[b] / 10 ")"; bad = 1
}
# the libraries, each at home in one file
/^[ \t]*#[ \t]*include[ \t]*</ {
  split($0, q, /[<>]/); h = q[2]; lib = ""
  if (h ~ /^(ncurses|curses|term\.h)/) lib = "ncurses"
  else if (h ~ /^vterm/) lib = "libvterm"
  else if (h ~ /^cjson\//) lib = "cJSON"
  else if (h ~ /^archive/) lib = "libarchive"
  else if (h ~ /^(libelf|gelf)/) lib = "libelf"
  else if (h ~ /^zstd/) lib = "libzstd"
  else if (h ~ /^libmnl/) lib = "libmnl"
  else if (h ~ /^(elfutils|dwarf\.h)/) lib = "libdw"
  else if (h ~ /^seccomp/) lib = "libseccomp"
  if (lib == "") next
  if ((lib in home) && home[lib] != FILENAME) { print FILENAME ":" FNR ": " lib " is at home in " home[lib]; bad = 1 }
  home[lib] = FILENAME
}
END { exit bad }'

#!/usr/bin/env bash
# The generated manual under mandoc's lint, and as groff's man(1) renders it.
set -u
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; printf '%s\n' "$2" | head -n 20 | sed 's/^/# /'; }
dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT

if "$KTSTR" __man --all "$dir" && [ -s "$dir/ktstr.1" ]; then
  ok "pages are written"
else
  not_ok "pages are written" ""
fi
for page in "$dir"/*.1; do
  name=$(basename "$page" .1)
  if ! command -v mandoc >/dev/null; then
    n=$((n + 1)); echo "ok $n - lint $name # SKIP mandoc is not installed"
    continue
  fi
  # References among our own pages cannot be found before they are installed.
  out=$(mandoc -Tlint "$page" | while IFS= read -r line; do
    ref=$(sed -n 's/.*referenced manual not found: Xr \([^ ]*\) 1.*/\1/p' <<<"$line")
    [ -n "$ref" ] && [ -e "$dir/$ref.1" ] || printf '%s\n' "$line"
  done)
  if [ -z "$out" ]; then ok "lint $name"; else not_ok "lint $name" "$out"; fi
  out=$("$KTSTR" __man "$name" | cmp - "$page" 2>&1)
  if [ -z "$out" ]; then ok "$name is printed as it is written"; else not_ok "$name is printed as it is written" "$out"; fi
done
if command -v mandoc >/dev/null; then
  text=$(mandoc -Tascii "$dir/ktstr.1" | sed 's/.\x08//g')
  for word in "EXIT STATUS" "ENVIRONMENT" "COMPATIBILITY" "ktstr-topo(1)" "--version" "--no-pager"; do
    if grep -qF -- "$word" <<<"$text"; then ok "ktstr(1) has $word"; else not_ok "ktstr(1) has $word" "$text"; fi
  done
  for code in $(sed -n 's/.*EXIT_[A-Z_]* = \([0-9]*\).*/\1/p' src/cli/cli.h); do
    if grep -qE "^[[:space:]]+${code}[[:space:]]" <<<"$text"; then
      ok "ktstr(1) explains status $code"
    else
      not_ok "ktstr(1) explains status $code" "$text"
    fi
  done
fi
echo "1..$n"

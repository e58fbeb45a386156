#!/usr/bin/env bash
# make install and uninstall into a staging folder, and what the installed files do in real shells.
set -u
n=0
ok() { n=$((n + 1)); echo "ok $n - $1"; }
not_ok() { n=$((n + 1)); echo "not ok $n - $1"; printf '%s\n' "${2:-}" | head -n 20 | sed 's/^/# /'; }
is() { # NAME GOT WANT
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "got '$2', want '$3'"; fi
}
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }
have() { command -v "$1" >/dev/null; }

dir=$(mktemp -d) || exit 1
trap 'rm -rf "$dir"' EXIT
dest="$dir/a stage" usr="$dir/a stage/usr"
# Not a part of the make that runs the tests.
stage() { env -u MAKEFLAGS -u MAKELEVEL -u MFLAGS make --no-print-directory "$1" DESTDIR="$dest" PREFIX=/usr 2>&1; }

out=$(stage install) || not_ok "make install" "$out"
want="bin/ktstr share/bash-completion/completions/ktstr share/elvish/lib/ktstr.elv
share/fish/vendor_completions.d/ktstr.fish share/man/man1/ktstr.1 share/zsh/site-functions/_ktstr"
for file in $want; do
  if [ -s "$usr/$file" ]; then ok "installs $file"; else not_ok "installs $file" "$out"; fi
done
is "the binary runs" "$("$usr/bin/ktstr" --version)" "$("$KTSTR" --version)"
is "modes" "$(stat -c %a "$usr/bin/ktstr" "$usr/share/man/man1/ktstr.1" | xargs)" "755 644"
missing=
for command in $("$usr/bin/ktstr" __complete -- help 0 | cut -f1); do
  [ -s "$usr/share/man/man1/ktstr-$command.1" ] || missing+=" $command"
done
is "every command has a page" "$missing" ""

export PATH="$usr/bin:$PATH" HOME="$dir"
# As bash-completion does it: the file is sourced when the command is completed first.
got=$(printf '. "%s"\nktstr() { echo "GOT $*"; }\nktstr completions --bin\t x zs\t\nexit\n' \
  "$usr/share/bash-completion/completions/ktstr" | timeout 60 bash --norc --noprofile -i 2>/dev/null | grep GOT)
is "bash completes from the installed file" "$got" "GOT completions --binary x zsh"
if have zsh; then
  cat >"$dir/.zshrc" <<RC
PS1=; fpath=("$usr/share/zsh/site-functions" \$fpath); autoload -Uz compinit; compinit -u -D
zle-line-init() { BUFFER='ktstr completions --bin'; CURSOR=\$#BUFFER; zle complete-word; print -r -- "\$BUFFER" >"$dir/got"; BUFFER='exit 0'; zle accept-line }
zle -N zle-line-init
RC
  ZDOTDIR="$dir" TERM=xterm timeout 60 script -qec "zsh -d -i" /dev/null </dev/null >/dev/null
  is "zsh completes from the installed file" "$(cat "$dir/got")" "ktstr completions --binary="
else
  skip "zsh completes from the installed file" "zsh is not installed"
fi
if have fish; then
  got=$(fish --no-config -c "source '$usr/share/fish/vendor_completions.d/ktstr.fish'; complete -C 'ktstr completions --bin'" | cut -f1)
  is "fish completes from the installed file" "$got" "--binary"
else
  skip "fish completes from the installed file" "fish is not installed"
fi
if have elvish; then
  cat >"$dir/rc.elv" <<'RC'
use ktstr
var all = [($edit:completion:arg-completer[ktstr] ktstr completions --bin | each {|c| put $c[stem] })]
echo $@all > $E:HOME/elv
exit
RC
  XDG_DATA_DIRS="$usr/share" timeout 60 script -qec "elvish -rc '$dir/rc.elv'" /dev/null </dev/null >/dev/null
  case " $(cat "$dir/elv" 2>/dev/null) " in
  *" --binary "*) ok "elvish completes from the installed module" ;;
  *) not_ok "elvish completes from the installed module" "$(cat "$dir/elv" 2>&1)" ;;
  esac
else
  skip "elvish completes from the installed module" "elvish is not installed"
fi

out=$(stage uninstall) || not_ok "make uninstall" "$out"
is "uninstall leaves no file" "$(find "$dest" -type f)" ""
echo "1..$n"

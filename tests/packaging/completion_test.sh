#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
#
# Completion offers what the programs have: in bash commands, options, their values, and controllers of a daemon, also
# where a colon or "=" breaks the word apart; fish and zsh the same with theirs, where they are installed.
# Usage: completion_test.sh COMPLETION-DIR STAFCTL STACCTL STASADM STACD
set -eu
here=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
mkdir "$dir/bin"
for program in "$2" "$4" "$5"; do ln -s "$program" "$dir/bin/$(basename "$program")"; done
# A stacctl that has a daemon behind it.
cat >"$dir/bin/stacctl" <<END
#!/bin/sh
case "\$*" in
  '--output=json ls')
    printf '[\n  {\n    "device": "nvme7",\n    "host-iface": "",\n    "subsysnqn": "nqn.2024-01.org.example:one",\n'
    printf '    "traddr": "192.0.2.8"\n  }\n]\n' ;;
  *) exec "$3" "\$@" ;;
esac
END
chmod 755 "$dir/bin/stacctl"
export PATH=$dir/bin:$PATH
. "$here/stas.bash"

rc=0
# offers LINE WORDS: bash offers exactly these behind LINE.
offers() {
  local line=$1 wanted=$2 got words
  COMP_LINE=$line COMP_POINT=${#line}
  # As readline does it: blanks, "=" and ":" break words.
  read -ra words <<<"${line//[=:]/ & }"
  case $line in *' ' | *[=:]) words+=('') ;; esac
  _stas "${words[0]}" "${words[-1]}" "${words[-2]}"
  got=$(printf '%s\n' "${COMPREPLY[@]}" | LC_ALL=C sort | tr '\n' ' ')
  [ "${got% }" = "$wanted" ] || { echo "\"$line\" offers: $got - wanted: $wanted"; rc=1; }
}
offers 'stafctl ' 'adlp dlp explain history ls plan status topology troff tron watch'
offers 'stacctl h' 'health history'
offers 'stacctl plan --' '--config --help --output --sys-conf'
offers 'stacctl --output=' 'dot json pprint table'
offers 'stacctl ls --output=j' 'json'
offers 'stafctl dlp -t ' 'fc loop rdma tcp'
offers 'stacctl explain ' '192.0.2.8 nqn.2024-01.org.example:one nvme7'
offers 'stacctl explain nv' 'nvme7'
offers 'stacctl explain nqn.2024-01.org.example:o' 'one'
offers 'stacctl release ' 'nqn.2024-01.org.example:one'
offers 'stasadm convert --to nvme-stas-' 'nvme-stas-1 nvme-stas-2 nvme-stas-3'
offers 'stacd --fabric ' 'kernel user'
offers 'stacd --s' '--sys-conf --syslog'
if command -v zsh >/dev/null; then
  # What zsh's own machinery would do with the words that the function adds.
  cat >"$dir/zsh" <<'END'
compadd() {
  local -a found
  if [[ $1 == -a ]]; then found=("${(@P)2}"); else found=("$@"); fi
  print -rl -- ${(M)found:#${(b)PREFIX}*}
}
compset() { PREFIX=${PREFIX#*=}; }
_files() { print -r -- "(files)"; }
words=(${(s: :)1})
[[ $1 != *' ' ]] || words+=('')
CURRENT=$#words PREFIX=$words[-1]
source $2
END
  zsh_offers() {
    local got
    got=$(zsh -f "$dir/zsh" "$1" "$here/_stas" 2>&1 | LC_ALL=C sort | tr '\n' ' ')
    [ "${got% }" = "$2" ] || { echo "zsh, \"$1\" offers: $got - wanted: $2"; rc=1; }
  }
  zsh -n "$here/_stas" || rc=1
  zsh_offers 'stafctl ' 'adlp dlp explain history ls plan status topology troff tron watch'
  zsh_offers 'stacctl h' 'health history'
  zsh_offers 'stacctl plan --' '--config --help --output --sys-conf'
  zsh_offers 'stacctl --output=' 'dot json pprint table'
  zsh_offers 'stacctl ls --output=j' 'json'
  zsh_offers 'stafctl dlp -t ' 'fc loop rdma tcp'
  zsh_offers 'stacctl explain ' '192.0.2.8 nqn.2024-01.org.example:one nvme7'
  zsh_offers 'stacctl explain nqn.2024-01.org.example:o' 'nqn.2024-01.org.example:one'
  zsh_offers 'stacctl release ' 'nqn.2024-01.org.example:one'
  zsh_offers 'stasadm convert --to nvme-stas-' 'nvme-stas-1 nvme-stas-2 nvme-stas-3'
  zsh_offers 'stasadm convert --from stas ' '(files)'
  zsh_offers 'stacd --fabric ' 'kernel user'
  zsh_offers 'stacd --s' '--sys-conf --syslog'
fi
if command -v fish >/dev/null; then
  fish --no-config --no-execute "$here/stas.fish" || rc=1
  got=$(fish --no-config -c "source $here/stas.fish; complete -C 'stacctl explain nv'; complete -C 'stacctl hea'" | cut -f1 | tr '\n' ' ')
  [ "$got" = 'nvme7 health ' ] || { echo "fish offers: $got"; rc=1; }
fi
exit $rc

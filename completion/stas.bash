# SPDX-License-Identifier: Apache-2.0
#
# bash completion for stafctl, stacctl, stasadm, stafd and stacd. Commands and options are asked of the program (--help),
# controllers of the daemon, so nothing here has to be kept in step with either.

# What a daemon knows: NQNs, devices and addresses, one a line. `ls` is for everybody and has no secret in it.
_stas_controllers() {
  local tool=$1
  shift
  "$tool" --output=json ls 2>/dev/null | sed -n "s/^ *\"\($1\)\": \"\([^\"]\{1,\}\)\",\{0,1\}\$/\2/p" | sort -u
}

_stas() {
  local tool=$1 cur=$2 prev=$3 command="" word help commands
  local -a found=()
  COMPREPLY=()
  # "=" and ":" break words apart; an NQN has colons.
  local line=${COMP_LINE:0:COMP_POINT}
  cur=${line##*[[:space:]]}
  local broken=${cur%"$2"}
  help=$("$tool" --help 2>/dev/null) || return
  commands=$(sed -n 's/^  {\(.*\)}$/\1/p' <<<"$help" | tr , ' ')
  for word in $commands; do
    case " ${line% *} " in *" $word "*) command=$word ;; esac
  done
  [ -z "$command" ] || help=$("$tool" "$command" --help 2>/dev/null) || return
  case $cur in
    --*=*) prev=${cur%%=*} cur=${cur#*=} broken= ;;
    *) prev=${line%"$cur"} prev=${prev%"${prev##*[![:space:]]}"} prev=${prev##*[[:space:]]} ;;
  esac

  case $prev in
    --output) found=(pprint json table)
      case $command in topology | '') found+=(dot) ;; esac ;;
    --output-dir) mapfile -t found < <(compgen -d -- "$cur") ;;
    -c | --conf-file | --config | --sys-conf | --check | --plan | --file) mapfile -t found < <(compgen -f -- "$cur") ;;
    -f) case $command in
        dlp) mapfile -t found < <(_stas_controllers "$tool" host-iface) ;;
        *) mapfile -t found < <(compgen -f -- "$cur") ;;
      esac ;;
    --fabric) found=(kernel user) ;;
    --from) found=(discovery.conf config.json nvme-stas-1 nvme-stas-2 nvme-stas-3 stas) ;;
    --to) found=(nvme-stas-1 nvme-stas-2 nvme-stas-3 stas) ;;
    -t | --transport) found=(tcp rdma fc loop) ;;
    -a | --traddr) mapfile -t found < <(_stas_controllers "$tool" traddr) ;;
    -s | --trsvcid) mapfile -t found < <(_stas_controllers "$tool" trsvcid) ;;
    -w | --host-traddr) mapfile -t found < <(_stas_controllers "$tool" host-traddr) ;;
    --host-iface) mapfile -t found < <(_stas_controllers "$tool" host-iface) ;;
    -q | --host-nqn) mapfile -t found < <(_stas_controllers "$tool" host-nqn) ;;
    -n | --nqn) mapfile -t found < <(_stas_controllers "$tool" subsysnqn) ;;
    *)
      case $cur in
        -*) mapfile -t found < <(grep -o -e '--[a-z][a-z-]*' <<<"$help" | sort -u)
          [ -z "$commands" ] || found+=(--output) ;;
        *)
          case $command in
            explain | history) mapfile -t found < <(_stas_controllers "$tool" 'subsysnqn\|device\|traddr') ;;
            release) mapfile -t found < <(_stas_controllers "$tool" subsysnqn) ;;
            convert) mapfile -t found < <(compgen -f -- "$cur") ;;
            '') read -ra found <<<"$commands" ;;
          esac ;;
      esac ;;
  esac
  for word in "${found[@]}"; do
    case $word in "$cur"*) COMPREPLY+=("${word#"$broken"}") ;; esac
  done
}

complete -o default -F _stas stafctl stacctl stasadm stafd stacd

# SPDX-License-Identifier: Apache-2.0
#
# fish completion for stafctl, stacctl, stasadm, stafd and stacd. Commands and options are asked of the program
# (--help), controllers of the daemon.

# The command on the line so far, if there is one.
function __stas_command
    set -l words (commandline -opc)
    for word in $words[2..]
        contains -- $word (__stas_commands $words[1]); and echo $word
    end
end

function __stas_commands
    $argv[1] --help 2>/dev/null | string replace -rf '^  \{(.*)\}$' '$1' | string split ,
end

# Commands with what they do.
function __stas_described_commands
    set -l tool (commandline -opc)[1]
    $tool --help 2>/dev/null | string replace -rf '^    ([a-z][a-z-]*)  +(.*)$' '$1\t$2'
end

function __stas_options
    set -l tool (commandline -opc)[1]
    $tool (__stas_command) --help 2>/dev/null | string match -ra -- '--[a-z][a-z-]*' | sort -u
    test -z "$(__stas_commands $tool)"; or echo -- --output
end

# What a daemon knows of this member of its controllers.
function __stas_controllers
    set -l tool (commandline -opc)[1]
    for member in $argv
        $tool --output=json ls 2>/dev/null | string replace -rf '^ *"'$member'": "([^"]+)",?$' '$1'
    end | sort -u
end

for tool in stafctl stacctl stasadm
    complete -c $tool -f -n 'test -z "$(__stas_command)"' -a '(__stas_described_commands)'
    complete -c $tool -f -n 'string match -q -- "-*" (commandline -ct)' -a '(__stas_options)'
    complete -c $tool -f -n 'contains -- (__stas_command) explain history' -a '(__stas_controllers subsysnqn device traddr)'
    complete -c $tool -f -n 'contains -- (__stas_command) release' -a '(__stas_controllers subsysnqn)'
    complete -c $tool -F -n 'contains -- (__stas_command) convert'
    complete -c $tool -x -l output -a 'pprint json table dot'
    complete -c $tool -r -l config
    complete -c $tool -r -l sys-conf
end
for tool in stafd stacd
    complete -c $tool -f -a '(__stas_options)'
    complete -c $tool -x -l fabric -a 'kernel user'
    for option in check plan sys-conf conf-file
        complete -c $tool -r -F -l $option
    end
    complete -c $tool -r -F -s f
end
complete -c stasadm -r -F -s c -l conf-file
complete -c stasadm -r -F -s f -l file
complete -c stasadm -x -l from -a 'discovery.conf config.json nvme-stas-1 nvme-stas-2 nvme-stas-3 stas'
complete -c stasadm -x -l to -a 'nvme-stas-1 nvme-stas-2 nvme-stas-3 stas'
complete -c stafctl -x -n 'contains -- (__stas_command) dlp' -s t -l transport -a 'tcp rdma fc loop'
complete -c stafctl -x -n 'contains -- (__stas_command) dlp' -s a -l traddr -a '(__stas_controllers traddr)'
complete -c stafctl -x -n 'contains -- (__stas_command) dlp' -s s -l trsvcid -a '(__stas_controllers trsvcid)'
complete -c stafctl -x -n 'contains -- (__stas_command) dlp' -s n -l nqn -a '(__stas_controllers subsysnqn)'

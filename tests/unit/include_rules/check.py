#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom (ARCHITECTURE.md, "Who may use whom"): fails on a forbidden #include.

FOLDERS: what each folder of the product may include of the product; what is not named is forbidden, so nothing runs
from below to above. BRAINS and CLIENTS are files that may do less than their folder. NO_SYSTEM: folders without a
system call. LIBRARIES: each library enters through the named files only. And no two files include each other, by
whatever detour.
"""
import os
import re
import sys

SYSTEM = (r'(sys/|unistd|fcntl|pthread|signal\.h|poll\.h|netdb|net/|netinet/|arpa/|linux/|dirent'
          r'|thread$|mutex$|future$|fstream$|filesystem$|iostream$)')
EXTERNAL = r'(systemd/|sdbus-c\+\+|avahi-|libnvme|openssl/)'
PRODUCT = r'(libstas|stafd|stacd)/'

ALGORITHMS = re.compile(
    r'std::(sort|stable_sort|unique|find|find_if|find_if_not|any_of|all_of|none_of|count|count_if|copy|copy_n|fill|fill_n'
    r'|transform|remove_if|replace|equal|mismatch|lower_bound|upper_bound|stable_partition|partition|rotate|reverse'
    r'|min|max|min_element|max_element|clamp|for_each|is_sorted)\(')

BASE = ['libstas/core/base']
IDENTITY = BASE + ['libstas/core/identity']
DISCOVERY = IDENTITY + ['libstas/core/discovery']
CONFIG = IDENTITY + ['libstas/core/config']
CONVERT = CONFIG + ['libstas/core/convert']
CORE = DISCOVERY + ['libstas/core/config', 'libstas/core/brain']
PROTOCOL = DISCOVERY + ['libstas/nvme_tcp']
OS = ['libstas/sys/os']
NET = OS + ['libstas/sys/net']
HOST = NET + ['libstas/sys/host', 'libstas/nvme_tcp']
FABRIC = HOST + ['libstas/sys/fabric']
SYS = FABRIC + ['libstas/sys/fabric/kernel', 'libstas/sys/fabric/user', 'libstas/sys/bus', 'libstas/sys/mdns',
                'libstas/sys/daemon']

# A folder, and what it may include beside itself, from the lowest floor to the highest.
FOLDERS = {
    'libstas/core/base': [],
    'libstas/core/identity': BASE,
    'libstas/core/discovery': IDENTITY,
    'libstas/core/config': IDENTITY,
    'libstas/core/convert': CONFIG,
    'libstas/core/doctor': CONFIG,
    'libstas/core/brain': CORE,
    'libstas/nvme_tcp': DISCOVERY,
    'libstas/sys/os': BASE,
    'libstas/sys/net': IDENTITY + OS + ['libstas/nvme_tcp'],
    'libstas/sys/bus': BASE + OS,
    'libstas/sys/mdns': CORE + OS,
    'libstas/sys/host': CORE + NET + ['libstas/nvme_tcp'],
    'libstas/sys/fabric': CORE + NET,
    'libstas/sys/fabric/kernel': CORE + FABRIC,
    'libstas/sys/fabric/user': CORE + FABRIC,
    'libstas/sys/daemon': CORE + SYS,
    'libstas/sys/doctor': CONFIG + NET + ['libstas/core/doctor', 'libstas/sys/daemon'],
    'libstas/tools': IDENTITY + OS + ['libstas/sys/bus'],
    'libstas/tools/stasadm': CONVERT + OS + ['libstas/tools', 'libstas/core/doctor', 'libstas/sys/doctor'],
    'stafd': CORE + SYS + ['libstas/tools'],
    'stacd': CORE + SYS + ['libstas/tools'],
}
BRAINS = (r'(stafd/(finder|dc|connection|desired|desirer|explain|explanation|gauges|holds|name_table|orders|origin|parking|reconcile|referrals|rehearsal|results|topology)'
          r'|stacd/(connector|desired|evidence|explain|explanation|gauges|facts|guard|health|ioc|orders|origin|rehearsal|staf_view|table|topology|wanted))\.')
BRAIN_HEADERS = (r'(stafd/(finder|dc|connection|desired|desirer|explain|explanation|gauges|name_table|origin|parking|rehearsal|topology)'
                 r'|stacd/(connector|desired|evidence|explain|explanation|gauges|facts|guard|health|ioc|origin|rehearsal|staf_view|table|topology))\.h')
CLIENTS = r'(stafd/stafctl|stacd/stacctl)\.'
DAEMON_HEADERS = r'libstas/sys/(?!bus/|os/)|libstas/core/brain/(?!view)|(stafd|stacd)/'
NO_SYSTEM = r'(libstas/(core|nvme_tcp)/|' + BRAINS + ')'
PURE_CALLS = r'arpa/inet\.h'  # inet_pton() and inet_ntop() are pure

LIBRARIES = [
    (r'sdbus-c\+\+', r'libstas/sys/bus/', 'one folder per library: replacing it is one folder\'s work'),
    (r'avahi-', r'(libstas/sys|tests/target)/mdns/', 'Avahi enters through sys/mdns (and the target\'s own)'),
    (r'libnvme', r'libstas/sys/fabric/kernel/nvme_admin', 'libnvme enters through nvme_admin'),
    (r'(ini\.h|INIReader)', r'libstas/core/config/ini\.', 'inih enters through core/config/ini'),
    (r'nlohmann/', r'(libstas/core/base/json|tests/)', 'JSON enters through core/base/json (and the target\'s own)'),
    (r'systemd/', r'(libstas/sys/|tests/)', 'libsystemd enters through libstas/sys'),
    (r'openssl/', r'(libstas/(sys|tools/stasadm)/|tests/)', 'cryptography is not for deciding code'),
    (r'(gtest|gmock|benchmark)/', r'tests/', 'products do not use tests'),
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)


def product_edge(path, name):
    """Why a file must not include this one of the product or the tests; '' when it may."""
    folder, other = os.path.dirname(path), os.path.dirname(name)
    if path.startswith('tests/target/'):
        return 'the target is an independent witness: it encodes with its own code' if re.match(PRODUCT, name) else ''
    if path.startswith('tests/'):
        return ''
    if name.startswith('tests/'):
        return 'products do not use tests'
    if folder not in FOLDERS:
        return 'the folder has no row in FOLDERS'
    if re.match(BRAINS, path) and not re.match(r'libstas/core/', name) and not re.match(BRAIN_HEADERS, name):
        return 'decisions stay testable: core and nothing else'
    if re.match(CLIENTS, path) and re.match(DAEMON_HEADERS, name):
        return 'a client is a client: it has the bus and files, not the code of the daemon'
    if other != folder and other not in FOLDERS[folder]:
        return f'{folder} is not above {other}'
    return ''


def violations(path, text):
    """Yields (include, reason) for each forbidden include of a file."""
    for match in INCLUDE.finditer(text):
        name = match[1] or match[2]
        if match[2]:
            if '/' not in name:
                if not path.startswith('tests/'):
                    yield name, 'includes are by full path, so that a forbidden edge is visible'
            elif reason := product_edge(path, name):
                yield name, reason
        elif re.match(NO_SYSTEM, path) and re.match(f'{SYSTEM}|{EXTERNAL}', name) and not re.match(PURE_CALLS, name):
            yield name, 'it touches nothing but its arguments: replayable, fuzzable, fast'
        for pattern, homes, reason in LIBRARIES:
            if re.match(pattern, name) and not re.match(homes, path):
                yield name, reason


def forgotten(path, texts):
    """What a file uses and neither it nor its own header includes. Other standard headers brought it along in g++ 12;
    in g++ 14 they do not."""
    own = texts[path] + texts.get(path.removesuffix('.cpp') + '.h', '')
    return ALGORITHMS.search(texts[path]) is not None and '#include <algorithm>' not in own


def circles(includes):
    """The groups of files (x.h and x.cpp are one) that include each other. `includes`: path -> text."""
    graph = {}
    for path, text in includes.items():
        stem = os.path.splitext(path)[0]
        edges = graph.setdefault(stem, set())
        edges.update(os.path.splitext(m[2])[0] for m in INCLUDE.finditer(text) if m[2])
        edges.discard(stem)

    def reach(start):
        seen, todo = set(), [start]
        while todo:
            for after in graph.get(todo.pop(), ()):
                if after not in seen:
                    seen.add(after)
                    todo.append(after)
        return seen

    reached = {stem: reach(stem) for stem in graph}
    return sorted({tuple(sorted(o for o in reached[s] if o in graph and s in reached[o])) for s in graph} - {()})


def self_test():
    """The rules can fail: these are refused, and those are not."""
    refused = [('libstas/core/identity/tid.cpp', '<unistd.h>'),
               ('libstas/core/identity/tid.cpp', '"libstas/sys/os/loop.h"'),
               ('libstas/core/base/shown.cpp', '"libstas/core/identity/nqn.h"'),
               ('libstas/core/discovery/log_page.h', '"libstas/core/brain/event.h"'),
               ('libstas/nvme_tcp/session.cpp', '"libstas/sys/net/tcp_socket.h"'),
               ('libstas/sys/os/files.cpp', '"libstas/sys/net/probe.h"'),
               ('libstas/sys/fabric/user/user_fabric.cpp', '"libstas/sys/fabric/kernel/sysfs.h"'),
               ('libstas/sys/new/thing.cpp', '"libstas/core/base/result.h"'),
               ('stafd/finder.cpp', '"libstas/sys/bus/bus.h"'), ('stafd/daemon.cpp', '"stacd/daemon.h"'),
               ('stacd/stacctl.cpp', '"stacd/daemon.h"'), ('stacd/stacctl.cpp', '"libstas/sys/fabric/fabric.h"'),
               ('stafd/main.cpp', '"tests/target/target.h"'), ('libstas/sys/os/loop.cpp', '<sdbus-c++/sdbus-c++.h>'),
               ('libstas/core/config/config.cpp', '<ini.h>'),
               ('tests/target/tcp.cpp', '"libstas/core/discovery/log_page.h"')]
    allowed = [('stafd/daemon.cpp', '"libstas/sys/bus/bus.h"'), ('libstas/core/base/json.cpp', '<nlohmann/json.hpp>'),
               ('stacd/stacctl.cpp', '"libstas/tools/ctl_tool.h"'), ('stacd/wanted.cpp', '"stacd/connector.h"')]
    wrong = [f'wrong verdict on {p} including {i}' for p, i in refused if not list(violations(p, '#include ' + i))]
    wrong += [f'wrong verdict on {p} including {i}' for p, i in allowed if list(violations(p, '#include ' + i))]
    circle = {'a/x.h': '#include "a/y.h"', 'a/y.cpp': '#include "a/z.h"', 'a/z.h': '#include "a/x.h"', 'a/w.h': ''}
    if circles(circle) != [('a/x', 'a/y', 'a/z')]:
        wrong.append('a circle over three files is not seen')
    uses = {'a.cpp': '#include "a.h"\nstd::sort(x);', 'b.cpp': 'std::sort(x);', 'c.cpp': 'sort(x); std::sort_it(x);'}
    if [p for p in uses if forgotten(p, uses | {'a.h': '#include <algorithm>'})] != ['b.cpp']:
        wrong.append('an algorithm without its header is not seen, or one that is there')
    return ['self test: ' + w for w in wrong]


def main(root):
    problems = self_test()
    texts = {}
    for top in ('libstas', 'stafd', 'stacd', 'tests'):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith(('.h', '.cpp')):
                    full = os.path.join(folder, name)
                    with open(full, encoding='utf-8') as file:
                        texts[os.path.relpath(full, root)] = file.read()
    for path, text in texts.items():
        problems += [f'{path}: includes {i}: {r}' for i, r in violations(path, text)]
    problems += [f'{path}: uses an algorithm without <algorithm>' for path in texts if forgotten(path, texts)]
    product = {path: text for path, text in texts.items() if not path.startswith('tests/')}
    problems += ['include each other: ' + ' '.join(group) for group in circles(product)]
    print(f'{len(texts)} files', *problems, sep='\n')
    return 1 if problems or not texts else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

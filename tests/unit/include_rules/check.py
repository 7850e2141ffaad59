#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Who may include whom (ARCHITECTURE.md, "Who may use whom"): fails on a forbidden #include.

The first row of RULES whose pattern matches a file's path decides; an include is forbidden when it matches one of the
row's patterns and none of its exceptions. LIBRARIES: each library enters through the named files only.
"""
import os
import re
import sys

SYSTEM = (r'(sys/|unistd|fcntl|pthread|signal\.h|poll\.h|netdb|net/|netinet/|arpa/|linux/|dirent'
          r'|thread$|mutex$|future$|fstream$|filesystem$|iostream$)')
EXTERNAL = r'(systemd/|sdbus-c\+\+|avahi-|libnvme|openssl/)'
DAEMONS = r'(stafd|stacd)/'
TESTS = r'tests/'
FINDER = 'finder|dc|orders|reconcile'
CONNECTOR = 'connector|ioc|orders|wanted'

# file, forbidden, except, reason
RULES = [
    (r'libstas/core/', [SYSTEM, EXTERNAL, r'libstas/(?!core/)', DAEMONS, TESTS],
     [r'arpa/inet\.h'],  # inet_pton() and inet_ntop() are pure
     'core touches nothing but its arguments: replayable, fuzzable, fast'),
    (rf'stafd/({FINDER})[._]', [SYSTEM, EXTERNAL, r'libstas/(?!core/)', r'stacd/', rf'stafd/(?!{FINDER})', TESTS], [],
     'decisions stay testable: core and nothing else'),
    (rf'stacd/({CONNECTOR})[._]', [SYSTEM, EXTERNAL, r'libstas/(?!core/)', r'stafd/', rf'stacd/(?!{CONNECTOR})', TESTS],
     [], 'decisions stay testable: core and nothing else'),
    (r'libstas/nvme_tcp/', [SYSTEM, EXTERNAL, r'libstas/(?!core/|nvme_tcp/)', DAEMONS, TESTS], [],
     'the protocol has no socket, no loop and no clock inside'),
    (r'libstas/sys/', [DAEMONS, r'libstas/stasadm/', TESTS], [], 'adapters do not know the daemons'),
    (r'libstas/stasadm/', [DAEMONS, r'libstas/sys/(?!files|bus)', TESTS], [], 'a tool needs no daemon'),
    (r'(stafd/stafctl|stacd/stacctl)', [DAEMONS, r'libstas/sys/(?!bus|files|ctl_client)', TESTS], [],
     'a client is a client: it has the bus and files, not the code of the daemon'),
    (r'stafd/', [r'stacd/', TESTS], [], 'the daemons meet only on D-Bus; products do not use tests'),
    (r'stacd/', [r'stafd/', TESTS], [], 'the daemons meet only on D-Bus; products do not use tests'),
    (r'tests/target/', [r'libstas/', DAEMONS], [],
     'the target is an independent witness: it encodes with its own code'),
]
LIBRARIES = [
    (r'sdbus-c\+\+', r'libstas/sys/bus', 'one file pair per library: replacing it is one file\'s work'),
    (r'avahi-', r'libstas/sys/(mdns|avahi_)', 'Avahi enters through mdns'),
    (r'libnvme', r'libstas/sys/nvme_admin', 'libnvme enters through nvme_admin'),
    (r'(ini\.h|INIReader)', r'libstas/core/ini', 'inih enters through core/ini'),
    (r'nlohmann/', r'(libstas/core/json|tests/)', 'JSON enters through core/json (and the target\'s own)'),
    (r'systemd/', r'(libstas/sys/|tests/)', 'libsystemd enters through libstas/sys'),
    (r'openssl/', r'(libstas/(sys|stasadm)/|tests/)', 'cryptography is not for deciding code'),
    (r'(gtest|gmock|benchmark)/', TESTS, 'products do not use tests'),
]
INCLUDE = re.compile(r'^[ \t]*#[ \t]*include[ \t]*(?:<([^>]+)>|"([^"]+)")', re.MULTILINE)


def violations(path, text):
    """Yields (include, reason) for each forbidden include of a file."""
    row = next((r for r in RULES if re.match(r[0], path)), None)
    for match in INCLUDE.finditer(text):
        name = match[1] or match[2]
        if row and any(re.match(p, name) for p in row[1]) and not any(re.match(p, name) for p in row[2]):
            yield name, row[3]
        if match[2] and '/' not in name and not path.startswith('tests/'):
            yield name, 'includes are by full path, so that a forbidden edge is visible'
        for pattern, homes, reason in LIBRARIES:
            if re.match(pattern, name) and not re.match(homes, path):
                yield name, reason


def self_test():
    """The rules can fail: these are refused, and those are not."""
    refused = [('libstas/core/tid.cpp', '<unistd.h>'), ('libstas/core/tid.cpp', '"libstas/sys/loop.h"'),
               ('stafd/finder.cpp', '"libstas/sys/bus.h"'), ('stafd/daemon.cpp', '"stacd/daemon.h"'),
               ('stacd/stacctl.cpp', '"stacd/daemon.h"'), ('stafd/main.cpp', '"tests/target/target.h"'),
               ('libstas/sys/loop.cpp', '<sdbus-c++/sdbus-c++.h>'),
               ('tests/target/tcp.cpp', '"libstas/core/log_page.h"')]
    allowed = [('stafd/daemon.cpp', '"libstas/sys/bus.h"'), ('libstas/core/json.cpp', '<nlohmann/json.hpp>')]
    wrong = [c for c in refused if not list(violations(c[0], '#include ' + c[1]))]
    return wrong + [c for c in allowed if list(violations(c[0], '#include ' + c[1]))]


def main(root):
    problems = [f'self test: wrong verdict on {path} including {name}' for path, name in self_test()]
    seen = 0
    for top in ('libstas', 'stafd', 'stacd', 'tests'):
        for folder, _, names in os.walk(os.path.join(root, top)):
            for name in sorted(names):
                if name.endswith(('.h', '.cpp')):
                    seen += 1
                    full = os.path.join(folder, name)
                    path = os.path.relpath(full, root)
                    with open(full, encoding='utf-8') as file:
                        problems += [f'{path}: includes {i}: {r}' for i, r in violations(path, file.read())]
    print(f'{seen} files', *problems, sep='\n')
    return 1 if problems or seen == 0 else 0


if __name__ == '__main__':
    sys.exit(main(sys.argv[1]))

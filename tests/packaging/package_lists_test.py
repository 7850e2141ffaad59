#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The packages have what "meson install" installs: each file is in one list of debian/*.install and of rpm/stas.spec, and
each line of a list means something; both have the version of the project.

Building packages takes minutes (DISTROS.md says how); this takes none and finds what usually breaks them.
Usage: package_lists_test.py SOURCE BUILD MESON
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys

source, build, meson = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3]
installed = json.loads(subprocess.run([meson, "introspect", "--installed", build], check=True, capture_output=True,
                                      text=True).stdout).values()
options = {o["name"]: o["value"] for o in json.loads(subprocess.run(
    [meson, "introspect", "--buildoptions", build], check=True, capture_output=True, text=True).stdout)}
version = json.loads(subprocess.run([meson, "introspect", "--projectinfo", build], check=True, capture_output=True,
                                    text=True).stdout)["version"]
wrong = []


def relative(path):
    """Below /usr or /etc, whatever the prefix of this build is."""
    prefix = options["prefix"].rstrip("/")
    path = path if not path.startswith(prefix) or prefix == "/usr" else "/usr" + path[len(prefix):]
    path = path.replace("/usr/etc/", "/etc/")
    units = options["systemd-unit-dir"]
    return path.replace(units, "/usr/lib/systemd/system", 1) if units else path


files = sorted({relative(path) for path in installed})
files += [f for f in ("/usr/bin/stas-target", "/usr/share/man/man1/stas-target.1") if f not in files]

# debian/*.install: a directory stands for what is below it; a second word is where it goes.
lists = {}
for path in (source / "debian").glob("*.install"):
    for line in path.read_text().split("\n"):
        if line.strip():
            pattern = "/" + line.split()[0].replace("${env:UNITDIR}", "usr/lib/systemd/system")
            lists.setdefault(("debian", path.name, line), []).append(pattern)

# %files of the spec.
macros = {"_sysconfdir": "/etc", "_sbindir": "/usr/sbin", "_bindir": "/usr/bin", "_unitdir": "/usr/lib/systemd/system",
          "_journalcatalogdir": "/usr/lib/systemd/catalog", "_tmpfilesdir": "/usr/lib/tmpfiles.d",
          "_datadir": "/usr/share", "_mandir": "/usr/share/man"}
spec = (source / "rpm/stas.spec").read_text()
for section in re.findall(r"^%files.*\n((?:(?!%files|%changelog).*\n)*)", spec, re.M):
    for line in section.splitlines():
        if not line.strip() or re.match(r"%(license|doc|dir|ghost)\b", line):
            continue
        pattern = re.sub(r"%{(\w+)}", lambda m: macros[m.group(1)], re.sub(r"^%config\(noreplace\) ", "", line))
        lists.setdefault(("rpm", "stas.spec", line), []).append(pattern)


def covers(pattern, path):
    return fnmatch.fnmatch(path, pattern) or fnmatch.fnmatch(path, pattern.rstrip("/") + "/*")


for kind in ("debian", "rpm"):
    for path in files:
        hits = [name for name, patterns in lists.items() if name[0] == kind and any(covers(p, path) for p in patterns)]
        if len(hits) != 1:
            wrong.append(f"{path} is in {len(hits)} lists of {kind}: {hits}")
for name, patterns in lists.items():
    if not any(covers(p, path) for p in patterns for path in files):
        wrong.append(f"{name[1]}: nothing is installed for \"{name[2]}\"")

changelog = (source / "debian/changelog").read_text()
if not re.match(rf"stas \({re.escape(version)}-\d+\) ", changelog):
    wrong.append(f"debian/changelog does not begin with version {version}")
if f"\nVersion:        {version}\n" not in spec:
    wrong.append(f"rpm/stas.spec does not have version {version}")
print("\n".join(wrong))
sys.exit(1 if wrong else 0)

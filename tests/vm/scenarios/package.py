# SPDX-License-Identifier: Apache-2.0
"""The Debian package over a running nvme-stas 2.4.1, and back: whatever is installed, upgraded, downgraded, removed or purged,
the kernel makes and removes no controller. For package-test, which brings the packages. Where a release has no nvme-stas
(Debian 12), it begins with what an administrator has connected by nvme-cli."""
import ast

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

PACKAGES = pathlib.Path("/vm/in/packages")
THEIRS = sorted(PACKAGES.glob("nvme-stas_*.deb"))
STAS = sorted(PACKAGES.glob("stas_*.deb"))
LIBRARIES = [path for path in sorted(PACKAGES.glob("*.deb")) if path not in THEIRS + STAS]
AS_APT_DOES = ("dpkg", "--force-confold", "-i")
PATIENCE = 10  # seconds in which something would be cut: longer than any soak, and than a restart


def known_to_both():
    """As lab.known(), asked in the way that the tools of both understand."""
    return sorted((c["subsysnqn"], c["device"]) for daemon in DAEMONS
                  for c in ast.literal_eval(run(TOOLS[daemon], "ls", "-d", check=False).stdout or "[]")
                  if c["connected"] == "True")


class Package(Running):
    def setUp(self):
        pathlib.Path("/etc/stas").mkdir(exist_ok=True)
        super().setUp()

    def are_running(self, kind):
        """Both daemons, from these packages, and know what there is."""
        def programs():
            return {os.path.basename(os.readlink(f"/proc/{pid(daemon)}/exe")).startswith("python") for daemon in DAEMONS
                    if systemctl("is-active", daemon, check=False).returncode == 0 and pid(daemon)}
        self.eventually(f"both daemons are {kind}", lambda: programs() == {kind == "theirs"})
        self.eventually("they know what there is", lambda: known_to_both() == self.before)

    def changes_nothing(self, what, *command, then="ours"):
        with self.subTest(what):
            since = self.uevents.mark()
            run(*command, limit=5 * LIMIT)
            if then:
                self.are_running(then)
            self.never(PATIENCE, f"{what}: a controller came or went", lambda: self.uevents.came_and_went(since))
            self.assertEqual(held(), self.before)
            self.connects("one", "two")

    def begin_with_theirs(self):
        run(*AS_APT_DOES, *THEIRS, limit=5 * LIMIT)  # the guest has it elsewhere
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(ioc("two")))
        systemctl("enable", "--now", *DAEMONS)
        self.connects("one", "two")
        self.eventually("both know what there is", lambda: len(held()) == 3 and known_to_both() == held())
        self.before = held()
        self.are_running("theirs")

    def begin_with_nvme_cli(self):
        run("modprobe", "nvme-tcp")
        nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent")
        for name in ("one", "two"):
            nvme_connect(name)
        self.connects("one", "two")
        self.before = held()
        self.assertEqual(len(self.before), 3)
        write_conf("stafd", stafd_conf(dc()))
        write_conf("stacd", stacd_conf(ioc("two")))

    def earlier(self):
        """The same package as one of an earlier version."""
        there, package = self.path / "earlier", self.path / "earlier.deb"
        run("dpkg-deb", "-R", STAS[0], there, limit=5 * LIMIT)
        control = there / "DEBIAN/control"
        control.write_text(re.sub(r"(?m)^Version: .*$", "Version: 0.0.1-1", control.read_text(encoding="utf-8")), encoding="utf-8")
        run("dpkg-deb", "-Znone", "-b", there, package, limit=5 * LIMIT)
        return package

    def test_in_the_place_of_nvme_stas_and_back(self):
        self.silence_nvme_cli()
        self.port_with("one", "two")
        if THEIRS:
            self.begin_with_theirs()
        else:
            self.begin_with_nvme_cli()
        self.changes_nothing("installed", *AS_APT_DOES, *LIBRARIES, *STAS)
        self.assertIn("traddr=10.0.0.2", pathlib.Path("/etc/stas/stafd.conf").read_text(encoding="utf-8"))
        self.changes_nothing("upgraded to itself", *AS_APT_DOES, *STAS)
        self.changes_nothing("downgraded", *AS_APT_DOES, self.earlier())
        self.changes_nothing("upgraded", *AS_APT_DOES, *STAS)
        self.changes_nothing("removed", "dpkg", "-r", "stas", then=None)
        if THEIRS:
            self.changes_nothing("nvme-stas again", *AS_APT_DOES, *THEIRS, then="theirs")
        self.changes_nothing("ours again", *AS_APT_DOES, *STAS)
        self.changes_nothing("purged", "dpkg", "-P", "stas", then=None)
        self.assertEqual([path for path in ("/run/stafd", "/run/stacd", "/etc/stas/sys.conf") if os.path.exists(path)], [])
        run(*AS_APT_DOES, *STAS, limit=5 * LIMIT)  # for who comes next


if __name__ == "__main__":
    main()

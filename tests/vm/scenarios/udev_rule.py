# SPDX-License-Identifier: Apache-2.0
"""udev-rule= of stacd.conf, with nvme-cli's rules installed: who acts on what a discovery controller tells."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

NAME = "70-nvmf-autoconnect.rules"
OURS = pathlib.Path(f"/run/udev/rules.d/{NAME}")
ETC = pathlib.Path(f"/etc/udev/rules.d/{NAME}")
MARKER = "# Written by stacd (udev-rule=disabled)"
STARTED = "39f53479d3a045ac8e11786248231fbf"  # MESSAGE_ID of "Started UNIT"


class UdevRule(Scenario):
    def setUp(self):
        super().setUp()
        self.addCleanup(self._no_files)
        self.uevents = Uevents()
        self.addCleanup(self.uevents.close)
        self.udevd_notices()

    def _no_files(self):
        stop(*DAEMONS)
        for path in (OURS, ETC):
            path.unlink(missing_ok=True)
        self.udevd_notices()

    def udevd_notices(self):
        """udevd looks for changed rules by itself, but only every 3 s; tests do not wait for that."""
        run("udevadm", "control", "--reload")

    def begin(self, udev_rule=None, controllers=None, **options):
        """Both daemons with one subsystem, "one", connected."""
        if not (pathlib.Path("/sys/kernel/config/nvmet/ports/1")).exists():
            self.port_with("one")
        write_conf("stafd", stafd_conf(*([dc()] if controllers is None else controllers), **options))
        self.configure(udev_rule)
        start(*DAEMONS)
        self.udevd_notices()

    def configure(self, udev_rule=None):
        write_conf("stacd", stacd_conf(**({"udev_rule": udev_rule} if udev_rule else {})))

    def switch(self, udev_rule):
        self.configure(udev_rule)
        reload("stacd")
        self.udevd_notices()

    def add(self, name):
        self.target.subsystem(nqn(name), 1)

    def units(self):
        """The instances of nvmf-connect@.service that were started in this test, in order."""
        said = run("journalctl", "--no-pager", "-o", "json", f"--after-cursor={self._cursor}",
                   f"MESSAGE_ID={STARTED}").stdout
        units = [json.loads(line).get("UNIT", "") for line in said.splitlines()]
        return [unit for unit in units if unit.startswith("nvmf-connect@")]

    def ours_is_in_place(self):
        return OURS.exists() and OURS.read_text(encoding="utf-8").startswith(MARKER)

    def one_connection_each(self, *names):
        self.connects(*names)
        self.assertEqual(len(io_controllers()), len(names))


class Disabled(UdevRule):
    """The default."""

    def test_override_lives_as_long_as_stacd(self):
        write_conf("stacd", stacd_conf())
        self.assertFalse(OURS.exists())
        start("stacd")
        self.assertTrue(self.ours_is_in_place())
        text = OURS.read_text(encoding="utf-8")
        self.assertIn('ENV{FC_EVENT}=="nvmediscovery"', text, "the Fibre Channel part is still there")
        self.assertEqual(run("udevadm", "verify", "--no-style", OURS, check=False).returncode, 0)
        restart("stacd")
        self.assertTrue(self.ours_is_in_place())
        stop("stacd")
        self.assertFalse(OURS.exists())

    def test_change_of_a_log_page_is_ours_alone(self):
        self.begin()
        self.connects("one")
        since = self.uevents.mark()
        for name in ("two", "three"):
            self.add(name)
            self.eventually(f"{name} is live", lambda n=name: nqn(n) in live_nqns(), LIMIT)
        run("udevadm", "settle")
        self.never(1, "nvme-cli was started", self.units)
        self.one_connection_each("one", "two", "three")
        self.assertEqual([action for action, _ in self.uevents.came_and_went(since)], ["add", "add"])
        self.assertEqual([line for line in self.kernel_messages() if "already" in line.lower()], [])

    def test_reconnected_dc_is_ours_alone(self):
        self.begin()
        self.connects("one")
        nvme("reset", f"/dev/{discovery_controllers()[0].name}")
        self.eventually("the kernel asks for discovery", lambda: self.uevents.count(NVME_EVENT="rediscover"), LIMIT)
        run("udevadm", "settle")
        self.never(1, "nvme-cli was started", self.units)

    def test_other_transports_stay_with_nvme_cli(self):
        """Seen with loop, which like RDMA is not TCP: the copied rule really works."""
        self.begin()
        self.connects("one")
        self.target.port(2, trtype="loop")
        pathlib.Path("/sys/kernel/config/nvmet/ports/2/addr_traddr").write_text("here", encoding="ascii")
        self.target.subsystem(nqn("local"), 2)
        nvme("discover", "-t", "loop", "-a", "here", "--persistent")
        self.target.subsystem(nqn("more"), 2)
        self.connects("one", "local", "more")
        self.assertRegex(self.units()[0], r"transport\\x3dloop")
        self.assertNotRegex("".join(self.units()), r"transport\\x3dtcp")

    def test_leftover_of_a_crash_is_ours_again(self):
        write_conf("stacd", stacd_conf())
        start("stacd")
        before = pid("stacd")
        run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "stacd")
        self.eventually("it is back", lambda: pid("stacd") not in (0, before) and
                        systemctl("is-active", "stacd", check=False).returncode == 0, LIMIT)
        self.assertTrue(self.ours_is_in_place())
        stop("stacd")
        self.assertFalse(OURS.exists())

    def test_nothing_is_left_of_a_crash_that_is_the_end(self):
        directory = pathlib.Path("/run/systemd/system/stacd.service.d")
        directory.mkdir(parents=True)
        self.addCleanup(systemctl, "daemon-reload")
        self.addCleanup(shutil.rmtree, directory)
        (directory / "test.conf").write_text("[Service]\nRestart=no\n", encoding="ascii")
        systemctl("daemon-reload")
        write_conf("stacd", stacd_conf())
        start("stacd")
        self.assertTrue(self.ours_is_in_place())
        run("systemctl", "kill", "--signal=KILL", "--kill-whom=main", "stacd")
        self.eventually("it is over", lambda: systemctl("is-failed", "stacd", check=False).returncode == 0, LIMIT)
        self.assertFalse(OURS.exists())
        run("systemctl", "reset-failed", "stacd")

    def test_leftover_of_a_crash_goes_when_it_is_not_wanted(self):
        OURS.parent.mkdir(parents=True, exist_ok=True)
        OURS.write_text(f"{MARKER}, removed when it stops.\n# of a dead stacd\n", encoding="utf-8")
        self.configure("enabled")
        start("stacd")
        self.assertFalse(OURS.exists())


class Enabled(UdevRule):
    def test_nvme_cli_acts_beside_us_and_nothing_breaks(self):
        self.begin("enabled")
        self.assertFalse(OURS.exists())
        self.connects("one")
        for name in ("two", "three"):
            done = len(self.units())
            self.add(name)
            self.eventually("nvme-cli was started", lambda n=done: len(self.units()) > n, LIMIT)
            self.eventually(f"{name} is live", lambda n=name: nqn(n) in live_nqns(), LIMIT)
        self.never(3, "a connection too many", lambda: len(io_controllers()) > 3)
        self.one_connection_each("one", "two", "three")
        devices = sorted(c.name for c in io_controllers())
        self.eventually("stacd has them all", lambda: sorted(c["device"] for c in ctl("stacd", "ls", "-d")) == devices,
                        LIMIT)
        self.assertNotIn("left its changed log page", self.journal("stafd"))

    def test_switched_by_reload(self):
        self.begin("disabled")
        self.connects("one")
        self.assertTrue(self.ours_is_in_place())
        self.switch("enabled")
        self.assertFalse(OURS.exists())
        self.add("two")
        self.eventually("nvme-cli was started", self.units, LIMIT)
        self.connects("one", "two")
        run("udevadm", "settle")
        self.switch("disabled")
        self.assertTrue(self.ours_is_in_place())
        self.eventually("nvme-cli is ready", lambda: "nvmf-connect@" not in systemctl(
            "list-units", "--plain", "--no-legend", "--state=active,activating", "nvmf-connect@*").stdout, LIMIT)
        done = self.units()
        self.add("three")
        self.connects("one", "two", "three")
        run("udevadm", "settle")
        self.never(1, "nvme-cli was started", lambda: self.units() != done)


class Administrator(UdevRule):
    """A file of the administrator's decides, whatever we are told, and is never touched."""

    def respected(self, path, make):
        path.parent.mkdir(parents=True, exist_ok=True)
        make(path)
        before = (path.is_symlink(), path.read_text(encoding="utf-8"), path.lstat().st_ino)
        self.configure("disabled")
        start("stacd")
        for udev_rule in ("enabled", "disabled"):
            self.configure(udev_rule)
            reload("stacd")
            self.assertEqual((path.is_symlink(), path.read_text(encoding="utf-8"), path.lstat().st_ino), before)
        stop("stacd")
        self.assertEqual((path.is_symlink(), path.read_text(encoding="utf-8"), path.lstat().st_ino), before)
        self.says("administrator's own 70-nvmf-autoconnect.rules decides", "stacd")

    def test_file_in_run(self):
        self.respected(OURS, lambda path: path.write_text("# mine\n", encoding="utf-8"))

    def test_mask_in_run(self):
        self.respected(OURS, lambda path: path.symlink_to("/dev/null"))

    def test_file_in_etc(self):
        self.respected(ETC, lambda path: path.write_text("# mine\n", encoding="utf-8"))
        self.assertFalse(OURS.exists())


class Forwarded(UdevRule):
    """Discovery controllers that stafd does not have, while our override keeps nvme-cli's rule away (contract 5.14)."""

    def foreign_dc(self, *options):
        """Made by nvme-cli for nobody but nvme-cli."""
        self.port_with("one")
        nvme("discover", "-t", "tcp", "-a", TARGET, "-s", 8009, "--persistent", *options)
        return discovery_controllers()[0]

    def test_unknown_dc(self):
        device = self.foreign_dc()
        self.begin(controllers=[])
        self.add("two")
        self.connects("one", "two")  # by nvme-cli
        self.says(f"{device.name} - Not a controller of stafd: left its changed log page to nvme-cli", "stafd")
        self.assertEqual(self.units(), [
            rf"nvmf-connect@--device\x3d{device.name}\t--transport\x3dtcp\t--traddr\x3d{TARGET}\t--trsvcid\x3d8009"
            r"\t--host-traddr\x3dnone\t--host-iface\x3dnone.service"])
        self.add("three")  # again, and the page was read by nvme-cli in between
        self.connects("one", "two", "three")
        self.assertEqual(len(discovery_controllers()), 1)
        self.assertEqual(ctl("stacd", "ls"), [])

    def test_excluded_dc(self):
        self.foreign_dc()
        write_conf("stafd", stafd_conf(dc(), exclude=[f"traddr={TARGET}"]))
        self.configure()
        start(*DAEMONS)
        self.udevd_notices()
        self.add("two")
        self.connects("one", "two")
        self.assertEqual(ctl("stafd", "ls"), [])

    def test_reconnected_dc(self):
        device = self.foreign_dc()
        self.begin(controllers=[])
        nvme("reset", f"/dev/{device.name}")
        self.connects("one")
        self.assertTrue(self.units())

    def test_it_is_the_unit_of_nvme_clis_rule(self):
        """The rule and we agree on the name, also with the host's address and interface in it."""
        self.foreign_dc("--host-traddr=10.0.0.1", "--host-iface=h0")
        self.begin("enabled", controllers=[])
        self.add("two")
        self.eventually("nvme-cli's rule acts", self.units, LIMIT)
        self.connects("one", "two")
        theirs = self.units()[-1]
        self.assertIn(r"\t--host-traddr\x3d10.0.0.1\t--host-iface\x3dh0", theirs)
        self.assertNotIn("left its changed log page", self.journal("stafd"))
        self.switch("disabled")
        done = len(self.units())
        self.add("three")
        self.connects("one", "two", "three")
        self.says("left its changed log page to nvme-cli", "stafd")
        self.assertEqual(self.units()[done:], [theirs])

    def test_nobody_acts_where_the_administrator_masked_the_rule(self):
        self.foreign_dc()
        ETC.parent.mkdir(parents=True, exist_ok=True)
        ETC.symlink_to("/dev/null")
        self.begin(controllers=[])
        self.add("two")
        self.eventually("the notice", lambda: self.uevents.count(NVME_AEN="0x70f002"), LIMIT)
        self.never(2, "nvme-cli was started", self.units)
        self.assertEqual(io_controllers(), [])


if __name__ == "__main__":
    main()

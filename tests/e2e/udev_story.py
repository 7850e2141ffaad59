# SPDX-License-Identifier: Apache-2.0
"""What root and the kernel's fabric take: the mask for nvme-cli's udev rules through whatever ends stacd, and which
privileges are left. In namespaces of its own, because of the rules in /run and /usr. Skipped (77) where the machine
forbids them."""
import os
import pathlib
import shlex
import signal
import subprocess
import sys

import namespaces
from harness import BUILD, Story, main, program, stacd_conf, stafd_conf

NAME = "70-nvmf-autoconnect.rules"
INSTALLED = pathlib.Path("/usr/lib/udev/rules.d") / NAME
MASK = pathlib.Path("/run/udev/rules.d") / NAME
ROOM = os.sysconf("SC_PAGE_SIZE")  # of a directory that one file fills
MARKER = "# Written by stacd (udev-rule=disabled), removed when it stops.\n"


def prepare():
    """None, or why it is impossible."""
    if not pathlib.Path("/usr/lib/udev").is_dir():
        return "no /usr/lib/udev to put rules into"
    namespaces.fake_fabrics_device()
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/usr/lib/udev"], check=True)
    INSTALLED.parent.mkdir()
    INSTALLED.write_text('ACTION=="change", SUBSYSTEM=="nvme", RUN+="/bin/true"\n')
    return None


def exec_stop_post(result="signal"):
    """What systemd does when stacd has ended with this result."""
    unit = (BUILD / "systemd/stacd.service").read_text()
    lines = [line for line in unit.splitlines() if line.startswith("ExecStopPost=")]
    assert lines
    for line in lines:
        command = line.removeprefix("ExecStopPost=").lstrip("-+").replace("$$", "$")
        subprocess.run(shlex.split(command), env={"SERVICE_RESULT": result}, stdin=subprocess.DEVNULL, check=False)


class Privileges(Story):
    """Which does not need systemd: here the daemons have all of their namespace's to begin with."""

    def test_only_those_are_left_that_are_used(self):
        sys_admin, net_raw, read_search = 1 << 21, 1 << 13, 1 << 2
        for daemon in (self.world.stafd(stafd_conf(), "--fabric=kernel"),
                       self.world.stacd(stacd_conf(), "--fabric=kernel")):
            for thread in daemon.status_of_threads():
                for kind in ("CapPrm", "CapEff", "CapBnd"):
                    self.assertEqual(int(thread[kind], 16), sys_admin | net_raw | read_search, kind)
                for kind in ("CapInh", "CapAmb"):
                    self.assertEqual(int(thread[kind], 16), 0, kind)
                self.assertEqual(thread["NoNewPrivs"], "1")


class Mask(Story):
    def setUp(self):
        super().setUp()
        self.addCleanup(MASK.unlink, missing_ok=True)

    def start(self, **options):
        return self.world.stacd(stacd_conf(**options), "--fabric=kernel")

    def second(self, **options):
        """A second instance, which cannot start: the name is taken."""
        conf = self.world.path / "second.conf"
        conf.write_text(stacd_conf(**options))
        done = self.world.run(program("stacd"), "--sys-conf", self.world.path / "sys.conf", "-f", conf)
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn("org.nvmexpress.stac", done.stderr)

    def test_it_is_there_while_stacd_runs(self):
        stacd = self.start()
        self.assertTrue(MASK.read_text().startswith(MARKER))
        self.world.write_conf("stacd", stacd_conf(udev_rule="enabled"))
        stacd.reload()
        self.assertFalse(MASK.exists())
        self.world.write_conf("stacd", stacd_conf())
        stacd.reload()
        self.assertTrue(MASK.exists())
        self.assertEqual(stacd.stop(), 0)
        self.assertFalse(MASK.exists())

    def test_what_could_not_be_written_is_when_there_is_room(self):
        MASK.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={ROOM}", "tmpfs", MASK.parent], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", MASK.parent], check=True)
        ballast = MASK.parent / "ballast"
        ballast.write_bytes(b"x" * ROOM)
        stacd = self.start()
        stacd.line("udev rules stay active on TCP: .*No space left on device")
        self.assertFalse(MASK.exists())
        ballast.unlink()
        self.eventually("the mask is there", MASK.exists)
        self.assertTrue(MASK.read_text().startswith(MARKER))
        stacd.line("not active on TCP any more")
        self.assertEqual(stacd.count("stay active"), 1)
        self.assertEqual(stacd.stop(), 0)
        self.assertFalse(MASK.exists())

    def test_an_instance_that_does_not_start_leaves_what_it_finds(self):
        first = self.start(udev_rule="enabled")
        self.second()
        self.assertFalse(MASK.exists(), "the first does not want it")
        self.world.write_conf("stacd", stacd_conf())
        first.reload()
        self.assertTrue(MASK.exists())
        self.second(udev_rule="enabled")
        self.assertTrue(MASK.exists(), "the first wants it")

    def test_it_goes_with_a_daemon_that_loses_its_bus(self):
        stacd = self.start()
        self.assertTrue(MASK.exists())
        self.world.processes[0].stop(signal.SIGKILL)
        self.assertEqual(stacd.wait(), 1)
        self.assertFalse(MASK.exists())

    def test_what_a_killed_stacd_leaves_the_unit_takes_away(self):
        stacd = self.start()
        exec_stop_post()
        self.assertFalse(MASK.exists())
        stacd.reload()
        self.assertTrue(MASK.exists(), "a reload puts it back")
        stacd.stop(signal.SIGKILL)
        self.assertTrue(MASK.exists())
        exec_stop_post()
        self.assertFalse(MASK.exists())
        exec_stop_post()

    def test_the_unit_leaves_what_is_the_administrators(self):
        MASK.parent.mkdir(parents=True, exist_ok=True)
        MASK.write_text(f"# mine, made from\n{MARKER}")
        exec_stop_post()
        self.assertTrue(MASK.exists())
        MASK.unlink()
        MASK.symlink_to("/dev/null")
        exec_stop_post()
        self.assertTrue(MASK.is_symlink())


if __name__ == "__main__":
    WHY_NOT = namespaces.enter() or prepare()
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    main()

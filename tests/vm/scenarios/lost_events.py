# SPDX-License-Identifier: Apache-2.0
"""Uevents that never arrive: the daemons notice the loss. Nor do they need somebody to pass them on."""
import glob
import signal

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import


class LostEvents(Scenario):
    """A daemon that stands still (SIGSTOP) gets so many uevents that the kernel drops what it can't deliver."""

    def drops(self, daemon):
        """Datagrams dropped at the netlink sockets of a daemon."""
        number = pid(daemon)
        with open("/proc/net/netlink", encoding="ascii") as table:
            rows = [line.split() for line in table][1:]
        inodes = set()
        for fd in glob.glob(f"/proc/{number}/fd/*"):
            try:
                inodes.add(os.readlink(fd))
            except OSError:
                continue
        return sum(int(row[8]) for row in rows if f"socket:[{row[9]}]" in inodes)

    def flood(self, daemon, controller):
        """Until something was dropped."""
        before = self.drops(daemon)
        self.eventually("events are dropped", lambda: self.more(controller) or self.drops(daemon) > before, limit=120)

    @staticmethod
    def more(controller):
        for _ in range(50):
            pathlib.Path(f"/sys/class/nvme/{controller}/uevent").write_text("change", encoding="ascii")
        run("udevadm", "settle")

    def test_stacd_notices_a_controller_that_vanished_unseen(self):
        self.port_with("one", "two")
        write_conf("stacd", stacd_conf(ioc("one"), ioc("two")))
        start("stacd")
        self.connects("one", "two")
        gone = io_controllers(subsysnqn=nqn("one"))[0]
        other = io_controllers(subsysnqn=nqn("two"))[0]
        os.kill(pid("stacd"), signal.SIGSTOP)
        self.flood("stacd", other.name)
        nvme("disconnect", "-d", gone.name)
        self.eventually("gone", lambda: live_nqns() == [nqn("two")])
        run("udevadm", "settle")
        os.kill(pid("stacd"), signal.SIGCONT)
        self.connects("one", "two", limit=40)  # the audit would take two minutes

    def test_stafd_asks_again_when_an_aen_was_lost(self):
        """It is the last one until the page is read: waiting for the next would be waiting for ever."""
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        os.kill(pid("stafd"), signal.SIGSTOP)
        self.flood("stafd", discovery_controllers()[0].name)
        self.target.subsystem(nqn("two"), 1)
        run("udevadm", "settle")
        os.kill(pid("stafd"), signal.SIGCONT)
        self.connects("one", "two", limit=40)  # the safety poll would take five minutes
        self.assertEqual(self.journal("stafd").count("Received AEN"), 0, "the event was not lost after all")

    def test_the_state_shows_what_no_event_tells(self):
        """The kernel says nothing when a controller is lost, only when it is connected again."""
        target = self.stas_target("one")
        write_conf("stacd", stacd_conf(ioc("one"), reconnect_delay=1))
        start("stacd")
        self.connects("one")
        target.stop()
        self.says("nvme.* - Connection lost", "stacd", limit=40)  # the audit would take two minutes
        self.assertEqual(run("stacctl", "health", check=False).returncode, 2)
        self.stas_target("one")
        self.connects("one")
        self.says("nvme.* - Connection restored", "stacd")

    def test_udevd_is_not_needed(self):
        """Events come from the kernel, not by way of udevd, its queue and its rules."""
        self.port_with("one")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one")
        units = ("systemd-udevd.service", "systemd-udevd-control.socket", "systemd-udevd-kernel.socket")
        self.addCleanup(systemctl, "start", *units)
        systemctl("stop", *units)
        nvme("disconnect", "-n", nqn("one"))
        self.says('Received "remove" event', "stacd")
        self.connects("one")
        self.target.subsystem(nqn("two"), 1)
        self.connects("one", "two")


if __name__ == "__main__":
    main()

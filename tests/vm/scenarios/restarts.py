# SPDX-License-Identifier: Apache-2.0
"""Daemons that crash, restart, stop and come back: connections do not notice, and what was missed is made good."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

SOAK = harness.SOAK


def active(daemon):
    return systemctl("is-active", daemon, check=False).returncode == 0


def listed():
    """The subsystems in all log pages of stafd."""
    return sorted(entry["subnqn"] for dc_pages in ctl("stafd", "adlp") for entry in dc_pages["log-pages"]
                  if entry["subtype"] == "nvme")


class Restarts(Running):
    def works_and_cuts_nothing(self, before, mark):
        """After an interruption: a subsystem added now is connected, which shows that a log page read after the
        interruption has reached stacd. Nothing else was made or removed since the mark, nor will be."""
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "two", "three")
        self.only_three_was_made(before, mark)

    def only_three_was_made(self, before, mark):
        self.nothing_is_leaving()
        self.kernel_made_and_removed(mark, ("add", device_of(nqn("three"))))
        self.assertLess(set(before), set(held()))
        self.both_know_what_there_is()


class Interrupted(Restarts):
    """No connect, no disconnect, the same names; adopted, and all is known again."""

    def check(self, interrupt, *daemons):
        self.port_with("one", "two")
        before = self.begin("one", "two")
        pids = {daemon: pid(daemon) for daemon in daemons}
        mark = self.uevents.mark()
        interrupt(*daemons)
        for daemon in daemons:
            self.eventually(f"{daemon} is up again", lambda daemon=daemon: pid(daemon) not in (0, pids[daemon]))
            self.eventually("and ready", lambda daemon=daemon: active(daemon))
            self.says("existing connection adopted", daemon)
        self.eventually("both know what there is", lambda: known(*DAEMONS) == before)
        self.kernel_made_and_removed(mark)
        self.works_and_cuts_nothing(before, mark)

    def kill(self, *daemons):
        systemctl("kill", "-s", "KILL", *daemons)

    def test_stafd_killed(self):
        self.check(self.kill, "stafd")

    def test_stacd_killed(self):
        self.check(self.kill, "stacd")

    def test_both_killed(self):
        self.check(self.kill, *DAEMONS)

    def test_stafd_restarted(self):
        self.check(restart, "stafd")

    def test_stacd_restarted(self):
        self.check(restart, "stacd")

    def test_both_restarted(self):
        self.check(restart, *DAEMONS)


class Away(Restarts):
    """Daemons that are not there for a while, and what happens meanwhile."""

    def test_stacd_reloads_while_stafd_is_stopped(self):
        self.port_with("one", "two")
        before = self.begin("one", "two")
        mark = self.uevents.mark()
        stop("stafd")
        reload("stacd")
        self.never(2 * SOAK, "something is removed", lambda: self.uevents.came_and_went(mark))
        self.nothing_is_leaving()
        start("stafd")
        self.eventually("both know what there is", lambda: known(*DAEMONS) == before)
        self.works_and_cuts_nothing(before, mark)

    def test_both_stopped_for_a_while(self):
        """Connections and state outlive the units' stop; what was added meanwhile is connected after it."""
        self.port_with("one", "two")
        before = self.begin("one", "two")
        mark = self.uevents.mark()
        stop(*DAEMONS)
        for daemon in DAEMONS:
            self.assertEqual(state_file(daemon).stat().st_mode & 0o077, 0)
        self.assertEqual(held(), before)
        self.target.subsystem(nqn("three"), 1)
        start(*DAEMONS)
        self.connects("one", "two", "three")
        self.only_three_was_made(before, mark)

    def test_denied_while_stacd_was_stopped_is_cut_after_its_start(self):
        self.port_with("one")
        self.target.subsystem(nqn("two"), 1, hosts=[HOST_NQN])  # nvmet keeps the connections of those it denies
        before = self.begin("one", "two")
        mark, device = self.uevents.mark(), device_of(nqn("two"))
        stop("stacd")
        self.target.deny(nqn("two"), HOST_NQN)
        self.eventually("stafd knows", lambda: listed() == [nqn("one")])
        self.assertEqual(held(), before)
        start("stacd")
        self.connects("one")
        self.says(f"{device} - Disconnect initiated: ", "stacd")
        self.nothing_is_leaving()
        self.kernel_made_and_removed(mark, ("remove", device))

    def test_withdrawn_while_stacd_was_stopped_is_not_connected_again(self):
        """The kernel gave it up before stacd came back."""
        self.port_with("one", "two")
        self.begin("one", "two", stacd=stacd_conf(reconnect_delay=1))
        stop("stacd")
        mark, device = self.uevents.mark(), device_of(nqn("two"))
        self.target.unlink(1, nqn("two"))
        self.eventually("it is gone", lambda: self.uevents.of(mark, ACTION="remove"))
        start("stacd")
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "three")
        self.nothing_is_leaving()
        self.both_know_what_there_is()
        self.kernel_made_and_removed(mark, ("remove", device), ("add", device_of(nqn("three"))))

    def without_its_line(self, stacd):
        """Three connections that no log page lists: two of ours, one of an administrator; then, while stacd is
        stopped, the second of ours loses its controller= line. Returns its device."""
        self.port_with("one", "two", "foreign", number=2, trsvcid=8010)
        line_one, line_two = ioc("one", trsvcid=8010), ioc("two", trsvcid=8010)
        write_conf("stacd", stacd_conf(line_one, line_two))
        start("stacd")
        self.connects("one", "two")
        nvme_connect("foreign", TARGET, 8010)
        device = device_of(nqn("two"))
        stop("stacd")
        write_conf("stacd", stacd_conf(line_one, **stacd))
        return device

    def test_controller_line_removed_while_stacd_was_stopped_is_cut_after_its_start(self):
        """disconnect-scope=only-stas-connections, the default: what others made stays."""
        device = self.without_its_line({})
        mark = self.uevents.mark()
        start("stacd")
        self.connects("one", "foreign")
        self.nothing_is_leaving()
        self.says(f"{device} - Disconnect initiated: ", "stacd")
        self.kernel_made_and_removed(mark, ("remove", device))
        self.assertEqual([name for name, _ in known("stacd")], [nqn("one")])

    def test_controller_line_removed_while_stacd_was_stopped_under_no_disconnect(self):
        self.without_its_line({"iocs": {"disconnect_scope": "no-disconnect"}})
        before, mark = held(), self.uevents.mark()
        start("stacd")
        self.says("the connection stays, as disconnect-scope says", "stacd")
        self.kernel_made_and_removed(mark)
        self.assertEqual(held(), before)

    def test_what_stacd_does_not_remember_is_not_its_own(self):
        """Without the state of the run before, a connection that nobody lists could be anybody's."""
        device = self.without_its_line({})
        before = held()
        state_file("stacd").unlink()
        mark = self.uevents.mark()
        start("stafd", "stacd")
        self.eventually("the wanted one is adopted", lambda: [n for n, _ in known("stacd")] == [nqn("one")])
        self.nothing_is_leaving()
        self.never(SOAK, "something is removed", lambda: self.uevents.came_and_went(mark))
        self.assertIn((nqn("two"), device), held())
        self.assertEqual(held(), before)

    def test_dc_line_removed_while_both_were_stopped(self):
        """The discovery controller goes, and what only it listed."""
        self.port_with("one")
        self.port_with("two", number=2, trsvcid=8010)
        self.begin("one", "two", stafd=stafd_conf(dc(), dc(trsvcid=8010)))
        stop(*DAEMONS)
        write_conf("stafd", stafd_conf(dc()))
        mark = self.uevents.mark()
        start(*DAEMONS)
        self.eventually("both are cut", lambda: len(controllers()) == 2)
        self.connects("one")
        self.nothing_is_leaving()
        self.both_know_what_there_is()
        self.kernel_counts(mark, remove=2)


if __name__ == "__main__":
    main()

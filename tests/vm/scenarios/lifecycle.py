# SPDX-License-Identifier: Apache-2.0
"""What happens to connections while the world around running daemons changes: subsystems come and go, hosts are denied
and allowed, targets and discovery controllers go away and come back, the kernel gives up, names are used again.
"""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

SOAK = harness.SOAK
LOG_CHANGED = "0x70f002"
# The kernel gives a lost connection up after a few seconds.
IMPATIENT = {"ctrl_loss_tmo": 4, "reconnect_delay": 1}


class Subsystems(Running):
    """Added, removed, denied, allowed at the target."""

    def test_added_is_connected_and_nothing_else_is_touched(self):
        self.port_with("one", "two")
        before = self.begin("one", "two")
        mark = self.uevents.mark()
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "two", "three")
        self.assertEqual(self.uevents.came_and_went(mark), [("add", device_of(nqn("three")))])
        self.assertLess(set(before), set(held()))

    def test_removed_is_cut_after_the_soak_and_nothing_else_is_touched(self):
        # The kernel would give it up by itself, much later.
        self.port_with("one", "two", "three")
        self.begin("one", "two", "three", stacd=stacd_conf(reconnect_delay=60))
        device, mark = device_of(nqn("two")), self.uevents.mark()
        self.target.unlink(1, nqn("two"))
        self.connects("one", "three")
        self.assertEqual(self.uevents.came_and_went(mark), [("remove", device)])
        ((told, _), ) = self.uevents.of(mark, NVME_AEN=LOG_CHANGED)
        ((cut, _), ) = self.uevents.of(mark, ACTION="remove")
        self.assertGreaterEqual(cut - told, SOAK)
        self.says(f"{device} - Disconnect initiated: ", "stacd")
        self.assertEqual(len(self.cut_by_us()), 1)

    def test_back_within_the_soak_is_not_cut(self):
        self.port_with("one")
        self.target.subsystem(nqn("two"), 1, hosts=[HOST_NQN])
        before = self.begin("one", "two")
        mark = self.uevents.mark()
        self.target.deny(nqn("two"), HOST_NQN)  # not listed any more; nvmet keeps the connection
        self.eventually("its soak begins", lambda: not soak_timer_is_off())
        self.target.allow(nqn("two"), HOST_NQN)
        self.nothing_is_leaving()
        self.assertEqual(held(), before)
        self.assertEqual(self.uevents.came_and_went(mark), [])

    def test_nothing_is_cut_before_the_page_could_be_read(self):
        target = self.stas_target("one", "two")
        self.begin("one", "two", stacd=stacd_conf(reconnect_delay=60))
        mark = self.uevents.mark()
        target.rpc("fault.add", what="status", opcode="get_log_page", lid=0x70, status=6, count=0)
        target.rpc("host.deny", nqn=nqn("two"), host=HOST_NQN)
        self.says("Failed to retrieve log pages", "stafd")
        self.never(2 * SOAK, "something is removed", lambda: self.uevents.came_and_went(mark) or self.cut_by_us())
        target.rpc("fault.clear")
        reload("stafd")  # reads again now, not after the retry's 20 s
        self.connects("one")
        self.eventually("it is cut", lambda: len(controllers()) == 2)
        self.assertEqual([action for action, _ in self.uevents.came_and_went(mark)], ["remove"])

    def flip(self, deny, allow):
        one = device_of(nqn("one"))
        for _ in range(2):
            mark, device = self.uevents.mark(), device_of(nqn("two"))
            deny()
            self.eventually("it is cut", lambda device=device: nqn("two") not in dict(held()))
            self.connects("one")
            self.assertEqual(self.uevents.came_and_went(mark), [("remove", device)])
            mark = self.uevents.mark()
            allow()
            self.connects("one", "two")
            self.assertEqual(self.uevents.came_and_went(mark), [("add", device_of(nqn("two")))])
        self.assertEqual(device_of(nqn("one")), one)
        self.assertEqual(len(self.cut_by_us()), 2)

    def test_denied_is_cut_and_allowed_is_connected(self):
        self.port_with("one")
        self.target.subsystem(nqn("two"), 1, hosts=[HOST_NQN])
        self.begin("one", "two")
        self.flip(lambda: self.target.deny(nqn("two"), HOST_NQN), lambda: self.target.allow(nqn("two"), HOST_NQN))

    def test_denied_is_cut_and_allowed_is_connected_bundled_target(self):
        """Unlike nvmet this target ends the connections of a denied host at once."""
        target = self.stas_target("one", {"nqn": nqn("two"), "hosts": [HOST_NQN]})
        self.begin("one", "two", stacd=stacd_conf(reconnect_delay=60))
        self.flip(lambda: target.rpc("host.deny", nqn=nqn("two"), host=HOST_NQN),
                  lambda: target.rpc("host.allow", nqn=nqn("two"), host=HOST_NQN))


class Outages(Running):
    """The target or its discovery controller does not answer for a while."""

    def test_target_away_longer_than_ctrl_loss_tmo(self):
        target = self.stas_target("one", "two")
        self.begin("one", "two", stafd=stafd_conf(dc(), **IMPATIENT), stacd=stacd_conf(**IMPATIENT))
        target.stop()
        self.eventually("the kernel gives all up", lambda: not controllers())
        self.says("Failed to connect to controller", "stacd")
        self.stas_target("one", "two")
        self.connects("one", "two")
        self.both_know_what_there_is()
        self.assertEqual(len(controllers()), 3)
        self.assertEqual(self.cut_by_us(), [])

    def test_target_away_shorter_than_ctrl_loss_tmo(self):
        """The kernel connects again, we make nothing and remove nothing; but the page is read again."""
        target = self.stas_target("one", "two")
        before = self.begin("one", "two", stafd=stafd_conf(dc(), reconnect_delay=1),
                            stacd=stacd_conf(reconnect_delay=1))
        mark = self.uevents.mark()
        target.stop()
        self.eventually("all connections are lost", lambda: not controllers(state="live"))
        self.stas_target("one", "two", "three")
        self.connects("one", "two", "three")
        self.assertEqual(len(discovery_controllers(state="live")), 1)
        self.assertEqual(self.uevents.came_and_went(mark), [("add", device_of(nqn("three")))])
        self.assertLess(set(before), set(held()))
        self.nothing_is_leaving()

    def test_cable_pulled_longer_than_ctrl_loss_tmo(self):
        """No answer at all, not a refusal; the discovery controller (keep-alive 30 s) does not even notice."""
        self.port_with("one", "two")
        self.begin("one", "two", stacd=stacd_conf(**IMPATIENT))
        self.undo_later("ip", "-n", NAMESPACE, "link", "set", "t0", "up")
        run("ip", "-n", NAMESPACE, "link", "set", "t0", "down")
        self.eventually("the kernel gives them up", lambda: not io_controllers())
        run("ip", "-n", NAMESPACE, "link", "set", "t0", "up")
        self.connects("one", "two")
        self.assertEqual(self.cut_by_us(), [])

    def dc_down(self, **stafd_options):
        """A target whose subsystems live at another address than its discovery controller, which is down when this
        returns (what it takes to bring it back), and the mark from which on uevents of I/O controllers count."""
        target = self.stas_target(pleo=False)  # or the page would list its own address only
        target.rpc("listener.add", id=2, transport="tcp", traddr=TARGET, trsvcid="8010", discovery=False)
        target.rpc("subsystem.add", nqn=nqn("one"), listeners=[2])
        self.begin("one", stafd=stafd_conf(dc(), **stafd_options))
        target.rpc("listener.remove", id=1)
        self.eventually("the discovery controller is lost", lambda: not discovery_controllers(state="live"))
        target.rpc("subsystem.add", nqn=nqn("two"), listeners=[2])
        return lambda: target.rpc("listener.add", id=1, transport="tcp", traddr=TARGET, trsvcid="8009")

    def test_dc_down_removes_nothing_and_its_page_is_read_when_it_is_back(self):
        mark = self.uevents.mark()
        bring_back = self.dc_down(reconnect_delay=1)
        self.never(2 * SOAK, "something is cut", self.cut_by_us)
        self.nothing_is_leaving()
        bring_back()
        self.connects("one", "two")
        self.assertEqual([action for action, _ in self.uevents.came_and_went(mark)], ["add"] * 3)
        self.assertEqual(len(discovery_controllers(state="live")), 1)

    def test_dc_that_the_kernel_gave_up_removes_nothing_and_is_connected_again(self):
        mark = self.uevents.mark()
        bring_back = self.dc_down(**IMPATIENT)
        self.eventually("the kernel gives it up", lambda: not discovery_controllers())
        self.says("Failed to connect to controller", "stafd")
        self.nothing_is_leaving()
        self.never(2 * SOAK, "something is cut", self.cut_by_us)
        bring_back()
        self.connects("one", "two")
        self.assertEqual(sorted(action for action, _ in self.uevents.came_and_went(mark)), ["add"] * 4 + ["remove"])


class GivenUp(Running):
    """The target withdraws a subsystem; its refusal (DNR) makes the kernel remove the controller at once."""

    def test_given_up_by_the_kernel_is_connected_when_listed_again(self):
        self.port_with("one", "two")
        self.begin("one", "two", stacd=stacd_conf(reconnect_delay=1))
        mark = self.uevents.mark()
        systemctl("kill", "-s", "STOP", "stafd")  # or stacd might cut it first
        self.undo_later("systemctl", "kill", "-s", "CONT", "stafd")
        self.target.unlink(1, nqn("two"))
        self.eventually("it is gone", lambda: self.uevents.of(mark, ACTION="remove"))
        systemctl("kill", "-s", "CONT", "stafd")
        self.eventually("stacd has dropped it", lambda: len(ctl("stacd", "ls", "-d")) == 1)
        self.eventually("stacd knows", lambda: known(*DAEMONS) == held())
        self.assertEqual(self.cut_by_us(), [])
        self.assertEqual(len(self.uevents.came_and_went(mark)), 1, "no attempt to connect what is not listed any more")
        self.target.link(1, nqn("two"))
        self.connects("one", "two")
        self.eventually("stacd knows", lambda: known(*DAEMONS) == held())

    def test_given_up_by_the_kernel_is_connected_when_a_configured_one_is_back(self):
        """Nobody tells when it is back: it is tried."""
        self.port_with("one", "two")
        write_conf("stacd", stacd_conf(ioc("one"), ioc("two"), reconnect_delay=1))
        start("stacd")
        self.connects("one", "two")
        mark = self.uevents.mark()
        self.target.unlink(1, nqn("two"))
        self.eventually("it is gone", lambda: self.uevents.of(mark, ACTION="remove"))
        self.says('Received "remove" event', "stacd")
        self.says("Failed to connect to controller", "stacd")
        self.target.link(1, nqn("two"))
        self.connects("one", "two")
        self.eventually("stacd knows", lambda: known("stacd") == held())
        self.assertEqual(self.cut_by_us(), [])


class Names(Running):
    """The kernel gives the lowest free number to the next controller."""

    def test_recycled_name_means_the_new_subsystem(self):
        self.port_with("one", "two", "three")
        self.begin("one", "two", "three")
        name = device_of(nqn("two"))
        self.target.unlink(1, nqn("two"))
        self.eventually("it is cut", lambda: nqn("two") not in dict(held()))
        self.target.subsystem(nqn("four"), 1)
        self.connects("one", "three", "four")
        self.assertEqual(device_of(nqn("four")), name, "the premise of this test")
        self.eventually("stacd says so", lambda: known(*DAEMONS) == held())
        self.target.link(1, nqn("two"))
        self.connects("one", "two", "three", "four")
        mark = self.uevents.mark()
        self.target.unlink(1, nqn("four"))
        self.eventually("it is cut", lambda: nqn("four") not in dict(held()))
        self.connects("one", "two", "three")
        self.eventually("stacd says so", lambda: known(*DAEMONS) == held())
        self.assertEqual(self.uevents.came_and_went(mark), [("remove", name)])

    def test_name_recycled_behind_our_back(self):
        """While stacd does not run for a moment an administrator disconnects ours and connects his own, which gets the
        name; the events come all at once, when the name already means something else."""
        self.port_with("one", "two")
        self.port_with("foreign", number=2, trsvcid=8010)
        self.begin("one", "two")
        name = device_of(nqn("two"))
        systemctl("kill", "-s", "STOP", "stacd")
        self.undo_later("systemctl", "kill", "-s", "CONT", "stacd")
        nvme("disconnect", "-d", name)
        nvme_connect("foreign", TARGET, 8010)
        self.assertEqual(device_of(nqn("foreign")), name, "the premise of this test")
        systemctl("kill", "-s", "CONT", "stacd")
        self.connects("one", "two", "foreign")
        self.assertNotEqual(device_of(nqn("two")), name)
        theirs = [(nqn("foreign"), name)]
        self.eventually("stacd knows which are its own", lambda: sorted(known(*DAEMONS) + theirs) == held())
        mark, device = self.uevents.mark(), device_of(nqn("two"))
        self.target.unlink(1, nqn("two"))
        self.eventually("the right one is cut", lambda: nqn("two") not in dict(held()))
        self.nothing_is_leaving()
        self.connects("one", "foreign")
        self.assertEqual(self.uevents.came_and_went(mark), [("remove", device)])


class Referrals(Running):
    def test_referral_leads_to_subsystems_and_its_end_takes_them_away(self):
        self.port_with("one")
        self.port_with("two", "three", number=2, traddr=TARGET_2)
        self.begin("one")
        mark = self.uevents.mark()
        self.target.referral(1, to=2)
        self.connects("one", "two", "three")
        self.assertEqual({c.traddr for c in discovery_controllers(state="live")}, {TARGET, TARGET_2})
        self.assertEqual([action for action, _ in self.uevents.came_and_went(mark)], ["add"] * 3)
        self.both_know_what_there_is()
        mark = self.uevents.mark()
        self.target.end_referral(1, to=2)
        self.eventually("all of it is cut", lambda: len(controllers()) == 2)
        self.connects("one")
        self.assertEqual([c.traddr for c in discovery_controllers()], [TARGET])
        self.assertEqual([action for action, _ in self.uevents.came_and_went(mark)], ["remove"] * 3)
        self.both_know_what_there_is()


if __name__ == "__main__":
    main()

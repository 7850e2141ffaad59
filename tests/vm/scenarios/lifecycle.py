# SPDX-License-Identifier: Apache-2.0
"""What happens to connections while targets change around running daemons: subsystems come and go, hosts are denied and
allowed, referrals begin and end, device names are used again.
"""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

SOAK = harness.SOAK
LOG_CHANGED = "0x70f002"


def in_stafds_state(name):
    """Quicker to look at than the answer of a tool: within a soak."""
    file = state_file("stafd")
    return file.exists() and nqn(name) in file.read_text(encoding="utf-8")


class Subsystems(Running):
    """Added, removed, denied, allowed at the target."""

    def test_added_is_connected_and_nothing_else_is_touched(self):
        self.port_with("one", "two")
        before = self.begin("one", "two")
        mark = self.uevents.mark()
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "two", "three")
        self.kernel_made_and_removed(mark, ("add", device_of(nqn("three"))))
        self.assertLess(set(before), set(held()))

    def test_removed_is_cut_after_the_soak_and_nothing_else_is_touched(self):
        """By us: the kernel would give it up by itself, but much later."""
        self.port_with("one", "two", "three")
        self.begin("one", "two", "three", stacd=stacd_conf(reconnect_delay=60))
        device, mark = device_of(nqn("two")), self.uevents.mark()
        self.target.unlink(1, nqn("two"))  # nvmet ends the connection at once
        self.kernel_made_and_removed(mark, ("remove", device))
        ((told, _), ) = self.uevents.of(mark, NVME_AEN=LOG_CHANGED)
        ((cut, _), ) = self.uevents.of(mark, ACTION="remove")
        self.assertGreaterEqual(cut - told, SOAK)
        self.connects("one", "three")
        self.says(f"{device} - Disconnect initiated: ", "stacd")
        self.assertEqual(len(self.cut_by_us()), 1)

    def test_back_within_the_soak_is_not_cut(self):
        self.port_with("one")
        self.target.subsystem(nqn("two"), 1, hosts=[HOST_NQN])
        before = self.begin("one", "two")
        self.eventually("stafd knows it", lambda: in_stafds_state("two"))
        mark = self.uevents.mark()
        self.target.deny(nqn("two"), HOST_NQN)  # not listed any more; nvmet keeps the connection
        self.eventually("stafd knows", lambda: not in_stafds_state("two"))
        self.target.allow(nqn("two"), HOST_NQN)
        self.nothing_is_leaving()
        self.assertEqual(held(), before)
        self.kernel_made_and_removed(mark)

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
        self.kernel_counts(mark, remove=1)

    def flip(self, deny, allow):
        one = device_of(nqn("one"))
        for _ in range(2):
            mark, device = self.uevents.mark(), device_of(nqn("two"))
            deny()
            self.eventually("it is cut", lambda device=device: nqn("two") not in dict(held()))
            self.connects("one")
            self.kernel_made_and_removed(mark, ("remove", device))
            mark = self.uevents.mark()
            allow()
            self.connects("one", "two")
            self.kernel_made_and_removed(mark, ("add", device_of(nqn("two"))))
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


class Names(Running):
    """The kernel gives the lowest free number to the next controller."""

    def test_recycled_name_means_the_new_subsystem(self):
        self.port_with("one", "two", "three")
        self.begin("one", "two", "three")
        name, mark = device_of(nqn("two")), self.uevents.mark()
        self.target.unlink(1, nqn("two"))
        self.kernel_made_and_removed(mark, ("remove", name))
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
        self.kernel_made_and_removed(mark, ("remove", name))

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
        self.kernel_made_and_removed(mark, ("remove", device))


class Referrals(Running):
    def test_referral_leads_to_subsystems_and_its_end_takes_them_away(self):
        self.port_with("one")
        self.port_with("two", "three", number=2, traddr=TARGET_2)
        self.begin("one")
        mark = self.uevents.mark()
        self.target.referral(1, to=2)
        self.connects("one", "two", "three")
        self.assertEqual({c.traddr for c in discovery_controllers(state="live")}, {TARGET, TARGET_2})
        self.kernel_counts(mark, add=3)
        self.both_know_what_there_is()
        mark = self.uevents.mark()
        self.target.end_referral(1, to=2)
        self.eventually("all of it is cut", lambda: len(controllers()) == 2)
        self.connects("one")
        self.assertEqual([c.traddr for c in discovery_controllers()], [TARGET])
        self.kernel_counts(mark, remove=3)
        self.both_know_what_there_is()


if __name__ == "__main__":
    main()

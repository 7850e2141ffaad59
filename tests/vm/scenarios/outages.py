# SPDX-License-Identifier: Apache-2.0
"""Targets and discovery controllers that go away and come back, and controllers that the kernel gives up meanwhile."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

SOAK = harness.SOAK
# The kernel gives a lost connection up after a few seconds.
IMPATIENT = {"ctrl_loss_tmo": 4, "reconnect_delay": 1}


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
        self.kernel_made_and_removed(mark, ("add", device_of(nqn("three"))))
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
        """A target whose subsystems live at another address than its discovery controller. "one" is connected, then the
        discovery controller goes down and "two" is added. Returns what brings the discovery controller back."""
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
        self.kernel_counts(mark, add=3)
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
        self.kernel_counts(mark, add=4, remove=1)


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
        self.kernel_counts(mark, remove=1)  # no attempt to connect what is not listed any more
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


if __name__ == "__main__":
    main()

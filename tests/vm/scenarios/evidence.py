# SPDX-License-Identifier: Apache-2.0
"""Nothing is cut but what somebody removed: files that say nothing, another identity, an address that is silent."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

OTHER_ID = "7d4b3a52-1d35-4e0b-9a6d-0c6d7f3e1b11"
OTHER_NQN = f"nqn.2014-08.org.nvmexpress:uuid:{OTHER_ID}"
SILENT = "10.0.0.77"  # nobody has this address: not even a reset comes back


class Evidence(Running):
    def nothing_was_cut(self, before, mark):
        """What there was is there, under the same names, and nothing is about to go."""
        self.never(4 * harness.SOAK, "something is removed", lambda: self.uevents.came_and_went(mark))
        self.nothing_is_leaving()
        self.assertEqual(held(), before)

    def a_line_beside_a_page(self):
        """Two subsystems that a discovery controller lists, one that only stacd.conf names."""
        self.port_with("one", "two")
        self.target.port(2, trsvcid=8010)
        self.target.subsystem(nqn("three"), 2)
        return self.begin("one", "two", "three", stacd=stacd_conf(ioc("three", trsvcid=8010)))

    def test_stacd_conf_is_broken_at_a_restart(self):
        before = self.a_line_beside_a_page()
        mark = self.uevents.mark()
        for broken in ("[Controllers\n", "[Controllers]\ncontroller=transprt=tcp;traddr=10.0\n", ""):
            write_conf("stacd", broken)
            restart("stacd")
            self.eventually("stacd knows what there is", lambda: known(*DAEMONS) == before)
            self.nothing_was_cut(before, mark)
        write_conf("stacd", stacd_conf())
        reload("stacd")
        gone = [device for name, device in before if name == nqn("three")][0]
        self.kernel_made_and_removed(mark, ("remove", gone))

    def test_the_host_nqn_changes(self):
        before = self.a_line_beside_a_page()
        mark = self.uevents.mark()
        write_sys_conf(f"[Host]\nnqn={OTHER_NQN}\nid={OTHER_ID}\n")
        for daemon in DAEMONS:
            reload(daemon)
        self.says("stay as they are", "stacd")
        self.nothing_was_cut(before, mark)
        restart(*DAEMONS)
        self.eventually("both know what there is", lambda: known(*DAEMONS) == before)
        self.nothing_was_cut(before, mark)

    def test_a_duplicate_referral_that_is_silent_comes_first(self):
        """One of two referrals with DUPRETINFO is enough; the silent one before it does not take its place."""
        self.stas_target(dict(nqn=nqn("one")), name="behind", port=8010)
        front = self.stas_target(name="front", port=8009)
        for traddr in (SILENT, TARGET):
            front.rpc("referral.add", traddr=traddr, trsvcid="8010", dupretinfo=True)
        before = self.begin("one")
        mark = self.uevents.mark()
        restart("stafd")
        self.eventually("stafd knows what there is", lambda: known(*DAEMONS) == before)
        self.nothing_was_cut(before, mark)


if __name__ == "__main__":
    main()

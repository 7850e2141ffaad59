# SPDX-License-Identifier: Apache-2.0
"""Beside nvme-stas 2.4.1: mixed pairs of daemons, and the change from one to the other and back."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

PEER = pathlib.Path("/opt/peer")
OVERRIDES = pathlib.Path("/run/systemd/system")  # stronger than /usr/lib, where ours are
ID7 = ("-t", "tcp", "-a", TARGET, "-s", "8009")


@unittest.skipUnless(PEER.is_dir(), "this distribution has no nvme-stas 2.4.1")
class PeerScenario(Scenario):
    def setUp(self):
        super().setUp()
        self.addCleanup(self.use)

    def use(self, *theirs):
        """Stops both daemons; of these the other implementation is installed from now on, ours else."""
        stop(*DAEMONS)
        OVERRIDES.mkdir(exist_ok=True)
        for daemon in DAEMONS:
            (OVERRIDES / f"{daemon}.service").unlink(missing_ok=True)
            if daemon in theirs:
                shutil.copy(PEER / "units" / f"{daemon}.service", OVERRIDES)
        systemctl("daemon-reload")

    def assert_running(self, **kinds):
        for daemon, kind in kinds.items():
            program = os.path.basename(os.readlink(f"/proc/{pid(daemon)}/exe"))
            self.assertEqual("theirs" if program.startswith("python") else "ours", kind, daemon)

    def connected(self, *theirs):
        self.use(*theirs)
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one", "two")
        self.eventually("log pages", lambda: len(ctl("stafd", "dlp", *ID7)) == 3)
        self.eventually("devices", lambda: all(c["connected"] == "True" for c in ctl("stacd", "ls", "-d")))


class Peers(PeerScenario):
    def story(self, **kinds):
        """First connect, addition, removal."""
        self.use(*(daemon for daemon, kind in kinds.items() if kind == "theirs"))
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.assert_running(**kinds)
        self.connects("one", "two")
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "two", "three")
        # Taken out of the log page but still there, so it is our side that disconnects.
        self.target.deny_all(nqn("two"))
        self.connects("one", "three")
        self.assertEqual(len(discovery_controllers(state="live")), 1)

    def test_their_stacd_with_our_stafd(self):
        self.story(stafd="ours", stacd="theirs")

    def test_our_stacd_with_their_stafd(self):
        self.story(stafd="theirs", stacd="ours")

    def change(self, before, after):
        self.connected(*before)
        events = Uevents()
        was = {c.name: c.subsysnqn for c in controllers()}
        self.use(*after)
        start(*DAEMONS)
        self.eventually("the same devices are known", lambda: {
            c["device"]: c["subsysnqn"] for daemon in DAEMONS for c in ctl(daemon, "ls")} == was)
        self.eventually("connected", lambda: all(c["connected"] == "True" for d in DAEMONS for c in ctl(d, "ls", "-d")))
        self.assertEqual(events.came_and_went(), [])
        self.assertEqual({c.name: c.subsysnqn for c in controllers(state="live")}, was)
        events.close()
        # They are theirs now: followed, and cut when no longer listed.
        self.target.subsystem(nqn("three"), 1)
        self.connects("one", "two", "three")
        self.target.deny_all(nqn("two"))
        self.connects("one", "three")

    def test_change_to_ours(self):
        self.change(DAEMONS, ())

    def test_change_back_to_theirs(self):
        self.change((), DAEMONS)


if __name__ == "__main__":
    main()

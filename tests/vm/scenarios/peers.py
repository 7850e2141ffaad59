# SPDX-License-Identifier: Apache-2.0
"""Beside nvme-stas 2.4.1: mixed pairs of daemons, each other's tools, and the change from one to the other and back."""
import ast

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

PEER = pathlib.Path("/opt/peer")
OVERRIDES = pathlib.Path("/run/systemd/system")  # stronger than /usr/lib, where ours are
ID7 = ("-t", "tcp", "-a", TARGET, "-s", "8009")

STAFD_CONF = f"""
[Global]
tron=false
hdr-digest=true
data-digest=true
kato=40
queue-size=64
reconnect-delay=5
ctrl-loss-tmo=900
disable-sqflow=false
ignore-iface=false
ip-family=ipv4+ipv6
pleo=enabled

[Service Discovery]
zeroconf=disabled

[Discovery controller connection management]
persistent-connections=true
zeroconf-connections-persistence=24 hours

[Controllers]
controller = transport = tcp ; traddr = {TARGET} ; trsvcid = 8009
exclude=transport=tcp;traddr=192.0.2.1
"""

STACD_CONF = f"""
[Global]
tron=false
hdr-digest=true
data-digest=true
kato=50
nr-io-queues=1
nr-write-queues=1
nr-poll-queues=0
queue-size=64
reconnect-delay=5
ctrl-loss-tmo=900
disable-sqflow=false
ignore-iface=false
ip-family=ipv4+ipv6

[I/O controller connection management]
disconnect-scope=only-stas-connections
disconnect-trtypes=tcp+rdma+fc
connect-attempts-on-ncc=2

[Controllers]
controller=transport=tcp;traddr={TARGET};trsvcid=8009;nqn={nqn("one")}
exclude=nqn={nqn("other")}
"""


def said_by(directory, tool, *args):
    """What ours (directory "/usr/bin") or theirs (PEER) prints."""
    return run(f"{directory}/{tool}", *args).stdout


def timeless(text):
    """Without what differs between two calls: remaining times, counters of the process."""
    text = re.sub(r"s \[[0-9.]+s\]", "s [running]", text)
    return re.sub(r"('(?:CPU|RSS|VmRSS|VmSize|VmPeak|Threads|memory|uptime)[^']*'): [^,}]*", r"\1: ?", text)


@unittest.skipUnless(PEER.is_dir(), "this distribution has no nvme-stas 2.4.1")
class Peers(Scenario):
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

    def tools_agree(self):
        """Ours and theirs print the same about the same daemon."""
        for tool, *args in (("stafctl", "ls"), ("stafctl", "ls", "-d"), ("stafctl", "dlp", *ID7), ("stafctl", "adlp"),
                            ("stafctl", "adlp", "-d"), ("stafctl", "status"), ("stacctl", "ls"),
                            ("stacctl", "ls", "-d"), ("stacctl", "status"), ("stafctl", "tron"), ("stafctl", "troff"),
                            ("stacctl", "tron"), ("stacctl", "troff")):
            with self.subTest(tool=tool, args=args):
                ours, theirs = (timeless(said_by(where, tool, *args)) for where in ("/usr/bin", PEER))
                self.assertEqual(ours, theirs)
                self.assertTrue(ours.startswith("tron = ") or ast.literal_eval(ours))

    def connected(self, *theirs):
        self.use(*theirs)
        self.port_with("one", "two")
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        self.connects("one", "two")
        self.eventually("log pages", lambda: len(ctl("stafd", "dlp", *ID7)) == 3)
        self.eventually("devices", lambda: all(c["connected"] == "True" for c in ctl("stacd", "ls", "-d")))

    def test_tools_with_our_daemons(self):
        self.connected()
        self.tools_agree()

    def test_tools_with_their_daemons(self):
        self.connected(*DAEMONS)
        self.tools_agree()

    def test_our_dictionaries_have_all_their_keys(self):
        """And the same values where both describe the same fact."""
        told = {}
        for kind, theirs in (("theirs", DAEMONS), ("ours", ())):
            self.use(*theirs)
            if kind == "theirs":
                self.connected(*theirs)
            else:
                start(*DAEMONS)
                self.eventually("adopted", lambda: [c["connected"] for c in ctl("stacd", "ls", "-d")] == ["True"] * 2)
                self.eventually("log pages", lambda: len(ctl("stafd", "dlp", *ID7)) == 3)
            told[kind] = [sorted(ctl(daemon, "ls", "-d"), key=lambda c: c["subsysnqn"]) for daemon in DAEMONS]
            told[kind].append(ctl("stafd", "dlp", *ID7))
        for theirs, ours in zip(told["theirs"], told["ours"]):
            for their_row, our_row in zip(theirs, ours):
                for key, value in their_row.items():
                    if " operation" in key:  # only while one is there
                        continue
                    self.assertIn(key, our_row)
                    if "timer" not in key and key not in ("connect attempts", "dlpe"):
                        self.assertEqual(our_row[key], value, key)
            self.assertEqual(len(ours), len(theirs))

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

    def test_their_options_are_accepted(self):
        """Every option of 2.4.1, also in the notations that its parser takes."""
        write_conf("stafd", STAFD_CONF)
        write_conf("stacd", STACD_CONF)
        for daemon in DAEMONS:
            checked = run(daemon, "--check", f"/etc/stas/{daemon}.conf")
            self.assertIn("no complaints", checked.stdout)
        self.port_with("one", "two")
        start(*DAEMONS)
        self.connects("one", "two")
        self.assertNotRegex(self.journal(), r"(?i)invalid|unknown|ignored|\.conf:\d")
        self.assertEqual([(c.kato, c.ctrl_loss_tmo, c.reconnect_delay) for c in discovery_controllers()],
                         [("40", "900", "5")])
        self.assertEqual({(c.kato, c.ctrl_loss_tmo, c.reconnect_delay, c.sqsize) for c in io_controllers()},
                         {("50", "900", "5", "63")})


if __name__ == "__main__":
    main()

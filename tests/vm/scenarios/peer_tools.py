# SPDX-License-Identifier: Apache-2.0
"""Beside nvme-stas 2.4.1: each other's tools, what they are told on the bus, options."""
import ast

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import
import peers
from peers import ID7, PEER

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
    """Without the remaining times of timers."""
    return re.sub(r"s \[[0-9.]+s\]", "s [running]", text)


class PeerTools(peers.PeerScenario):
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

    def test_tools_with_our_daemons(self):
        self.connected()
        self.tools_agree()

    def test_tools_with_their_daemons(self):
        self.connected(*DAEMONS)
        self.tools_agree()

    def test_our_dictionaries_have_all_their_keys(self):
        """And the same values where both describe the same fact."""
        told = {}
        for kind in ("theirs", "ours"):
            if kind == "theirs":
                self.connected(*DAEMONS)
            else:
                self.use()
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

# SPDX-License-Identifier: Apache-2.0
"""Controllers that say nothing, or too little. The kernel makes connections one by one and waits for each of them, so
whoever hands it a silent address stops everybody."""
import glob
import signal
import socket

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

SILENT = range(9000, 9032)  # ports whose packets are dropped
# Seconds that silent ones may cost others. One of them in the kernel's hands costs all 3, one that is waited for at a
# stop as well.
DISTURBANCE = 2.0


def in_storage(*argv):
    return run("ip", "netns", "exec", NAMESPACE, *argv)


def stuck_threads():
    """Threads of our daemons in uninterruptible sleep."""
    found = []
    for path in glob.glob("/proc/[0-9]*/task/*/stat"):
        try:
            name, rest = pathlib.Path(path).read_text(encoding="utf-8").split("(", 1)[1].rsplit(")", 1)
        except OSError:
            continue  # it has just ended
        if name in DAEMONS and rest.split()[0] == "D":
            found.append(path)
    return found


class Silence(Scenario):
    def setUp(self):
        super().setUp()
        self.port_with("good", "administrator")
        in_storage("nft", "add table inet silence; add chain inet silence in { type filter hook input priority 0; };"
                   f"add rule inet silence in tcp dport {SILENT[0]}-{SILENT[-1]} drop")
        self.undo_later("ip", "netns", "exec", NAMESPACE, "nft", "delete table inet silence")

    def timed(self, action):
        begun = time.monotonic()
        action()
        return time.monotonic() - begun

    def administrators_connect(self):
        """Seconds that `nvme connect` takes."""
        took = self.timed(lambda: nvme_connect("administrator"))
        nvme("disconnect", "-n", nqn("administrator"))
        return took

    def told(self, text):
        print("      " + text, file=sys.stderr)

    def with_silent(self, silent):
        """stacd with these controllers and the good one, against stacd with the good one alone."""
        write_conf("stacd", stacd_conf(ioc("good")))
        start("stacd")
        alone = self.timed(lambda: self.connects("good"))
        quiet = self.administrators_connect()
        idle_stop = self.timed(lambda: stop("stacd"))
        no_controllers()
        write_conf("stacd", stacd_conf(*silent, ioc("good")))
        start("stacd")
        beside = self.timed(lambda: self.connects("good"))
        disturbed = max(self.administrators_connect() for _ in range(3))
        self.assertEqual(stuck_threads(), [])
        os.kill(pid("stacd"), signal.SIGHUP)  # all are tried again: the stop comes at the worst moment
        stopping = self.timed(lambda: stop("stacd"))
        self.told(f"{len(silent)} silent: good one {beside:.2f} s after the start (alone {alone:.2f}), nvme connect "
                  f"{disturbed:.2f} s (undisturbed {quiet:.2f}), stop {stopping:.2f} s (idle {idle_stop:.2f})")
        self.assertLess(beside, alone + DISTURBANCE)
        self.assertLess(disturbed, quiet + DISTURBANCE)
        self.assertLess(stopping, idle_stop + DISTURBANCE)
        self.assertEqual(stuck_threads(), [])
        self.assertEqual(self.journal("stacd").count("did not end in time"), 0)

    def test_1_silent_controller(self):
        self.with_silent([ioc("silent", trsvcid=SILENT[0])])

    def test_32_silent_controllers(self):
        self.with_silent([ioc("silent", trsvcid=port) for port in SILENT])
        errors = [line for line in self.journal("stacd").splitlines() if "no reply to TCP connect" in line]
        self.assertLessEqual(len(errors), 2 * len(SILENT), "repeats are no news")

    def test_32_addresses_without_an_arp_answer(self):
        self.with_silent([ioc("silent", f"10.0.0.{n}") for n in range(100, 132)])

    def test_32_silent_discovery_controllers(self):
        write_conf("stafd", stafd_conf(dc()))
        start(*DAEMONS)
        idle_stop = self.timed(lambda: stop(*DAEMONS))
        write_conf("stafd", stafd_conf(*(dc(trsvcid=port) for port in SILENT), dc()))
        start(*DAEMONS)
        self.connects("administrator", "good")
        nvme("disconnect", "-n", nqn("administrator"))
        self.connects("administrator", "good")  # it is wanted here
        os.kill(pid("stafd"), signal.SIGHUP)
        stopping = self.timed(lambda: stop(*DAEMONS))
        self.told(f"32 silent discovery controllers: stop of both {stopping:.2f} s (idle {idle_stop:.2f})")
        self.assertLess(stopping, idle_stop + DISTURBANCE)
        self.assertEqual(stuck_threads(), [])

    def test_a_port_that_accepts_and_says_nothing(self):
        """It is not handed to the kernel, which would wait for it."""
        server = []

        def listen():
            server.append(socket.create_server((TARGET, 8021), backlog=64))  # accepted by the kernel, never read
        self.target.in_namespace(listen)
        self.eventually("listening", lambda: server)
        self.addCleanup(server[0].close)
        self.with_silent([ioc("mute", trsvcid=8021)])
        start("stacd")  # and stays for as long as the probe waits
        self.says("8021 accepts TCP connections, but does not answer ICReq", "stacd")

    def test_a_target_that_resets_is_tried_again(self):
        target = self.stas_target("later", port="8010")
        target.rpc("fault.add", what="refuse_accept", count=0)
        write_conf("stacd", stacd_conf(ioc("later", trsvcid=8010), ioc("good")))
        start("stacd")
        self.connects("good")
        self.says("example:later.*([Rr]eset|closed)", "stacd")
        target.rpc("fault.clear")
        self.connects("good", "later")

    def test_a_target_that_answers_the_probe_and_nothing_else(self):
        """The kernel waits for it, up to its own limit, and nobody can help that: but only once, then it rests."""
        limit = pathlib.Path("/sys/module/nvme_core/parameters/admin_timeout")
        before = limit.read_text(encoding="ascii")
        self.addCleanup(limit.write_text, before, encoding="ascii")
        limit.write_text("6", encoding="ascii")  # instead of 60 s
        target = self.stas_target("half-dead", port="8010")
        target.rpc("fault.add", what="drop", opcode="connect", count=0)
        write_conf("stacd", stacd_conf(ioc("half-dead", trsvcid=8010)))
        start("stacd")
        self.says("example:half-dead.*Failed to connect", "stacd")
        held = target.rpc("target.stats")
        write_conf("stacd", stacd_conf(ioc("half-dead", trsvcid=8010), ioc("good")))
        reload("stacd")
        took = self.timed(lambda: self.connects("good"))
        disturbed = max(self.administrators_connect() for _ in range(4))
        self.told(f"after a half-dead one: good one {took:.2f} s, nvme connect {disturbed:.2f} s at most")
        self.assertLess(disturbed, 5)
        self.assertEqual(target.rpc("target.stats")["commands"], held["commands"], "it was not tried again meanwhile")
        target.rpc("fault.clear")
        self.connects("good", "half-dead", limit=90)
        self.assertEqual(stuck_threads(), [])


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""Targets that begin to misbehave once they are connected: nobody is disturbed, nothing is removed."""
import signal
import time

from harness import CONNECTED, SOAK, Story, main, nqn, stacd_conf, stafd_conf


class Faults(Story):
    def test_a_log_page_with_a_wrong_count_is_refused_and_removes_nothing(self):
        well = self.world.target("well", name="well")
        values = {f"ill{bits}": 2**bits - 1 for bits in (17, 32, 54, 64)}
        ill = {name: self.world.target(name, name=name) for name in values}
        stafd = self.world.stafd(stafd_conf(well.controller(), *(t.controller() for t in ill.values())))
        stacd = self.world.stacd()
        self.connects(stacd, "well", *ill)
        held = {name: target.held(name) for name, target in ill.items()}
        for name, target in ill.items():
            target.rpc("fault.add", what="wrong_numrec", value=values[name], count=0)
            target.rpc("subsystem.add", nqn=nqn(f"later-{name}"))
        for target in ill.values():
            stafd.line(rf"127\.0\.0\.1, {target.port}, .*Failed to retrieve log pages")
        well.rpc("subsystem.add", nqn=nqn("new"))
        stacd.line(rf"{nqn('new')}\).*{CONNECTED}")
        time.sleep(SOAK + 0.3)
        self.assertEqual({name: target.held(name) for name, target in ill.items()}, held)
        for target in ill.values():
            target.rpc("fault.clear")
        stafd.reload()  # which asks for all pages again; without it the retry would take 20 s
        self.connects(stacd, "well", "new", *ill, *(f"later-{name}" for name in ill))
        self.assertEqual(stacd.count("Disconnect initiated"), 0)

    def test_a_log_page_that_never_comes_delays_nobody_and_removes_nothing(self):
        well, ill = self.world.target("well", name="well"), self.world.target("ill", name="ill")
        self.world.stafd(stafd_conf(well.controller(), ill.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "well", "ill")
        held = ill.held("ill")
        ill.rpc("fault.add", what="drop", opcode="get_log_page", count=0)
        ill.rpc("discovery.bump")
        well.rpc("subsystem.add", nqn=nqn("new"))
        stacd.line(rf"{nqn('new')}\).*{CONNECTED}", limit=3)
        self.assertEqual(ill.held("ill"), held)

    def test_a_change_during_the_read_is_read_again(self):
        target = self.world.target("one")
        target.rpc("fault.add", what="inject_change", count=3)
        self.world.stafd(stafd_conf(target.controller()))
        self.connects(self.world.stacd(), "one")

    def test_a_discovery_controller_without_pleo_or_log_page_00h_is_read_all_the_same(self):
        without = self.world.target("plain", name="without-pleo", pleo=False)
        refuses = self.world.target("refusing", name="refuses-00h", supported_log_pages=False)
        full = self.world.target("full", name="with-pleo", pleo=True)
        self.world.stafd(stafd_conf(*(t.controller() for t in (without, refuses, full)), pleo="enabled"))
        self.connects(self.world.stacd(), "plain", "refusing", "full")

    def test_a_connection_outlives_its_keep_alive_timeout(self):
        target = self.world.target("one")
        self.world.stafd(stafd_conf(target.controller(), kato=1))
        stacd = self.world.stacd(stacd_conf(kato=1))
        self.connects(stacd, "one")
        held = target.held("one")
        time.sleep(2.5)  # more than twice kato
        stats = target.rpc("target.stats")
        self.assertEqual(target.held("one"), held)
        self.assertEqual(stats["kato_expired"], 0, stats)
        self.assertGreaterEqual(stats["keep_alives"], 4, stats)

    def test_a_target_that_stops_answering_is_given_up_and_found_again(self):
        target = self.world.target("one")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("one")), kato=1, reconnect_delay=1))
        self.connects(stacd, "one")
        held = target.held("one")
        target.kill(signal.SIGSTOP)
        time.sleep(2.5)
        target.kill(signal.SIGCONT)
        self.eventually("a new connection", lambda: target.held("one") not in ([], held))
        self.assertEqual(stacd.count("Disconnect initiated"), 0)


if __name__ == "__main__":
    main()

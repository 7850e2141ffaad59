# SPDX-License-Identifier: Apache-2.0
"""Two names of one connection, with an interface and without: what people and programs see of each."""
import json
import signal

from harness import NAMES, Story, main, nqn, stacd_conf, stafd_conf

PATHS = {"stafd": "/org/nvmexpress/staf", "stacd": "/org/nvmexpress/stac"}


class Names(Story):
    def list_controllers(self, daemon, interface=""):
        """As the bus has it, with details; `interface`: ".desired", ours alone."""
        name = NAMES[daemon.name]
        done = self.world.busctl("--json=short", "call", name, PATHS[daemon.name], name + interface, "list_controllers",
                                 "b", "true")
        self.assertEqual(done.returncode, 0, done.stderr)
        return json.loads(done.stdout)["data"][0]

    def seen(self, daemon):
        """What both names say of their connection, by three ways of asking."""
        told = []
        for rows in (daemon.ls(), self.list_controllers(daemon), self.list_controllers(daemon, ".desired")):
            self.assertEqual(sorted(row["host-iface"] for row in rows), ["", "lo"])
            keys = {"device", "connected", "hostid", "hostnqn", "model", "serial", "cntrltype", "dctype", "state"}
            first, second = ({key: row[key] for key in keys & row.keys()} for row in rows)
            self.assertEqual(first, second)
            told.append(first)
        plain, bus, ours = told
        self.assertEqual(plain, ours, "the tools show what our interface says")
        self.assertEqual(bus, {key: ours[key] for key in bus})
        return ours

    def test_each_shows_the_connection(self):
        target = self.world.target("one")
        lines = [target.controller(), target.controller(host_iface="lo")]
        daemons = [self.world.stafd(stafd_conf(*lines)),
                   self.world.stacd(stacd_conf(*(f"{line};nqn={nqn('one')}" for line in lines)))]
        self.connects(daemons[1], "one")
        for daemon in daemons:
            self.eventually("both are connected", lambda of=daemon: all(row["connected"] == "True" for row in of.ls()))
            seen = self.seen(daemon)
            self.assertEqual((seen["connected"], seen["state"]), ("True", "live"))
            self.assertNotIn("", (seen["device"], seen["hostnqn"], seen["cntrltype"]))
        self.assertEqual(len(target.hosts_of(nqn("one"))), 1, "it is one")
        target.stop(signal.SIGKILL)
        for daemon in daemons:
            self.eventually("the link is lost", lambda of=daemon: all(row["state"] == "connecting" for row in of.ls()))
            seen = self.seen(daemon)
            self.assertEqual((seen["connected"], seen["state"]), ("True", "connecting"))


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A host that was booted over the network: the controllers of the firmware's table, without a line for them.

In a mount namespace, where the table lies in place of the machine's own."""
import pathlib
import subprocess
import sys

import namespaces
from harness import Story, main, nqn, program, stacd_conf, stafd_conf
from nbft import Nbft

TABLES = pathlib.Path("/sys/firmware/acpi/tables")
BOOT_NQN = nqn("boot-host")


class Boot(Story):
    def start(self, table):
        subprocess.run(["mount", "-t", "tmpfs", "tmpfs", TABLES], check=True)
        self.addCleanup(subprocess.run, ["umount", TABLES], check=True)
        (TABLES / "NBFT").write_bytes(table)
        self.stafd = self.world.stafd(stafd_conf())
        self.stacd = self.world.stacd(stacd_conf())

    def test_it_is_wanted_without_a_line_and_survives_an_exclude(self):
        array = self.world.target("root", "data")
        pages = self.world.target("page", name="pages", traddr="127.0.0.2")
        table = Nbft(host_nqn=BOOT_NQN)
        table.discovery(f"nvme+tcp://{pages.traddr}:{pages.port}/")
        table.namespace(array.traddr, array.port, nqn("root"), 0)
        self.start(table.build())
        self.connects(self.stacd, "root", "page")
        for daemon in (self.stafd, self.stacd):
            daemon.line(r"NBFT location\(s\): \['/sys/firmware/acpi/tables/NBFT'\]")
        self.assertEqual([row["hostnqn"] for row in array.hosts_of(nqn("root"))], [BOOT_NQN])
        self.assertEqual([c["origin"] for c in self.stafd.ls()], ["configured"])
        one, = self.world.ctl("stacctl", "explain", nqn("root"))["controllers"]
        self.assertEqual(one["sources"], ["entry 1 of the firmware's boot table (NBFT)"])
        held = array.held("root")
        self.world.write_conf("stacd", stacd_conf(
            exclude=[f"nqn={nqn('root')}"], iocs={"disconnect-scope": "all-connections-matching-disconnect-trtypes"}))
        self.assertEqual(self.world.run(program("stacctl"), "plan").returncode, 2)
        self.stacd.reload()
        self.stacd.line("Not wanted any more .excluded by an exclude= line.; the connection stays, as this host was booted")
        self.assertEqual(array.held("root"), held)

    def test_a_broken_table_is_told_and_costs_nothing(self):
        self.start(Nbft().build()[:100])
        for daemon in (self.stafd, self.stacd):
            daemon.line("/sys/firmware/acpi/tables/NBFT: the table is too short")


if __name__ == "__main__":
    why_not = namespaces.enter()
    if not why_not and not TABLES.is_dir():
        why_not = f"no {TABLES}"
    if why_not:
        print(f"SKIP: {why_not}")
        sys.exit(77)
    main()

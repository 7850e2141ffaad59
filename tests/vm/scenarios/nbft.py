# SPDX-License-Identifier: Apache-2.0
"""A host that its firmware booted over NVMe/TCP: the table of nbft.table, which the guest's firmware shows.

nvme-cli reads it as well, by code that is not ours, and connects from it what an initrd would have."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

TABLE = pathlib.Path("/sys/firmware/acpi/tables/NBFT")
BOOT_NQN = "nqn.2014-08.org.nvmexpress:uuid:7a1bbd6e-34d3-4c62-a1d6-5b5ac2ad1a67"
MACS = {"h0": "02:00:00:00:00:10", "h1": "02:00:00:00:00:11"}
SCOPE = {"disconnect-scope": "all-connections-matching-disconnect-trtypes"}


class BootTable(Scenario):
    def setUp(self):
        super().setUp()
        for interface, mac in MACS.items():
            run("ip", "link", "set", interface, "address", mac)

    def paths(self):
        return {(c.traddr, c.hostnqn) for c in io_controllers(subsysnqn=nqn("root"), state="live")}

    def initrd_connects(self):
        """By nvme-cli; the one of Debian 12 (2.3) does not know the table, so it is told what stands there."""
        try:
            nvme("connect-all", "--nbft")
        except Unexpected as error:
            if "unrecognized option" not in str(error):
                raise
            host = ("-q", BOOT_NQN, "-I", BOOT_NQN.rpartition(":")[2])
            for traddr, interface in ((TARGET, "h0"), (TARGET_2, "h1")):
                nvme_connect("root", traddr, "8009", "-f", interface, *host)
            nvme_connect("other", TARGET, "8009", "-f", "h0", *host)

    def test_from_the_table_alone_to_connected_and_a_late_path_joins(self):
        target = self.stas_target("root", "data", dctype="ddc")
        start("stafd", "stacd")
        self.eventually("the first path", lambda: self.paths() == {(TARGET, BOOT_NQN)}, LIMIT)
        self.says(r"NBFT location\(s\): \['/sys/firmware/acpi/tables/NBFT'\]", "stafd")
        self.eventually("what the discovery controller lists", lambda: nqn("data") in live_nqns(), LIMIT)
        self.assertEqual({c.address_field("host_iface") for c in controllers()}, {"h0"})
        self.assertEqual({c["origin"] for c in ctl("stafd", "ls", "-d")}, {"configured"})
        target.rpc("listener.add", traddr=TARGET_2, trsvcid="8009")
        self.eventually("the late path", lambda: self.paths() == {(TARGET, BOOT_NQN), (TARGET_2, BOOT_NQN)}, 2 * LIMIT)

    def test_what_the_initrd_connected_is_taken_over_and_never_cut(self):
        self.stas_target("root", "other", listeners=[{"traddr": TARGET, "trsvcid": "8009"},
                                                     {"traddr": TARGET_2, "trsvcid": "8009", "discovery": False}])
        self.initrd_connects()
        self.eventually("both paths", lambda: len(self.paths()) == 2, LIMIT)
        before = sorted((c.name, c.cntlid) for c in io_controllers(subsysnqn=nqn("root")))
        self.eventually("what the table's discovery controller lists", lambda: io_controllers(subsysnqn=nqn("other")), LIMIT)
        write_conf("stafd", stafd_conf(exclude=[f"transport=tcp;traddr={TARGET}"]))
        write_conf("stacd", stacd_conf(iocs=SCOPE))
        start("stafd", "stacd")
        self.eventually("the other is cut", lambda: not io_controllers(subsysnqn=nqn("other")), LIMIT)
        write_conf("stacd", stacd_conf(exclude=[f"nqn={nqn('root')}"], iocs=SCOPE))
        reload("stacd")
        self.says("the connection stays, as this host was booted from it", "stacd")
        self.assertEqual(sorted((c.name, c.cntlid) for c in io_controllers(subsysnqn=nqn("root"))), before)


if __name__ == "__main__":
    if not TABLE.exists():
        raise SystemExit("the guest's firmware shows no NBFT")
    main()

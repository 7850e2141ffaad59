# SPDX-License-Identifier: Apache-2.0
"""Others on this host, as nvme-cli 3 lets them say it: the host-wide exclusion list in /etc/nvme, and the ownership
registry in /run/nvme with controllers of a kernel that is only files. In namespaces of its own; skipped (77) where the
machine forbids them."""
import pathlib
import shutil
import sys

import namespaces
from harness import HOST_ID, HOST_NQN, Story, main, nqn, program, stacd_conf, stafd_conf

LIST = pathlib.Path("/etc/nvme/exclusions.conf")
REGISTRY = pathlib.Path("/run/nvme/registry")


def exclude(*entries, file=LIST):
    """As nvme-cli does it: at once or not at all."""
    file.parent.mkdir(exist_ok=True)
    new = file.with_suffix(".new")
    new.write_text("[exclusions]\n" + "".join(f"exclusion = {entry}\n" for entry in entries))
    new.rename(file)


class Exclusions(Story):
    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: [shutil.rmtree(path) if path.is_dir() else path.unlink()
                                 for path in LIST.parent.iterdir()])

    def explained(self, stacd, name):
        return self.world.ctl(stacd.tool, "explain", nqn(name))["controllers"][0]

    def line_of(self, target, name):
        """A file with a line for it."""
        self.world.write_conf("other", stacd_conf(target.controller(nqn(name))))
        return self.world.path / "other.conf"

    def test_what_is_named_is_not_connected_until_the_entry_goes(self):
        target = self.world.target("a", "b")
        exclude(f"transport=tcp;nqn={nqn('b')}")
        self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "a")
        told = self.explained(stacd, "b")
        self.assertEqual((told["verdict"], told["device"]), ("refused", ""))
        self.assertEqual(told["rules"][0], {"source": f"{LIST}:2", "rule": f"exclusion=transport=tcp;nqn={nqn('b')}",
                                            "effect": "keeps it from being connected"})
        offline = self.world.run(program("stacd"), "--fabric=user", "--sys-conf", self.world.path / "sys.conf", "--plan",
                                 self.line_of(target, "b"))
        self.assertIn(f"{LIST}:2", offline.stdout, offline.stderr)
        held = target.held("a")
        exclude(f"nqn={nqn('a')}")
        self.connects(stacd, "a", "b")
        self.assertEqual(target.held("a"), held, "what is connected stays")
        exclude()
        LIST.unlink()
        self.connects(stacd, "a", "b")

    def test_a_discovery_controller_that_is_named_is_not_ended(self):
        target = self.world.target("a")
        stafd = self.world.stafd(stafd_conf(target.controller()))
        stacd = self.world.stacd()
        self.connects(stacd, "a")
        exclude(f"traddr={target.traddr};trsvcid={target.port}", file=LIST.parent / "exclusions.conf.d/lab.conf")
        stafd.line("stays as it is: .*lab.conf:2 says not to connect it")
        self.assertEqual(len(stafd.connected()), 1)
        held = target.held("a")
        stafd.reload()
        stacd.reload()
        self.assertEqual(target.held("a"), held)
        self.connects(stacd, "a")

    def test_what_cannot_be_understood_excludes_nothing_and_is_told(self):
        target = self.world.target("a")
        exclude(f"subsysnqn={nqn('a')}")
        stacd = self.world.stacd(stacd_conf(target.controller(nqn("a"))))
        self.connects(stacd, "a")
        stacd.line(rf"{LIST}:2: field `subsysnqn` is not known: the entry excludes nothing")


class Registry(Story):
    """The kernel's fabric, with controllers that somebody else has connected."""

    def setUp(self):
        super().setUp()
        self.addCleanup(lambda: shutil.rmtree("/run/nvme", ignore_errors=True))
        self.folders = {}
        for name in ("nvme4", "nvme5", "nvme6"):
            self.folders[name] = namespaces.fake_controller(
                name, address=f"traddr=192.0.2.{name[-1]},trsvcid=4420", subsysnqn=nqn(name), hostnqn=HOST_NQN,
                hostid=HOST_ID)
            self.addCleanup(shutil.rmtree, self.folders[name])

    def deleted(self):
        return {name for name, folder in self.folders.items() if (folder / "delete_controller").read_text() == "1"}

    def test_what_somebody_owns_is_left_alone(self):
        owner = REGISTRY / "nvme4/owner"
        owner.parent.mkdir(parents=True)
        owner.write_text("nbft\n")
        (REGISTRY / "nvme6/owner").mkdir(parents=True)
        self.world.stafd(stafd_conf())
        scope = {"disconnect-scope": "all-connections-matching-disconnect-trtypes"}
        stacd = self.world.stacd(stacd_conf(iocs=scope), "--fabric=kernel")
        stacd.line(r"registry/nvme6/owner: .*; nvme6 is not disconnected as long as nobody knows whose it is")
        self.eventually("what nobody owns is cut", self.deleted)
        told = self.world.ctl("stacctl", "explain", "nvme4")["controllers"][0]
        self.assertEqual((told["verdict"], told["reason"]), ("foreign", "it belongs to nbft, and no source names it"))
        self.assertEqual(stacd.stop(), 0)
        self.assertEqual(self.deleted(), {"nvme5"})
        self.assertEqual(owner.read_text(), "nbft\n")


if __name__ == "__main__":
    WHY_NOT = namespaces.enter()
    if WHY_NOT is not None:
        print(f"SKIP: no namespaces here: {WHY_NOT}")
        sys.exit(77)
    namespaces.own_etc_nvme()
    namespaces.fake_fabrics_device()
    main()

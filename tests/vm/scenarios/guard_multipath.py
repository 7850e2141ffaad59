# SPDX-License-Identifier: Apache-2.0
"""disconnect-guard= where paths are put together by dm-multipath and the kernel's own multipath is off: each path has a
block device of its own, and the map holds each of them."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

IMAGE, MAP = "/run/guard.img", pathlib.Path("/dev/mapper/both")
SECTORS = 65536  # 32 MiB


def disks():
    """The block devices of the paths, in the order of their controllers."""
    return [pathlib.Path("/dev") / f"{controller.name}n1" for controller in io_controllers()]


class Multipath(Configured):
    def setUp(self):
        super().setUp()
        self.silence_nvme_cli()
        run("modprobe", "nvme-core")
        parameter = pathlib.Path("/sys/module/nvme_core/parameters/multipath")
        self.assertEqual(parameter.read_text(encoding="ascii").strip(), "N", "see guard_multipath.options")
        run("truncate", "-s", str(512 * SECTORS), IMAGE)
        self.addCleanup(os.unlink, IMAGE)
        self.target.port(1)
        self.target.port(2, traddr=TARGET_2)
        self.target.subsystem(nqn("disk"), device=IMAGE)
        for port in (1, 2):
            self.target.link(port, nqn("disk"))

    def conf(self, *lines):
        return stacd_conf(*lines, iocs={"disconnect-guard": "hold"})

    def mapped(self):
        """Both paths are legs of a map, as multipathd makes it."""
        self.begin(stafd=stafd_conf(), stacd=self.conf(ioc("disk"), ioc("disk", TARGET_2)))
        self.goes(("disk", TARGET), ("disk", TARGET_2))
        self.eventually("a block device of each path", lambda: all(disk.is_block_device() for disk in disks()))
        legs = " ".join(f"{disk} 1" for disk in disks())
        self.addCleanup(run, "dmsetup", "remove", "--retry", MAP.name, check=False)
        run("dmsetup", "create", MAP.name, "--table", f"0 {SECTORS} multipath 0 0 1 1 round-robin 0 2 1 {legs}")
        self.use()

    def use(self):
        run("dd", "if=/dev/zero", f"of={MAP}", "bs=4096", "count=1", "oflag=direct")

    def is_kept(self):
        """The last path, and why."""
        disk, = disks()
        why = rf"{disk.name} is held by dm-\d+ \({MAP.name}\)"
        self.says(f"kept: no longer configured, but {why}", "stacd")
        row, = ctl("stacd", "ls")
        self.assertEqual((row["verdict"], row["state"], row["device"]), ("held", "live", disk.name[:-2]))
        self.assertRegex(ctl("stacd", "explain", nqn("disk"))["controllers"][0]["reason"], why)
        self.assertEqual([step["action"] for step in ctl("stacd", "plan")["steps"]], ["hold"])

    def all_gone(self):
        self.eventually("no controller", lambda: not io_controllers(), 3 * LIMIT)

    def test_the_last_leg_is_kept_until_the_map_is_gone(self):
        self.mapped()
        self.set_conf("stacd", self.conf(ioc("disk", TARGET_2)))
        self.goes(("disk", TARGET_2))
        self.assertNotIn("kept: ", self.journal("stacd"))
        self.use()
        self.set_conf("stacd", self.conf())
        self.is_kept()
        self.use()
        run("dmsetup", "remove", "--retry", MAP.name)
        self.all_gone()

    def test_a_release_lets_go_of_the_last_leg(self):
        self.mapped()
        self.set_conf("stacd", self.conf(ioc("disk")))
        self.goes(("disk", TARGET))
        self.set_conf("stacd", self.conf())
        self.is_kept()
        run("stacctl", "release", nqn("disk"))
        self.all_gone()

    def test_of_two_legs_that_should_both_go_none_is_the_others_second_path(self):
        self.mapped()
        self.set_conf("stacd", self.conf())
        for disk in disks():
            self.says(rf"kept: no longer configured, but {disk.name} is held by dm-", "stacd")
        self.assertEqual([row["verdict"] for row in ctl("stacd", "ls")], ["held"] * 2)
        self.use()
        run("stacctl", "release", nqn("disk"))
        self.all_gone()


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""disconnect-guard=: what uses a disk keeps its last path, as the kernel and the sandbox of the unit have it."""
from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

IMAGE, WHERE = "/run/guard.img", pathlib.Path("/mnt/guard")


def map_device(name, kind, table, disk):
    """A device of the device mapper, as large as the disk."""
    sectors = (pathlib.Path("/sys/class/block") / disk.name / "size").read_text(encoding="ascii").strip()
    run("dmsetup", "create", name, "--table", f"0 {sectors} {kind} {table}")


class Guard(Configured):
    def setUp(self):
        super().setUp()
        self.silence_nvme_cli()
        run("truncate", "-s", "32M", IMAGE)
        self.addCleanup(os.unlink, IMAGE)
        WHERE.mkdir(exist_ok=True)
        self.target.port(1)
        self.target.port(2, traddr=TARGET_2)

    def conf(self, *lines, guard="hold"):
        return stacd_conf(*lines, iocs={"disconnect-guard": guard})

    def connected(self, *lines, mkfs=("mkfs.ext4", "-q", "-b", "4096"), guard="hold"):
        """The block device of the one namespace, with something on it."""
        if mkfs:
            run(*mkfs, IMAGE)
        self.target.subsystem(nqn("disk"), device=IMAGE)
        for port in (1, 2):
            self.target.link(port, nqn("disk"))
        lines = lines or (ioc("disk"),)
        self.begin(stafd=stafd_conf(), stacd=self.conf(*lines, guard=guard))
        self.goes(*[("disk", TARGET_2 if TARGET_2 in line else TARGET) for line in lines])
        self.eventually("a block device", lambda: len(list(pathlib.Path("/dev").glob("nvme[0-9]*n1"))) == 1)
        disk, = pathlib.Path("/dev").glob("nvme[0-9]*n1")
        return disk

    def mount(self, disk):
        self.addCleanup(run, "umount", WHERE, check=False)
        run("mount", disk, WHERE)

    def is_kept(self, why):
        """Told once, and shown."""
        self.says(rf"kept: no longer configured, but {why}", "stacd")
        row, = ctl("stacd", "ls")
        self.assertEqual((row["verdict"], row["state"]), ("held", "live"))
        self.assertRegex(ctl("stacd", "explain", nqn("disk"))["controllers"][0]["reason"], why)
        self.assertEqual([s["action"] for s in ctl("stacd", "plan")["steps"]], ["hold"])

    def is_gone(self):
        self.eventually("no controller", lambda: not io_controllers(), 3 * LIMIT)

    def test_a_mounted_disk_is_kept_until_it_is_unmounted(self):
        disk = self.connected()
        self.mount(disk)
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} is mounted on {WHERE}")
        (WHERE / "file").write_text("written", encoding="ascii")
        run("sync", "-f", WHERE)
        run("umount", WHERE)
        self.is_gone()

    def test_a_release_lets_go_of_a_mounted_one(self):
        disk = self.connected()
        self.mount(disk)
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} is mounted on {WHERE}")
        done = run("stacctl", "release", nqn("disk"))
        self.assertRegex(done.stdout, rf"^Let go of nvme\d+ \(no longer configured, but {disk.name} is mounted on ")
        self.is_gone()
        self.assertEqual(run("stacctl", "release", nqn("disk"), check=False).returncode, 1)

    def test_an_exclude_line_is_an_order(self):
        self.mount(self.connected())
        self.set_conf("stacd", self.conf(ioc("disk")) + f"exclude=nqn={nqn('disk')}\n")
        self.is_gone()

    def test_a_mount_that_only_others_see(self):
        disk = self.connected()
        mount = f"mount {disk} {WHERE} && echo mounted && exec sleep infinity"
        other = Process("other", ["unshare", "--mount", "sh", "-c", mount], self.env)
        self._processes.append(other)
        other.line("^mounted$")
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} is claimed by something that does not show")
        other.stop()
        self.is_gone()

    def test_swap_space(self):
        disk = self.connected(mkfs=("mkswap", "-q"))
        run("swapon", disk)
        self.addCleanup(run, "swapoff", disk, check=False)
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} is ")  # the sandbox hides /proc/swaps
        run("swapoff", disk)
        self.is_gone()

    def test_a_logical_volume_that_nobody_has_mounted(self):
        """The volume group's activation is what holds the disk: without it, its data are just data."""
        disk = self.connected(mkfs=())
        run("pvcreate", "-q", disk)
        run("vgcreate", "-q", "guarded", disk)
        self.addCleanup(run, "vgchange", "-q", "-an", "guarded", check=False)
        run("lvcreate", "-q", "--yes", "--extents", "2", "--name", "volume", "guarded")
        self.set_conf("stacd", self.conf())
        self.is_kept(rf"{disk.name} is held by dm-\d+ \(guarded-volume\)")
        run("vgchange", "-q", "-an", "guarded")
        self.is_gone()

    def test_a_release_lets_go_of_a_logical_volume(self):
        disk = self.connected(mkfs=())
        run("vgcreate", "-q", "guarded", disk)
        run("lvcreate", "-q", "--yes", "--extents", "2", "--name", "volume", "guarded")
        self.addCleanup(run, "dmsetup", "remove", "--retry", "guarded-volume", check=False)
        self.set_conf("stacd", self.conf())
        self.is_kept(rf"{disk.name} is held by dm-\d+ \(guarded-volume\)")
        run("stacctl", "release", nqn("disk"))
        self.is_gone()

    def test_only_the_last_live_path_of_a_mapped_device_is_kept(self):
        """Two paths of the kernel's own multipath. The second is lost, so the first, the older, is the last one."""
        disk = self.connected(ioc("disk"), ioc("disk", TARGET_2, kato="2"), mkfs=())
        map_device("mapped", "linear", f"{disk} 0", disk)
        self.addCleanup(run, "dmsetup", "remove", "--retry", "mapped", check=False)
        self.undo_later("ip", "-n", NAMESPACE, "link", "set", "t1", "up")
        run("ip", "-n", NAMESPACE, "link", "set", "t1", "down")
        self.eventually("one path is lost", lambda: ways(io_controllers(state="live")) == [("disk", TARGET)])
        self.set_conf("stacd", self.conf(ioc("disk", TARGET_2, kato="2")))
        # Either by the guard or for the other's sake, which is wanted and takes its place when it works again.
        self.says(r"nvme\d+ - kept: ", "stacd")
        self.assertEqual(ways(io_controllers(state="live")), [("disk", TARGET)])
        run("dd", "if=/dev/zero", "of=/dev/mapper/mapped", "bs=4096", "count=1", "oflag=direct")
        run("ip", "-n", NAMESPACE, "link", "set", "t1", "up")
        self.goes(("disk", TARGET_2))  # it carries again, so the other may go
        self.set_conf("stacd", self.conf())
        self.is_kept(rf"{disk.name} is held by dm-\d+ \(mapped\)")
        run("dmsetup", "remove", "--retry", "mapped")
        self.is_gone()

    def test_one_that_claims_nothing_shows_by_its_reads(self):
        disk = self.connected()
        reader = Process("reader", ["sh", "-c", f"while dd if={disk} of=/dev/null bs=64k iflag=direct; do :; done"],
                         self.env)
        self._processes.append(reader)
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} has I/O under way")
        reader.stop()
        self.is_gone()

    def test_what_nobody_uses_goes(self):
        self.connected()
        self.set_conf("stacd", self.conf())
        self.is_gone()
        self.assertNotIn("kept: ", self.journal("stacd"))

    def test_only_the_last_path_is_kept(self):
        disk = self.connected(ioc("disk"), ioc("disk", TARGET_2))
        self.mount(disk)
        self.set_conf("stacd", self.conf(ioc("disk", TARGET_2)))
        self.goes(("disk", TARGET_2))
        self.assertNotIn("kept: ", self.journal("stacd"))
        self.set_conf("stacd", self.conf())
        self.is_kept(f"{disk.name} is mounted on {WHERE}")
        (WHERE / "file").write_text("written", encoding="ascii")
        run("sync", "-f", WHERE)

    def test_by_default_it_is_cut_and_told(self):
        disk = self.connected(guard="warn")
        self.mount(disk)
        self.set_conf("stacd", stacd_conf())
        self.is_gone()
        self.says(rf"The last path to what is in use is cut: {disk.name} is mounted on {WHERE}", "stacd")


if __name__ == "__main__":
    main()

# SPDX-License-Identifier: Apache-2.0
"""A network that is never well for long: links that flap, packets that are lost and late, partitions. Whatever it does is
no reason to disconnect anything, and costs neither descriptors nor a journal full of lines."""
import random

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

ROUNDS = 5  # each is another kind of trouble, of five; 16 connections were lost and made again by the kernel
LINKS = ("t0", "t1")
SILENCE = 8  # seconds: longer than kato=5, so that the kernel notices
VARY = 2  # descriptors that differ between two quiet moments; an open connect or a helper
# Lines of both daemons for a controller and round: lost, tried, live again, with what stafd reads then. Fewer than one is
# seen.
LINES = 12
NAMES = ("one", "two", "three")


def in_storage(*argv, check=True):
    return run(*argv[:1], "-n", NAMESPACE, *argv[1:], check=check)


def descriptors():
    return {daemon: len(os.listdir(f"/proc/{pid(daemon)}/fd")) for daemon in DAEMONS}


class Flaps(Running):
    def setUp(self):
        super().setUp()
        for link in LINKS:
            self.undo_later("tc", "-n", NAMESPACE, "qdisc", "del", "dev", link, "root")
            self.undo_later("ip", "-n", NAMESPACE, "link", "set", link, "up")

    # -- trouble, each of which ends

    def netem(self, link, *how):
        in_storage("tc", "qdisc", "replace", "dev", link, "root", "netem", *how)

    def is_well(self, link):
        in_storage("tc", "qdisc", "del", "dev", link, "root")

    def one_flap(self, link):
        in_storage("ip", "link", "set", link, "down")
        time.sleep(self.random.uniform(0.1, SILENCE))
        in_storage("ip", "link", "set", link, "up")

    def many_flaps(self, link):
        for _ in range(10):
            in_storage("ip", "link", "set", link, "down")
            time.sleep(self.random.uniform(0, 0.2))
            in_storage("ip", "link", "set", link, "up")
            time.sleep(self.random.uniform(0, 0.2))

    def loss_and_delay(self, link):
        self.netem(link, "loss", "20%", "delay", "100ms", "80ms", "reorder", "10%", "duplicate", "5%")
        time.sleep(SILENCE)
        self.is_well(link)

    def partition(self, link):
        """The carrier stays; nothing comes through."""
        self.netem(link, "loss", "100%")
        time.sleep(SILENCE)
        self.is_well(link)

    def both_partitioned(self, link):
        for each in LINKS:
            self.netem(each, "loss", "100%")
        time.sleep(SILENCE)
        for each in (link, *LINKS):
            in_storage("tc", "qdisc", "del", "dev", each, "root", check=False)

    # -- and what is expected

    def all_is_well(self, limit=4 * LIMIT):
        wanted = sorted(nqn(name) for name in NAMES for _ in LINKS)
        wait_for("everything is live", lambda: live_nqns() == wanted and
                 len(discovery_controllers(state="live")) == 2, limit)
        wait_for("the daemons know what there is", lambda: known(*DAEMONS) == held(), limit)

    def test_links_that_flap_lose_delay_and_part(self):
        seed = random.SystemRandom().randrange(1 << 32)
        self.random = random.Random(seed)
        self.silence_nvme_cli()
        options = {"reconnect_delay": 1, "kato": 5}
        for number, traddr in ((1, TARGET), (2, TARGET_2)):
            self.port_with(number=number, traddr=traddr)
        for name in NAMES:
            self.target.subsystem(nqn(name), 1)
            self.target.link(2, nqn(name))
        write_conf("stafd", stafd_conf(dc(), dc(TARGET_2), **options))
        write_conf("stacd", stacd_conf(**options))
        start(*DAEMONS)
        self.all_is_well()
        lives, before, mark = [pid(daemon) for daemon in DAEMONS], descriptors(), self.uevents.mark()
        lines, begun = len(self.journal().splitlines()), time.monotonic()
        kinds = [self.one_flap, self.many_flaps, self.loss_and_delay, self.partition, self.both_partitioned]
        for number in range(ROUNDS):
            kind, link = kinds[number % len(kinds)], self.random.choice(LINKS)
            kind(link)
            self.all_is_well()
            print(f"      round {number + 1}: {kind.__name__} of {link}", file=sys.stderr)
        took = time.monotonic() - begun
        lines = len(self.journal().splitlines()) - lines
        print(f"      seed {seed}, {ROUNDS} rounds in {took:.0f} s: {lines * 3600 / took:.0f} lines in an hour of this, "
              f"descriptors {before} before, {descriptors()} after", file=sys.stderr)
        self.assertIn("starting error recovery", "\n".join(self.kernel_messages()), "no connection was ever lost")
        self.nothing_is_leaving()
        self.assertEqual(self.uevents.came_and_went(mark), [], "controllers were cut or made")
        self.assertEqual(self.cut_by_us(), [])
        self.assertEqual([pid(daemon) for daemon in DAEMONS], lives)
        for daemon, was in before.items():
            wait_for(f"{daemon} has no more descriptors than before ({was})",
                     lambda of=daemon, most=was + VARY: descriptors()[of] <= most, LIMIT)
        self.assertLess(lines, LINES * ROUNDS * len(held()))


class JournalAnew(Running):
    """journald is a process like others: the daemons outlive it, and what they say afterwards is read."""

    def anew(self, *how):
        self.port_with("one")
        self.begin("one")
        lives = [pid(daemon) for daemon in DAEMONS]
        added = ["one"]
        for name in ("two", "three", "four"):
            old = pid("systemd-journald")
            systemctl(*how)
            self.eventually("another journald", lambda was=old: pid("systemd-journald") not in (0, was))
            added.append(name)
            self.target.subsystem(nqn(name), 1)
            self.connects(*added)
            self.says(rf"{nqn(name)}\) \| nvme\d+ - Connection established", "stacd")
        self.assertEqual([pid(daemon) for daemon in DAEMONS], lives)

    def test_a_journal_that_is_restarted(self):
        self.anew("restart", "systemd-journald")

    def test_a_journal_that_is_killed(self):
        self.anew("kill", "--signal=KILL", "systemd-journald")


if __name__ == "__main__":
    main()

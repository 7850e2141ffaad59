# SPDX-License-Identifier: Apache-2.0
"""Each call to the system fails once, with each errno that is likely there: nobody crashes or hangs, nothing is disconnected
that should stay, and in the end all is as it should be, or the daemon has ended with status 1 and said why.

Some calls, spread over all; with STAS_FAILING_CALLS=all, each of them (suite pressure-long)."""
import collections
import errno
import os
import unittest

from harness import Daemon, Story, main, nqn, program, sanitized_by, stacd_conf, stafd_conf

LIBRARY = os.environ["STAS_FAILING_CALLS_LIBRARY"]
ALL = os.environ.get("STAS_FAILING_CALLS") == "all"
SOME = 6  # calls that are tried of each daemon
LIMIT = 60  # seconds until all is well again: retries wait for some 3 s, a tool for 25 s
# A file that cannot be read at start: told, and nothing is connected or cut for it until a reload.
DEFAULTS = "the defaults that cut least apply"
MOST = 2000  # calls of one run

NETWORK, MEMORY, DESCRIPTORS, DISK = ("ECONNRESET", "ENETUNREACH"), ("ENOMEM",), ("EMFILE", "ENFILE"), ("EIO", "ENOSPC")
LIKELY = {"socket": DESCRIPTORS + MEMORY, "connect": ("ECONNREFUSED", "ETIMEDOUT", "EAGAIN") + NETWORK[1:],
          "bind": ("EADDRINUSE",), "send": NETWORK + ("EPIPE", "EAGAIN", "EINTR"), "sendto": NETWORK + ("EPIPE", "EAGAIN"),
          "sendmsg": NETWORK + ("EPIPE", "EAGAIN", "ENOBUFS"), "recv": NETWORK[:1] + ("EINTR", "EAGAIN"),
          "recvfrom": NETWORK[:1] + ("EINTR",), "recvmsg": NETWORK[:1] + ("EINTR", "EAGAIN", "ENOBUFS"),
          "read": ("EIO", "EINTR"), "write": DISK + ("EPIPE",), "writev": DISK + ("EPIPE",), "open": DESCRIPTORS + ("EACCES",),
          "epoll_ctl": MEMORY + ("ENOSPC",), "epoll_wait": ("EINTR",), "ppoll": ("EINTR",) + MEMORY, "rename": DISK + ("EROFS",),
          "unlink": ("EROFS",), "pthread_create": ("EAGAIN",), "fstat": ("EIO",), "stat": ("EIO", "EACCES"),
          "inotify_add_watch": ("ENOSPC",), "getrandom": ("EINTR",)}
for same in ("open64", "openat", "openat64"):
    LIKELY[same] = LIKELY["open"]


@unittest.skipIf(sanitized_by("asan") or sanitized_by("tsan"), "a sanitizer has functions of its own in their place")
class FailingCalls(Story):
    def start(self, name, **variables):
        env = {"LD_PRELOAD": LIBRARY, **{f"STAS_{key}": str(value) for key, value in variables.items()}}
        daemon = self.world.add(Daemon(self.world, name, ready=False, env=env))
        return daemon

    def is_well(self, daemon):
        """Connected to what it should be; or ended. (That the service manager was told may be what failed.)"""
        if not daemon.alive():
            return True
        if DEFAULTS in daemon.text():
            return True
        # An answer that is lost on its way makes the tool wait for its 25 s.
        done = self.world.run(*self.question[daemon.name], limit=LIMIT)
        return done.returncode == 0 and done.stdout.count("'connected': 'True'") == self.connections[daemon.name]

    def prepare(self):
        target = self.world.target("one", "two")
        self.world.write_conf("stafd", stafd_conf(target.controller()))
        self.world.write_conf("stacd", stacd_conf(target.controller(nqn("one")), target.controller(nqn("two"))))
        self.question = {"stafd": (program("stafctl"), "ls", "-d"), "stacd": (program("stacctl"), "ls", "-d")}
        self.connections = {"stafd": 1, "stacd": 2}

    def calls_of(self, name):
        """The names of the calls of a run in which none fails, in their order."""
        file = self.world.path / "calls"
        daemon = self.start(name, CALLS_FILE=file)
        self.eventually("all is well", lambda: self.is_well(daemon), limit=LIMIT)
        calls = file.read_text().split()
        self.assertEqual(daemon.stop(), 0)
        return calls[:MOST]

    def try_one(self, name, number, call, code):
        what = f"{name}: call {number} of {call} fails with {code}"
        daemon = self.start(name, FAIL_NAME=call, FAIL_CALL=number, FAIL_ERRNO=getattr(errno, code))
        self.eventually(what, lambda: self.is_well(daemon), limit=LIMIT)
        if daemon.alive():
            # The call may be one of the stop.
            self.assertIn(daemon.stop(), (0, 1), f"{what}: {daemon.text()}")
            ended = "works without its file" if DEFAULTS in daemon.text() else "works"
        else:
            # Not by a signal, and not without a word.
            self.assertEqual((daemon.wait(), bool(daemon.text().strip())), (1, True), what)
            ended = "ended with status 1"
        text = daemon.text()
        for word in ("isconnected:", "Sanitizer", "terminate called", "assertion"):
            self.assertNotIn(word, text, what)
        self.world.processes.remove(daemon)
        daemon.notify.close()
        return ended

    def fail_calls_of(self, name):
        self.prepare()
        calls = self.calls_of(name)
        self.assertGreater(len(calls), 100)
        # By name and number of that name: threads make no two runs alike.
        cases = [(number, call, code) for call, count in sorted(collections.Counter(calls).items())
                 for number in range(1, count + 1) for code in LIKELY.get(call, DESCRIPTORS)]
        # Spread over all, and another errno each time.
        tried = cases if ALL else cases[len(cases) // (2 * SOME)::max(1, len(cases) // SOME)]
        outcomes = collections.Counter(self.try_one(name, *case) for case in tried)
        print(f"{name}: {len(calls)} calls, {len(tried)} of {len(cases)} cases tried: {dict(outcomes)}")
        self.assertGreater(outcomes["works"], len(tried) // 4)

    def test_of_stafd(self):
        self.fail_calls_of("stafd")

    def test_of_stacd(self):
        self.fail_calls_of("stacd")


if __name__ == "__main__":
    main()

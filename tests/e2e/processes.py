# SPDX-License-Identifier: Apache-2.0
"""Processes whose output is read line by line, each line with the time at which it came.

Everything that a story or the demo starts dies with it: by stop(), and by the kernel should we be killed.
"""
import ctypes
import os
import re
import signal
import socket
import subprocess
import threading
import time

DEFAULT_LIMIT = 20.0  # seconds that any one expectation may take on a busy machine
_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class Unexpected(AssertionError):
    """Something that should have happened did not."""


def wait_for(what, condition, limit=DEFAULT_LIMIT, interval=0.02):
    """Polls until `condition()` is true and returns its value."""
    end = time.monotonic() + limit
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise Unexpected(f"not within {limit:g} s: {what}")
        time.sleep(interval)


def _die_with_parent():
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_SETMASK, [])


class Process:
    """A child and its output: both streams, unless standard error goes elsewhere."""

    def __init__(self, name, argv, env=None, stderr=subprocess.STDOUT):
        self.name = name
        self.lines = []  # (monotonic seconds, text)
        self._news = threading.Condition()
        self._ended = False
        self._tee = None
        self.started = time.monotonic()
        self._child = subprocess.Popen(
            [str(arg) for arg in argv], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
            stderr=stderr, preexec_fn=_die_with_parent)
        self.pid = self._child.pid
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for raw in self._child.stdout:
            with self._news:
                self.lines.append((time.monotonic(), raw.decode(errors="replace").rstrip("\n")))
                if self._tee:
                    self._tee.write(self.lines[-1][1] + "\n")
                self._news.notify_all()
        with self._news:
            self._ended = True
            self._news.notify_all()

    def stop_reading(self):
        """After the next line that comes, writing fails."""
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, self._child.stdout.fileno())
        os.close(nothing)

    def tee(self, path):
        """From now on the output, also what there is already, goes to a file as well."""
        with self._news:
            self._tee = open(path, "w", buffering=1, encoding="utf-8")  # pylint: disable=consider-using-with
            self._tee.write("".join(text + "\n" for _, text in self.lines))

    def mark(self):
        """A place in the output; expectations may start from there."""
        return len(self.lines)

    def text(self, since=0):
        return "\n".join(text for _, text in self.lines[since:])

    def count(self, pattern, since=0):
        return sum(1 for _, text in self.lines[since:] if re.search(pattern, text))

    def line(self, pattern, since=0, limit=DEFAULT_LIMIT):
        """Waits for a line that matches; returns its time and text."""
        end = time.monotonic() + limit
        at = since
        with self._news:
            while True:
                for stamp, text in self.lines[at:]:
                    if re.search(pattern, text):
                        return stamp, text
                at = len(self.lines)
                left = end - time.monotonic()
                if left <= 0 or self._ended:
                    why = "it ended" if self._ended else f"{limit:g} s are over"
                    raise Unexpected(f"{self.name} never said /{pattern}/ ({why})")
                self._news.wait(left)

    def alive(self):
        return self._child.poll() is None

    def kill(self, number):
        self._child.send_signal(number)

    def wait(self, limit=DEFAULT_LIMIT):
        """Waits for the end; returns the exit status (negative: the signal)."""
        try:
            status = self._child.wait(limit)
        except subprocess.TimeoutExpired:
            raise Unexpected(f"{self.name} did not end within {limit:g} s") from None
        self._reader.join(limit)
        self._child.stdout.close()
        if self._tee:
            self._tee.close()
        return status

    def stop(self, number=signal.SIGTERM, limit=DEFAULT_LIMIT):
        if self.alive():
            self.kill(number)
            try:
                self.wait(limit)
            except Unexpected:
                self.kill(signal.SIGKILL)
                self.wait(limit)
                raise
        else:
            self.wait(limit)
        return self._child.returncode

    def memory_kib(self):
        """Resident and proportional set size."""
        with open(f"/proc/{self.pid}/smaps_rollup", encoding="ascii") as rollup:
            sizes = dict(re.findall(r"^(\w+): +(\d+) kB", rollup.read(), re.M))
        return int(sizes["Rss"]), int(sizes["Pss"])

    def status_of_threads(self):
        """/proc/PID/status of each thread, as dictionaries."""
        threads = []
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="utf-8") as status:
                threads.append(dict(re.findall(r"^(\w+):\s*(.*)$", status.read(), re.M)))
        return threads

    def copies_in_memory(self, text):
        """How often a text stands in its memory. Needs what ptrace(2) needs; a parent mostly has it."""
        count = 0
        with open(f"/proc/{self.pid}/maps", encoding="utf-8") as maps, open(f"/proc/{self.pid}/mem", "rb", 0) as memory:
            for line in maps:
                place, rights = line.split()[:2]
                begin, end = (int(number, 16) for number in place.split("-"))
                if not rights.startswith("rw") or "[v" in line or end - begin > 1 << 28:  # a sanitizer's own
                    continue
                memory.seek(begin)
                count += memory.read(end - begin).count(text.encode())
        return count

    def wakeups(self):
        """How often all its threads together gave up the processor of their own accord."""
        total = 0
        for task in os.listdir(f"/proc/{self.pid}/task"):
            with open(f"/proc/{self.pid}/task/{task}/status", encoding="utf-8") as status:
                total += int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read(), re.M)[1])
        return total


class NotifySocket:
    """The service manager's end of sd_notify(3)."""

    def __init__(self, path):
        self.path = str(path)
        self.messages = []  # (monotonic seconds, text)
        self._news = threading.Condition()
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(self.path)
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        while True:
            text = self._socket.recv(4096).decode()
            if not text:  # close()
                return
            with self._news:
                self.messages.append((time.monotonic(), text))
                self._news.notify_all()

    def states(self):
        return [line for _, text in self.messages for line in text.splitlines() if "=" in line]

    def count(self, state):
        return self.states().count(state)

    def wait(self, state, times=1, limit=DEFAULT_LIMIT):
        with self._news:
            if not self._news.wait_for(lambda: self.count(state) >= times, limit):
                raise Unexpected(f"no {state} number {times} within {limit:g} s; got {self.states()}")
        return self.messages[-1][0]

    def close(self):
        """Not before the reader is done: its next recv() would be on whatever socket has the number then, and take a
        message of another daemon."""
        if self._socket.fileno() < 0:
            return
        self._socket.shutdown(socket.SHUT_RD)
        self._reader.join()
        self._socket.close()

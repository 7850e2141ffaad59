# SPDX-License-Identifier: Apache-2.0
"""Our programs beside the recorded ones of nvme-stas 2.4.1 (recorded.txt): the same command lines, the same words, the same
exit statuses, but for the differences below. Each difference is in NEWS.md, in the words that are given here; each of them
occurs; and once all are undone in our output, it is the recorded one, byte for byte.
"""
import os
import pathlib
import re
import subprocess
import unittest

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = HERE.parents[1]
BUILD = pathlib.Path(os.environ["STAS_BUILD"])
PROGRAMS = {"stafd": "stafd/stafd", "stafctl": "stafd/stafctl", "stacd": "stacd/stacd", "stacctl": "stacd/stacctl",
            "stasadm": "libstas/tools/stasadm/stasadm"}
RECORDED = re.findall(r"^\$ (.*)\n((?:.*\n)*?)\[exit (\d+)\]\n", (HERE / "recorded.txt").read_text(), re.M)
NEWS = " ".join((SOURCE / "NEWS.md").read_text().split())

NEW_COMMANDS = {"stafctl": ("plan", "explain", "history", "topology", "watch"),
                "stacctl": ("plan", "explain", "history", "health", "release", "topology", "watch"),
                "stasadm": ("convert", "doctor")}


def without_commands(command, text):
    for name in NEW_COMMANDS.get(command.split()[0], ()):
        text = re.sub(rf",{name}\b(?=[,}}])", "", text)
        text = re.sub(rf", {name}(?=[,)])", "", text)
        text = re.sub(rf"^    {name} +.*\n", "", text, flags=re.M)
    return text


def sub(pattern, replacement, only=""):
    """An undoing by pattern, in the output of commands that contain `only`."""
    return lambda command, text: re.sub(pattern, replacement, text, flags=re.M) if only in command else text


# What NEWS.md says, and what undoes it. In this order.
DIFFERENCES = [
    ("`stacctl health`", without_commands),
    ("`stafd --check FILE`, `stacd --check FILE`; `--sys-conf FILE`",
     lambda command, text: sub(r"^  --sys-conf FILE .*\n", "")(command, sub(
         r"^  --check FILE .*\n  --plan FILE .*\n.*\n", "")(command, sub(
             r" \[--fabric \{kernel,user\}\]\n +\[--sys-conf FILE\] \[--check FILE\] \[--plan FILE\]", "")(command, text)))),
    ("`--fabric=user`: an NVMe/TCP host inside the daemons",
     lambda command, text: sub(r"^  --fabric .*\n.*\n.*\n", "")(command, text.replace(", except with\n--fabric=user.", "."))),
    ("Without `--syslog` the daemons log to standard error", sub("instead of stderr", "instead of stdout")),
    ("`stafctl`, `stacctl`: `--output=json` and `--output=table`", sub(r"\nBefore or after a command:\n.*\n", "")),
    ("`--help` ends with an example and the name of the manual page", sub(r"\nExample: .*\nManual: .*\n", "")),
    ("`--version` begins with `nvme-stas 2.4.1 (stas", sub(r"^nvme-stas 2\.4\.1 \(stas [0-9.]+\)$", "nvme-stas 2.4.1")),
    ("A tool that gets no answer says why, in a second line",
     sub(r"(\?\n)cannot connect to the system bus: .*\n", r"\1")),
    ("The read-only sub-commands need no readable host NQN",
     sub(r"\(default: the host NQN\n +stafd uses\)", "(default: \"nqn.2014-\n                        08.org.nvmexpress:uuid:"
         "2cd2c43b-a90a-45c1-a8cd-\n                        86b33ab273b5\")", "dlp --help")),
    ("`stasadm --help` says what is set: the host symbolic name",
     sub(r"the host symbolic name$", "the host symbolic", "stasadm --help")),
]
# Where 2.4.1 failed with a traceback, or talked about itself: what is the same is the exit status, or not even that.
OF_THEIR_OWN = {
    "A tool without a sub-command prints its usage and exits 1": {
        "stafctl": (r"usage: stafctl .*\n", 1), "stacctl": (r"usage: stacctl .*\n", 1), "stasadm": (r"usage: stasadm .*\n.*\n", 1)},
}


class Peer(unittest.TestCase):
    maxDiff = None

    def run_it(self, command):
        words = command.split()
        at = next(i for i, word in enumerate(words) if word in PROGRAMS)
        words[at] = str(BUILD / PROGRAMS[words[at]])
        env = dict(os.environ, LC_ALL="C.UTF-8", DBUS_SYSTEM_BUS_ADDRESS="unix:path=/nonexistent/stas-bus")
        done = subprocess.run(words, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                              text=True, check=False)
        return done.stdout, done.returncode

    def test_what_differs_is_in_the_news_and_nothing_else_does(self):
        used = set()
        for command, recorded, status in RECORDED:
            with self.subTest(command):
                if command.startswith("setpriv") and os.geteuid() != 0:
                    continue  # only root becomes somebody else
                text, code = self.run_it(command)
                if command.startswith("setpriv") and code == 127:
                    continue  # others cannot reach the build directory
                own = next((rows[command] for rows in OF_THEIR_OWN.values() if command in rows), None)
                if own:
                    self.assertRegex(text, "^" + own[0] + "$")
                    self.assertEqual(code, own[1])
                    continue
                for news, undo in DIFFERENCES:
                    before, text = text, undo(command, text)
                    if text != before:
                        used.add(news)
                text = re.sub(r"^libnvme .*$", "libnvme 1.13", text, flags=re.M)  # of the machine
                self.assertEqual((text, code), (recorded, int(status)))
        self.assertEqual([news for news, _ in DIFFERENCES if news not in used], [], "differences that are none")

    def test_the_news_have_the_words(self):
        for news in [news for news, _ in DIFFERENCES] + list(OF_THEIR_OWN):
            self.assertTrue(news in NEWS, f"not in NEWS.md: {news}")
        for tool, names in NEW_COMMANDS.items():
            for name in names:
                self.assertRegex(NEWS, rf"`{tool} {name}\b", f"{tool} {name} is not in NEWS.md")


if __name__ == "__main__":
    unittest.main(verbosity=2)

# SPDX-License-Identifier: Apache-2.0
"""doc/first-disk.md, as it is written: its commands, one after the other, in one shell."""
import re
import tempfile

from lab import *  # pylint: disable=wildcard-import,unused-wildcard-import

PAGE = pathlib.Path("/vm/in/doc/first-disk.md")


class FirstDisk(Scenario):
    def test_the_page(self):
        commands = "".join(re.findall(r"^```sh\n(.*?)^```$", PAGE.read_text(encoding="utf-8"), re.M | re.S))
        self.addCleanup(run, "umount", "/mnt", check=False)
        with tempfile.TemporaryDirectory() as folder:
            path = f"{harness.BUILD}/tests/target:{os.environ['PATH']}"
            script = pathlib.Path(folder) / "page"
            script.write_text(commands, encoding="utf-8")
            done = subprocess.run(["bash", "-e", "-v", script], cwd=folder, env=dict(os.environ, PATH=path), text=True,
                                  stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                                  timeout=10 * LIMIT, check=False)
        print(done.stdout, flush=True)
        self.assertEqual(done.returncode, 0)
        said = done.stdout.split("cat /mnt/hello\n")[1]
        self.assertTrue(said.startswith("from far away\n"), said)
        self.assertRegex(done.stdout, r"(?m)^disconnect .*nqn.2024-01.org.example:disk")


if __name__ == "__main__":
    main()

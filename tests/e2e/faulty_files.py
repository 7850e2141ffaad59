# SPDX-License-Identifier: Apache-2.0
"""What can happen to a configuration file: functions that do it to the file at a path."""
import os


def remove(path):
    """Whatever is there."""
    if path.is_dir():
        path.rmdir()
    else:
        path.unlink(missing_ok=True)


def write(text):
    return lambda path: path.write_bytes(text.encode() if isinstance(text, str) else text)


def directory(path):
    path.unlink()
    path.mkdir()


def fifo(path):
    path.unlink()
    os.mkfifo(path)


def forbidden(path):
    path.chmod(0)

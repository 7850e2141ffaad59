# SPDX-License-Identifier: Apache-2.0
"""Stories told again on dbus-broker: on_broker.py STORY [TEST...]. Skipped (77) where it is not installed, or where the
machine forbids the namespaces that it needs here."""
import importlib
import sys
import unittest

import buses
import harness
import namespaces


def main():
    why_not = namespaces.enter(*buses.BROKER, *namespaces.AVAHI, users=True)
    if why_not is not None:
        print(f"SKIP: no dbus-broker here: {why_not}")
        sys.exit(77)
    harness.World.bus_daemon = buses.Broker
    story = importlib.import_module(f"{sys.argv[1]}_story")
    unittest.main(story, argv=[sys.argv[0], *sys.argv[2:]], verbosity=2)


main()

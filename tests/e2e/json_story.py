# SPDX-License-Identifier: Apache-2.0
"""What the tools print with --output=json is what etc/stas-json-1.schema.json says: programs rely on it."""
import json
import signal
import subprocess

from harness import BUILD, SOURCE, Story, main, nqn, program, stacd_conf, stafd_conf

SCHEMA = json.loads((SOURCE / "etc/stas-json-1.schema.json").read_text())
TYPES = {"string": str, "number": (int, float), "integer": int, "boolean": bool, "null": type(None), "array": list,
         "object": dict}
KNOWN = {"$schema", "$defs", "$ref", "title", "description", "type", "properties", "required", "additionalProperties",
         "items", "maxItems", "allOf", "const", "enum"}


def is_a(value, name):
    return isinstance(value, TYPES[name]) and (name == "boolean" or not isinstance(value, bool))


def complaints(value, schema, at="$"):
    """The part of JSON Schema that ours uses."""
    unknown = set(schema) - KNOWN
    if unknown:
        yield f"{at}: the schema uses {unknown}, which this test does not know"
    if "$ref" in schema:
        yield from complaints(value, SCHEMA["$defs"][schema["$ref"].removeprefix("#/$defs/")], at)
    for part in schema.get("allOf", ()):
        yield from complaints(value, part, at)
    names = schema.get("type", [])
    names = [names] if isinstance(names, str) else names
    if names and not any(is_a(value, name) for name in names):
        yield f"{at}: {value!r} is not of type {names}"
        return
    if "const" in schema and value != schema["const"]:
        yield f"{at}: {value!r} is not {schema['const']!r}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{at}: {value!r} is none of {schema['enum']}"
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", {})
        for key in schema.get("required", ()):
            if key not in value:
                yield f"{at}: there is no {key!r}"
        for key, member in value.items():
            yield from complaints(member, properties.get(key, others), f"{at}.{key}")
    if isinstance(value, list):
        if len(value) > schema.get("maxItems", len(value)):
            yield f"{at}: too many"
        for number, item in enumerate(value):
            yield from complaints(item, schema.get("items", {}), f"{at}[{number}]")


class Schema(Story):
    def start(self):
        self.first = self.world.target("one", "two", name="first")
        second = self.world.target("three", name="second", traddr="127.0.0.2")
        self.world.stafd(stafd_conf(self.first.controller(), exclude=("nqn=" + nqn("never"),)))
        self.stacd = self.world.stacd(stacd_conf(second.controller(nqn("three")), second.controller(nqn("nowhere"))))
        self.eventually("three are connected", lambda: len(self.stacd.connected()) == 3)
        other = self.world.path / "other.conf"
        other.write_text(stacd_conf(self.first.controller(nqn("two")), exclude=("nqn=" + nqn("one"),)))
        broken = self.world.path / "broken.conf"
        broken.write_text("[Broken\n")
        return {"stafctl": (("ls", "ls"), ("ls", "ls", "-d"), ("status", "status"), ("adlp", "adlp", "-d"), ("plan", "plan"),
                            ("dlp", "dlp", "-a", "127.0.0.1", "-s", self.first.port), ("explain", "explain", "127.0.0.1"),
                            ("history", "history"), ("topology", "topology"), ("tron", "tron"), ("tron", "troff")),
                "stacctl": (("ls", "ls"), ("ls", "ls", "-d"), ("status", "status"), ("plan", "plan"),
                            ("plan", "plan", "--config", other), ("plan", "plan", "--config", broken),
                            ("explain", "explain", nqn("one")), ("explain", "explain", nqn("nowhere")),
                            ("explain", "explain", "what"), ("history", "history"), ("history", "history", "what"),
                            ("health", "health"), ("topology", "topology"), ("release", "release", nqn("one")))}

    def holds(self, name, text, what):
        found = list(complaints(json.loads(text), SCHEMA["$defs"][name], name))
        self.assertEqual(found, [], what)

    def test_each_command_prints_what_the_schema_says(self):
        commands = self.start()
        seen = {"watch", "doctor"}
        for again in (False, True):
            for tool, rows in commands.items():
                for name, *args in rows:
                    done = self.world.run(program(tool), "--output=json", *args)
                    self.holds(name, done.stdout, f"{tool} {args}: {done.stderr}")
                    seen.add(name)
            if not again:
                self.first.stop(signal.SIGKILL)  # the same with a controller that is down
                self.eventually("it is down", lambda: any(c["state"] != "live" for c in self.stacd.ls()))
        used = {name for name in SCHEMA["$defs"] if SCHEMA["$defs"][name].get("description", "").startswith(("sta", "tron"))}
        self.assertEqual(used, seen)

    def test_watch_and_doctor_as_well(self):
        self.start()
        with self.world.background(program("stacctl"), "--output=json", "watch", "-d") as watch:
            self.holds("watch", watch.stdout.readline(), "watch")
            watch.send_signal(signal.SIGTERM)
        done = subprocess.run([BUILD / "libstas/tools/stasadm/stasadm", "doctor", "--output=json"], capture_output=True,
                              text=True, check=False)
        self.holds("doctor", done.stdout, done.stderr)


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Which test shows what: checks the tables of tests/README.md.

Each row of doc/regressions.md and each finding of doc/contract.md has one line there, and each test that a line names
exists: `Suite.Name` of GoogleTest, `file.test_name` of a story or scenario, or a name in a meson.build. What follows a
name in quotes is the beginning of a row of that test's table, and is looked for in its file. A line without a test says
why, after "n/a: ".
"""
import pathlib
import re
import sys

ROW = re.compile(r"^\| (\d+|D-\d\d) \|[^|]*\| (.*) \|$", re.MULTILINE)
NAMED = re.compile(r'`([^`]+)`(?: "([^"]+)")?')


def gtest_cases(tests):
    """`Suite.Name` -> the text of the file, for every test."""
    return {f"{suite}.{name}": text for path in tests.rglob("*_test.cpp")
            for text in [path.read_text(encoding="utf-8")]
            for suite, name in re.findall(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", text, re.MULTILINE)}


def python_cases(tests):
    """`file.test_name` -> the text of the file, for every test method."""
    return {f"{path.stem}.{name}": text for path in tests.rglob("*.py")
            for text in [path.read_text(encoding="utf-8")]
            for name in re.findall(r"^    def (test_\w+)\(", text, re.MULTILINE)}


def meson_cases(tests):
    """The names of tests in the meson.build files and of the guest's files of scenarios."""
    names = {name for path in tests.rglob("meson.build")
             for name in re.findall(r"\btest\('([\w-]+)'", path.read_text(encoding="utf-8"))}
    names |= {path.stem for path in (tests / "vm/scenarios").glob("*.py")}
    return {name: "" for name in names}


def check(text, wanted, known):
    """What is wrong with the tables, one complaint per line."""
    rows = ROW.findall(text)
    ids = [number for number, _ in rows]
    wrong = [f"{number} has no line" for number in wanted if number not in ids]
    wrong += [f"{number} is in no list" for number in ids if number not in wanted]
    wrong += [f"{number} has several lines" for number in sorted(set(ids)) if ids.count(number) > 1]
    for number, shown_by in rows:
        named = NAMED.findall(shown_by)
        if not named and not shown_by.startswith("n/a: "):
            wrong.append(f"{number} names no test, and not why")
        for name, row in named:
            if name not in known:
                wrong.append(f"{number}: there is no test {name}")
            elif row and f'"{row}' not in known[name]:
                wrong.append(f'{number}: {name} has no row that begins with "{row}"')
    return wrong


def refuses_lies():
    """The checker itself: each kind of lie is found."""
    known = {"A.B": '{"a row: #1",', "story.test_c": ""}
    good = '| 1 | x | `A.B` "a row", `story.test_c` |\n| D-01 | y | n/a: never done |\n'
    lies = (good.replace("A.B", "A.C"), good.replace("a row", "row"), good.replace("test_c", "test_d"),
            good.replace("n/a: never done", "never done"), good.replace("D-01", "D-02"), good + good,
            good.partition("\n")[0] + "\n")
    return not check(good, ["1", "D-01"], known) and all(check(lie, ["1", "D-01"], known) for lie in lies)


def main():
    root = pathlib.Path(sys.argv[1])
    tests = root / "tests"

    def read(path):
        return (root / path).read_text(encoding="utf-8")

    wanted = re.findall(r"^\| (\d+) \|", read("doc/regressions.md"), re.MULTILINE)
    wanted += re.findall(r"^\| (D-\d\d) \|", read("doc/contract.md"), re.MULTILINE)
    known = gtest_cases(tests) | python_cases(tests) | meson_cases(tests)
    wrong = check(read("tests/README.md"), wanted, known)
    if not refuses_lies():
        wrong.append("the checker does not find what it should")
    print(*wrong, f"{len(wanted)} rows", sep="\n")
    return 1 if wrong or len(wanted) < 88 else 0


if __name__ == "__main__":
    sys.exit(main())

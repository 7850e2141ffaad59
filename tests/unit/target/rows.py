# SPDX-License-Identifier: Apache-2.0
"""Checks the table of tests/target/README.md: its rows are complete, what works is proven, and every test it names exists."""
import pathlib
import re
import sys

ROWS = 129
STATES = ("works", "partly: ", "missing", "n/a: ")


def gtest_names(tests):
    """`Suite.Name` of every test in the folder."""
    pattern = re.compile(r"^TEST(?:_F|_P)?\((\w+),\s*(\w+)\)", re.MULTILINE)
    return {".".join(found) for path in (tests / "unit/target").glob("*.cpp")
            for found in pattern.findall(path.read_text(encoding="utf-8"))}


def python_names(folder):
    """`file.test_name` of every test method in the folder."""
    return {f"{path.stem}.{name}" for path in folder.glob("*.py")
            for name in re.findall(r"^    def (test_\w+)\(", path.read_text(encoding="utf-8"), re.MULTILINE)}


def check(text, known):
    """What is wrong with the table, one complaint per line."""
    wrong, seen = [], []
    for number, state, tests in re.findall(r"^\| (\d+) \|[^|]*\|[^|]*\| ([^|]*) \| ([^|]*) \|$", text, re.MULTILINE):
        seen.append(int(number))
        names = re.findall(r"`([^`]+)`", tests)
        if not state.startswith(STATES):
            wrong.append(f"row {number}: '{state}' is no state")
        if state.startswith(("works", "partly")) and not names:
            wrong.append(f"row {number} is called {state} and names no test")
        wrong += [f"row {number}: there is no test {name}" for name in names if name not in known]
    if seen != list(range(1, ROWS + 1)):
        wrong.append(f"the rows are not 1 to {ROWS}, in order and each once")
    return wrong


def check_cases(text, known):
    """The same of the table of blktests' cases: three columns, the last with tests or with the reason for none."""
    wrong = []
    for case, tests in re.findall(r"^\| ([0-9][0-9, to]*) \|[^|]*\| ([^|]*) \|$", text, re.MULTILINE):
        names = re.findall(r"`([^`]+)`", tests)
        if not names and not tests.startswith("none: "):
            wrong.append(f"case {case} names neither a test nor a reason")
        wrong += [f"case {case}: there is no test {name}" for name in names if name not in known]
    return wrong


def refuses_lies():
    """The checker itself: each kind of lie is found."""
    good = "".join(f"| {n} | a | must | works | `A.B` |\n" for n in range(1, ROWS + 1))
    lies = (good.replace("| 7 | a | must | works | `A.B` |", "| 7 | a | must | works | `A.C` |"),
            good.replace("| 7 | a | must | works | `A.B` |", "| 7 | a | must | works | – |"),
            good.replace("| 7 | a | must | works | `A.B` |\n", ""),
            good.replace("| 7 | a | must | works |", "| 7 | a | must | perhaps |"))
    cases = "| 016, 017 | a | `A.B`; more |\n| 033 to 037 | a | none: row 17 |\n"
    more = (cases.replace("A.B", "A.C"), cases.replace("none: row 17", "later"))
    return (not check(good, {"A.B"}) and all(check(lie, {"A.B"}) for lie in lies) and not check_cases(cases, {"A.B"})
            and all(check_cases(lie, {"A.B"}) for lie in more))


def main():
    tests = pathlib.Path(sys.argv[1]) / "tests"
    known = gtest_names(tests) | python_names(tests / "e2e") | python_names(tests / "vm/scenarios")
    text = (tests / "target" / "README.md").read_text(encoding="utf-8")
    wrong = check(text, known) + check_cases(text, known)
    if not refuses_lies():
        wrong.append("the checker does not find what it should")
    print("\n".join(wrong) or f"{ROWS} rows")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Every case of consensus-cases.md is there once and names tests that run, or
says why it has none."""

import os
import re
import sys

HERE = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
CASES = (["A%d" % i for i in range(1, 8)] + ["B%d" % i for i in range(1, 9)] +
         ["C%d" % i for i in range(1, 17)] + ["E7"] +
         ["F%d" % i for i in range(1, 9)] + ["K%d" % i for i in range(1, 17)] +
         ["M-" + name for name in (
             "line26", "line28", "line32", "line42", "hiddenlock",
             "decideForPastRound", "disagreement", "multi-round",
             "newheightlogic", "votekeeper")])
REASONS = ("does not apply: ", "later: ")


def tests_of(path):
    text = open(os.path.join(HERE, path), encoding="utf-8").read()
    return set(re.findall(r"cmocka_unit_test(?:_\w+)?\(\s*(\w+)", text))


def check(case, tests):
    """What is wrong with a row, or None."""
    if tests.startswith(REASONS):
        return None
    for part in tests.split("; "):
        found = re.fullmatch(r"(unit/test_\w+\.c): (\w+(?:, \w+)*)", part)
        if not found:
            return "%s: cannot read %r" % (case, part)
        path, names = found.groups()
        if not os.path.exists(os.path.join(HERE, path)):
            return "%s: no file %s" % (case, path)
        there = tests_of(path)
        for name in names.split(", "):
            if name not in there:
                return "%s: %s has no test %s" % (case, path, name)
    return None


def main():
    wrong = []
    seen = []
    table = os.path.join(HERE, "consensus-cases.md")
    for line in open(table, encoding="utf-8"):
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")]
        if not line.startswith("| ") or cells[0] == "case":
            continue
        seen.append(cells[0])
        problem = "a row of %d cells" % len(cells)
        if len(cells) == 3:
            problem = check(cells[0], cells[2])
        if problem:
            wrong.append(problem)
    if seen != CASES:
        wrong.append("cases missing, twice or out of order: %s" %
                     sorted(set(CASES) ^ set(seen)))
    for problem in wrong:
        print(problem)
    print("%d cases" % len(seen))
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Branch coverage of consensus/ by its unit tests and fuzz corpora.

Builds the coverage preset, runs unit_consensus* and fuzz_con_* and reports each
branch that was never taken. Lines of MUN_CHECK and MUN_UNREACHABLE are not
counted: they are there to be never taken. Fails when a branch is uncovered that
the list below does not explain.
"""

import glob
import json
import os
import re
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(HERE)
BUILD = os.path.join(ROOT, "build/coverage")
IGNORED = re.compile(r"MUN_CHECK|MUN_UNREACHABLE|_Static_assert")

# What stays uncovered: file, text of the line, why.
EXPLAINED = [
    (None, r"^switch \(", "no enumeration value is left: messages are decoded"),
    ("consensus/step.c", r"^return slot->is_used && slot->round ==",
     "the place of the current round holds no other"),
    ("consensus/step.c", r"^for .*MUN_CON_VALUES && value == NULL",
     "one of seven places is always free or not needed (R18)"),
    ("consensus/step.c", r"con->own\[i\]\.vote\.height > 0",
     "what the record has is signed: timers wait for it (R20)"),
]


def run(*command, **options):
    return subprocess.run(command, check=True, cwd=ROOT, **options)


def targets():
    text = open(os.path.join(HERE, "CMakeLists.txt"), encoding="utf-8").read()
    return (["unit_" + name for name in
             re.findall(r"^mun_add_test\(unit (consensus\w*)", text, re.M)] +
            ["fuzz_" + name for name in
             re.findall(r"^mun_add_fuzz\((con_\w+)", text, re.M)])


def branches(source):
    """[line, taken] of each branch of a file of consensus/."""
    folder = os.path.join(BUILD, "consensus/CMakeFiles/mun_consensus.dir")
    report = run("gcov", "--branch-probabilities", "--json-format", "--stdout",
                 os.path.join(folder, os.path.basename(source) + ".gcda"),
                 capture_output=True).stdout
    for part in json.loads(report)["files"]:
        if os.path.basename(part["file"]) == os.path.basename(source):
            for line in part["lines"]:
                for branch in line["branches"]:
                    yield line["line_number"], branch["count"]


def main():
    run("cmake", "--preset", "coverage", stdout=subprocess.DEVNULL)
    run("cmake", "--build", "--preset", "coverage", "-j2", "-t", *targets(),
        stdout=subprocess.DEVNULL)
    for path in glob.glob(BUILD + "/consensus/**/*.gcda", recursive=True):
        os.unlink(path)
    for name in targets():
        arguments = []
        if name.startswith("fuzz_"):
            arguments = [os.path.join(HERE, "fuzz/corpus", name[5:])]
        run(os.path.join(BUILD, "tests", name), *arguments,
            capture_output=True)
    total = taken = missing = 0
    for source in sorted(glob.glob(ROOT + "/consensus/*.c")):
        text = open(source, encoding="utf-8").read().split("\n")
        name = os.path.relpath(source, ROOT)
        for number, count in branches(source):
            if IGNORED.search(text[number - 1]):
                continue
            total += 1
            taken += 1 if count > 0 else 0
            if count > 0:
                continue
            line = text[number - 1].strip()
            reason = [why for path, part, why in EXPLAINED
                      if path in (None, name) and re.search(part, line)]
            missing += 0 if reason else 1
            print("%s:%d: %s%s" % (name, number, line,
                                   "  (%s)" % reason[0] if reason else ""))
    print("%d of %d branches, %.1f %%; %d unexplained" %
          (taken, total, 100.0 * taken / total, missing))
    return 1 if missing else 0


if __name__ == "__main__":
    sys.exit(main())

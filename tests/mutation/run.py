#!/usr/bin/env python3
"""Mutation check of consensus/: each mutant of mutants.txt must fail a test.

Recompiles the mutated file, relinks the unit_consensus* programs of a finished
build with it one after the other, and stops at the first that fails. README.md
beside this file says how to read and extend the list.
"""

import argparse
import collections
import concurrent.futures
import datetime
import json
import os
import random
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
KINDS = ("safety", "liveness", "bound", "format")
LIBRARY = "consensus/libmun_consensus.a"


class Mutant:
    def __init__(self, path, name, kind):
        self.path = path
        self.name = name
        self.kind = kind
        self.old = ""
        self.new = ""
        self.equivalent = None


def parse(path):
    """Blocks `== name kind`, old text, `--`, new text, then perhaps
    `equivalent: reason`; `@ file` says whose they are."""
    mutants = []
    source = None
    part = None
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        where = "%s:%d" % (path, number)
        if part is None and (line.startswith("#") or line == "\n"):
            continue
        if line.startswith("@ "):
            source = line[2:].strip()
            part = None
        elif line.startswith("== "):
            words = line.split()
            if len(words) != 3 or words[2] not in KINDS or source is None:
                sys.exit(where + ": not a header")
            mutants.append(Mutant("consensus/" + source, words[1], words[2]))
            part = "old"
        elif line == "--\n" and part == "old":
            part = "new"
        elif line.startswith("equivalent: ") and part == "new":
            mutants[-1].equivalent = line[len("equivalent: "):].strip()
        elif part == "old":
            mutants[-1].old += line
        elif part == "new":
            mutants[-1].new += line
        else:
            sys.exit(where + ": outside a block")
    names = [mutant.name for mutant in mutants]
    for name in set(names):
        if names.count(name) > 1:
            sys.exit("two mutants are called " + name)
    for mutant in mutants:
        mutant.old = mutant.old.rstrip("\n")
        mutant.new = mutant.new.rstrip("\n")
    return mutants


def check_places(mutants):
    """Each old text must be in its file exactly once."""
    bad = 0
    for mutant in mutants:
        text = open(os.path.join(ROOT, mutant.path), encoding="utf-8").read()
        count = text.count(mutant.old)
        if count != 1 or not mutant.old or mutant.old == mutant.new:
            print("%s: old text occurs %d times in %s" %
                  (mutant.name, count, mutant.path))
            bad += 1
    return bad == 0


class Build:
    """The commands of a finished build, as the generator wrote them."""

    def __init__(self, folder, extra):
        self.folder = os.path.abspath(folder)
        self.compile = {}
        with open(os.path.join(self.folder, "compile_commands.json")) as file:
            for entry in json.load(file):
                path = os.path.relpath(entry["file"], ROOT)
                # Others may compile the same files with other limits.
                if (path.startswith("consensus/") and
                        "/mun_consensus.dir/" in entry["command"]):
                    self.compile[path] = shlex.split(entry["command"])
        targets = subprocess.run(
            ["ninja", "-C", self.folder, "-t", "targets", "all"],
            check=True, capture_output=True, text=True).stdout
        programs = sorted(set(re.findall(
            r"^tests/(unit_consensus\w*): C_EXECUTABLE_LINKER", targets, re.M)))
        self.tests = [(name, []) for name in programs]
        self.tests += [(words[0], words[1:])
                       for words in map(shlex.split, extra)]
        if not self.tests:
            sys.exit("no unit_consensus* programs in " + self.folder)
        subprocess.run(["cmake", "--build", self.folder, "-j2", "-t"] +
                       [name for name, _ in self.tests], check=True,
                       stdout=subprocess.DEVNULL)
        self.link = {}
        self.seconds = {}
        self.kills = collections.Counter()
        for name, _ in self.tests:
            commands = subprocess.run(
                ["ninja", "-C", self.folder, "-t", "commands", name],
                check=True, capture_output=True, text=True).stdout
            line = commands.strip().split("\n")[-1]
            self.link[name] = re.sub(r"^: && | && :$", "", line)
            if LIBRARY not in self.link[name]:
                sys.exit(name + " does not link " + LIBRARY)
        for name, arguments in self.tests:
            start = time.monotonic()
            if subprocess.run([os.path.join(self.folder, "tests", name)] +
                              arguments, capture_output=True).returncode != 0:
                sys.exit(name + " fails without a mutant")
            self.seconds[name] = time.monotonic() - start

    def order(self, path):
        """First what has killed most mutants of this file, then by time."""
        return sorted(self.tests, key=lambda test: (
            -self.kills[path, test[0]], self.seconds[test[0]]))

    def object_command(self, path, source):
        """Compiles `source` as `path` is, with warnings off and without the
        files of dependencies beside the build's own."""
        command = []
        words = iter(self.compile[path])
        for word in words:
            if word in ("-MT", "-MF"):
                next(words)
            elif word == "-O2":
                command.append("-O0")  # faster to make than to run
            elif word not in ("-MD", "-Werror"):
                command.append(word)
        command[command.index("-o") + 1] = source + ".o"
        command[command.index("-c") + 1] = source
        return command + ["-w"]


def compile_mutant(build, mutant, work):
    source = os.path.join(work, os.path.basename(mutant.path))
    text = open(os.path.join(ROOT, mutant.path), encoding="utf-8").read()
    with open(source, "w", encoding="utf-8") as file:
        file.write(text.replace(mutant.old, mutant.new))
    command = build.object_command(mutant.path, source)
    done = subprocess.run(command, cwd=build.folder, capture_output=True,
                          text=True)
    if done.returncode != 0:
        return done.stderr
    library = os.path.join(work, "libmutant.a")
    shutil.copy(os.path.join(build.folder, LIBRARY), library)
    subprocess.run(["ar", "r", library, source + ".o"], check=True,
                   capture_output=True)
    return None


def failed_test(output):
    """The first test that failed, or the one that was running."""
    failed = re.search(r"\[  FAILED  \] (\w+)", output)
    if failed:
        return failed.group(1)
    running = re.findall(r"\[ RUN      \] (\w+)", output)
    return running[-1] if running else "?"


def try_mutant(build, mutant, timeout):
    """(state, by): killed, survived or broken."""
    with tempfile.TemporaryDirectory() as work:
        error = compile_mutant(build, mutant, work)
        if error is not None:
            return "broken", error
        for name, arguments in build.order(mutant.path):
            program = os.path.join(work, name)
            line = build.link[name].replace(
                LIBRARY, os.path.join(work, "libmutant.a"))
            line = line.replace("-o tests/" + name, "-o " + program)
            subprocess.run(line, shell=True, check=True, cwd=build.folder,
                           capture_output=True)
            try:
                done = subprocess.run([program] + arguments, cwd=work,
                                      capture_output=True, timeout=timeout)
            except subprocess.TimeoutExpired:
                build.kills[mutant.path, name] += 1
                return "killed", name + " (no end)"
            if done.returncode != 0:
                build.kills[mutant.path, name] += 1
                output = (done.stdout + done.stderr).decode("utf-8", "replace")
                return "killed", name + " " + failed_test(output)
            os.unlink(program)
    return "survived", ""


def choose(mutants, options):
    if options.only:
        return [m for m in mutants
                if any(re.search(word, os.path.basename(m.path) + "/" + m.name)
                       for word in options.only)]
    if options.after:
        names = [m.name for m in mutants]
        return mutants[names.index(options.after) + 1:]
    if options.sample:
        seed = options.seed or datetime.date.today().isoformat()
        print("sample of %d, --seed %s" % (options.sample, seed))
        kept = [m for m in mutants if m.equivalent is None]
        return random.Random(seed).sample(kept, min(options.sample, len(kept)))
    return mutants


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--build", default=os.path.join(ROOT, "build/release"))
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--timeout", type=int, default=60)
    parser.add_argument("--sample", type=int, help="so many, by chance")
    parser.add_argument("--seed", help="of the sample; today when left out")
    parser.add_argument("--only", action="append", metavar="REGEX",
                        help="of FILE/NAME, such as step.c/resend")
    parser.add_argument("--after", metavar="NAME",
                        help="goes on after this one in the list")
    parser.add_argument("--also", action="append", default=[],
                        metavar="'TARGET ARGUMENTS'",
                        help="a further program of tests/ to try")
    parser.add_argument("--list", action="store_true",
                        help="only check that each old text occurs once")
    options = parser.parse_args()
    mutants = parse(os.path.join(HERE, "mutants.txt"))
    if not check_places(mutants):
        return 1
    if options.list:
        print("%d mutants" % len(mutants))
        return 0
    build = Build(options.build, options.also)
    chosen = choose(mutants, options)
    counts = {"killed": 0, "survived": 0, "equivalent": 0, "broken": 0}
    bad = []
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        results = pool.map(
            lambda m: (m, *try_mutant(build, m, options.timeout)), chosen)
        for mutant, state, by in results:
            if mutant.equivalent is not None:
                if state == "survived":
                    state = "equivalent"
                    by = mutant.equivalent
                elif state == "killed":
                    bad.append(mutant.name + " (called equivalent)")
            elif state != "killed":
                bad.append(mutant.name)
            counts[state] += 1
            print("%-10s %-9s %-44s %s" % (state, mutant.kind, mutant.name, by),
                  flush=True)
    print("%d mutants: %s" % (len(chosen), ", ".join(
        "%d %s" % (counts[state], state) for state in counts)))
    for name in bad:
        print("FAILED " + name)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())

"""Runs the simulator on broken copies of the consensus: see broken.sh."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

STEPS = int(os.environ.get("MUN_BROKEN_STEPS", "20000000"))
REAL_STEPS = STEPS // 200
FLAGS = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O1", "-g0", "-fPIC", "-w"]


def read_list(path):
    """`@ file`, then blocks: `== name kind`, old text, `--`, new text, and
    perhaps `options:`. As in tests/mutation/mutants.txt."""
    entries, source, text = [], None, None
    for line in path.read_text().splitlines():
        if line.startswith("@ "):
            source, text = os.path.normpath("consensus/" + line[2:]), None
        elif line.startswith("== "):
            name, kind = line.split()[1:]
            text = []
            entries.append({"name": name, "kind": kind, "file": source,
                            "old": text, "new": []})
        elif line == "--" and text is entries[-1]["old"]:
            text = entries[-1]["new"]
        elif line.startswith(("options: ", "equivalent: ")):
            key, value = line.split(": ", 1)
            entries[-1][key] = value
        elif text is not None:
            text.append(line)
        elif line and not line.startswith("#"):
            sys.exit(f"{path}: outside a block: {line}")
    return entries


def mutate(entry, folder):
    """The consensus sources and the header of members, one place changed."""
    (folder / "ledger/core").mkdir(parents=True)
    shutil.copytree("consensus", folder / "consensus")
    shutil.copy("ledger/core/member.h", folder / "ledger/core/member.h")
    path = folder / entry["file"]
    source = path.read_text()
    old = "\n".join(entry["old"]).rstrip("\n")
    if source.count(old) != 1:
        sys.exit(f"{entry['name']}: the old text is there "
                 f"{source.count(old)} times in {entry['file']}")
    path.write_text(source.replace(old, "\n".join(entry["new"]).rstrip("\n")))


def link(entry, folder, build):
    """What the mutated sources define is not taken from the library."""
    changed = entry["file"]
    sources = (sorted((folder / "consensus").glob("*.c"))
               if changed.endswith(".h") else [folder / changed])
    program = folder / "sim_run"
    libraries = ["tests/libmun_test_sim.a", "consensus/libmun_consensus.a",
                 "ledger/libmun_core.a", "ledger/libmun_base.a"]
    packages = subprocess.run(
        ["pkg-config", "--libs", "libsecp256k1", "nettle", "libutf8proc"],
        check=True, capture_output=True, text=True).stdout.split()
    subprocess.run(
        ["gcc", *FLAGS, f"-I{folder}", "-I.", "-o", program,
         "tests/sim/main.c", *sources, *[build / name for name in libraries],
         *packages, "-lm"], check=True)
    return program


def run(entry, program):
    options = entry.get("options", "").split()
    steps = REAL_STEPS if "--real-signatures" in options else STEPS
    done = subprocess.run(
        [program, "--steps", str(steps), "--events", "0", *options],
        capture_output=True, text=True, errors="replace")
    out = done.stdout
    what = re.search(r"^FAILED: (.*)$", out, re.M)
    if done.returncode == 0:
        return None
    if what is None:
        sys.exit(f"{entry['name']}: {done.returncode}\n{out}{done.stderr}")
    said = what.group(1)
    check = re.search(r'what="(.*)"', done.stderr)
    if said.startswith("the process ended") and check:
        said = "check failed: " + check.group(1)
    return (re.search(r"(\d+) steps in all", out).group(1),
            re.search(r"--replay (\S+)", out).group(1), said)


def main():
    build = pathlib.Path(sys.argv[1])
    names = sys.argv[2:]
    missed = []
    path = pathlib.Path(os.environ.get("MUN_BROKEN_LIST",
                                       "tests/sim/broken.txt"))
    entries = [entry for entry in read_list(path)
               if not names or entry["name"] in names]
    print(f"{'variant':42} {'kind':9} {'steps':>9} {'seed':18} violated")
    for entry in entries:
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            mutate(entry, folder)
            found = run(entry, link(entry, folder, build))
        if found is None:
            missed.append(entry["name"])
            found = ("-", "-", "NOT CAUGHT")
        print(f"{entry['name']:42} {entry['kind']:9} {found[0]:>9} "
              f"{found[1]:18} {found[2]}", flush=True)
    print(f"{len(entries) - len(missed)} caught, {len(missed)} not caught")
    sys.exit(1 if missed or not entries else 0)


main()

"""What node/README.md tells operators: its sample configuration works, each
refusal to start is one that it names, and its ways back lead back. And the
version, which is the same everywhere."""

import json
import os
import re
import shutil
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BIN, Daemon, check  # noqa: E402

TESTS = os.environ.get("MUN_TEST_DIR") or os.path.join(
    os.path.dirname(os.path.abspath(__file__)), "..")
with open(os.path.join(TESTS, "..", "node", "README.md")) as page:
    PAGE = page.read()


def run(node, *arguments):
    """The daemon's program with the node's configuration: status, output,
    log."""
    done = subprocess.run([*node.command(), *arguments], timeout=120,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          check=False)
    text = done.stderr.decode()
    check("BROKEN" not in text and "Sanitizer" not in text, text)
    return done.returncode, done.stdout.decode(), text


def named(text, *marks):
    """Each mark is in the log, and in the page's table as it is there."""
    for mark in marks:
        check(mark in text, f"no \"{mark}\" in:\n{text}")
        check(mark in PAGE, f"node/README.md does not name \"{mark}\"")


def refused(node, *marks):
    named(node.start_refused(), *marks)


def filled(requests=3, entries=2):
    """A stopped node with blocks, and the head it stopped at."""
    node = Daemon(requests, entries)
    node.start()
    node.submit(node.read("setup.bin"), wait=10000)
    node.submit(node.read("load-0000.bin"), wait=10000)
    head = node.get_json("/v1/head")
    check(node.stop() == 0, "exit status")
    return node, head


def remove(node):
    shutil.rmtree(node.folder)


def sample():
    """The one configuration that the page shows."""
    found = re.findall(r"```json\n(.*?)```", PAGE, re.S)
    check(len(found) == 1, f"{len(found)} samples")
    return json.loads(found[0])


def the_sample_configuration_works():
    node = Daemon()
    config = sample()
    files = {"data_dir": "data", "high_water_file": "high-water",
             "genesis_file": "genesis.bin", "key_file": "validator.key",
             "passphrase_file": "passphrase"}
    for field, name in files.items():
        check(config[field].startswith("/"), f"{field} is absolute")
        config[field] = node.path(name)
    node.config = config
    status, out, log = run(node, "--check-config")
    check(status == 0 and out == "ok\n", out + log)
    for listener in ("public", "operator"):
        config[listener]["port"] = 0
    with node:
        check(node.height() == 0, "serves")
    # The unit of the page starts what the page describes.
    check("munimentd --config /etc/muniment/node.json" in PAGE, "the unit")


def every_program_and_page_names_one_version():
    with open(os.path.join(TESTS, "..", "CMakeLists.txt")) as file:
        version = re.search(r"project\(muniment VERSION (\S+)",
                            file.read()).group(1)
    for name in ("muniment", "munimentd"):
        done = subprocess.run([os.path.join(BIN, name), "--version"],
                              stdout=subprocess.PIPE, check=True)
        check(done.stdout.decode() == f"{name} {version}\n", done.stdout)
    with Daemon() as node:
        check(node.get_json("/v1/head")["software"] == f"munimentd {version}",
              "head")
        check(node.get_json("/v1/openapi.json")["info"]["version"] == version,
              "openapi")


def a_lost_high_water_file_is_accepted_by_its_header():
    node, head = filled()
    path = node.path("high-water")
    os.remove(path)
    refused(node, "high_water what=missing", "field=high_water_file")
    # Looking changes nothing.
    status, out, log = run(node, "--accept-database")
    check(status == 0 and not os.path.exists(path), out + log)
    check(f"height       {head['height']}\n" in out and
          f"header id    {head['header_id']}\n" in out and
          f"signed last  precommit of height {head['height']}, round 0\n" in
          out, out)
    # Another header, and what is none.
    other = head["header_id"][:-1] + ("0" if head["header_id"][-1] != "0"
                                      else "1")
    status, out, log = run(node, "--accept-database=" + other)
    check(status == 1 and not os.path.exists(path), out + log)
    named(log, "accept_refused reason=\"the database ends with another header")
    for wrong in ("", "abc", head["header_id"].upper() + "0"):
        status, out, log = run(node, "--accept-database=" + wrong)
        check(status == 2 and not os.path.exists(path), f"{wrong}: {out}{log}")
    # The right one.
    status, out, log = run(node, "--accept-database=" + head["header_id"])
    check(status == 0 and os.path.exists(path), out + log)
    check(re.search(r" UNUSUAL node accepted_database height=\d+ header_id="
                    + head["header_id"], log), log)
    # And not twice.
    status, out, log = run(node, "--accept-database=" + head["header_id"])
    check(status == 1, out)
    named(log, "high_water what=exists")
    with node:
        now = node.get_json("/v1/head")
        check(now["header_id"] == head["header_id"], f"{now} {head}")
        _, answer = node.submit(node.read("load-0000.bin"))
        check({item["result"] for item in answer["results"]} == {"final"},
              answer)
        _, answer = node.submit(node.read("load-0001.bin"), wait=10000)
        check({item["result"] for item in answer["results"]} == {"final"},
              answer)
        check(node.height() == head["height"] + 1, "goes on")


def an_older_database_is_never_accepted():
    node, head = filled()
    shutil.copytree(node.path("data"), node.path("old"))
    node.start()
    node.submit(node.read("load-0001.bin"), wait=10000)
    node.submit(node.read("load-0002.bin"), wait=10000)
    check(node.stop() == 0, "exit status")
    newest = node.read("high-water")
    node.config["data_dir"] = node.path("old")
    refused(node, "store behind", "error=BEHIND")
    # Also by the right name of its last header.
    status, _, log = run(node, "--accept-database=" + head["header_id"])
    check(status == 1, log)
    named(log, "store behind")
    # Nor beside a file that nobody can read.
    with open(node.path("high-water"), "wb") as file:
        file.write(b"\0" * len(newest))
    refused(node, "high_water what=illegible")
    status, _, log = run(node, "--accept-database=" + head["header_id"])
    check(status == 1, log)
    named(log, "high_water what=illegible")
    # Nothing was changed by all this.
    with open(node.path("high-water"), "wb") as file:
        file.write(newest)
    node.config["data_dir"] = node.path("data")
    with node:
        check(node.height() == head["height"] + 2, "as before")


def no_database_of_several_members_is_accepted():
    node, head = filled(1, 1)
    os.remove(node.path("high-water"))
    with open(os.path.join(TESTS, "..", "genesis", "README.md")) as file:
        document = re.search(r"```json\n(.*?)```", file.read(), re.S).group(1)
    with open(node.path("two.json"), "w") as file:
        file.write(document)
    subprocess.run([os.path.join(BIN, "muniment"), "genesis", "make",
                    node.path("two.json"), "-o", node.path("two.bin")],
                   check=True, stdout=subprocess.DEVNULL)
    node.config["genesis_file"] = node.path("two.bin")
    status, _, log = run(node, "--accept-database=" + head["header_id"])
    check(status == 1 and not os.path.exists(node.path("high-water")), log)
    named(log, "the ledger has several members")
    remove(node)


def only_what_is_whole_and_stopped_is_accepted():
    node, head = filled()
    accept = "--accept-database=" + head["header_id"]
    node.start()
    os.rename(node.path("high-water"), node.path("kept"))
    status, _, log = run(node, accept)
    check(status == 1, log)
    named(log, "error=LOCKED")
    check(not os.path.exists(node.path("high-water")), "not made")
    os.rename(node.path("kept"), node.path("high-water"))
    check(node.stop() == 0, "exit status")
    os.remove(node.path("high-water"))
    # Of another genesis.
    other = Daemon()
    right = node.config["genesis_file"]
    node.config["genesis_file"] = other.path("genesis.bin")
    status, _, log = run(node, accept)
    check(status == 1, log)
    named(log, "the database was made from another genesis")
    node.config["genesis_file"] = right
    # No database, and none is made.
    node.config["data_dir"] = node.path("nothing")
    status, _, log = run(node, accept)
    check(status == 1 and "error=NOT_FOUND" in log, log)
    check(not os.path.exists(node.path("nothing")), "not made")
    # A damaged one.
    shutil.copytree(node.path("data"), node.path("damaged"))
    for name in os.listdir(node.path("damaged")):
        if name.endswith(".sst"):
            with open(node.path("damaged/" + name), "r+b") as file:
                file.seek(0)
                file.write(bytes(64))
    node.config["data_dir"] = node.path("damaged")
    status, _, log = run(node, accept)
    check(status == 1 and not os.path.exists(node.path("high-water")), log)
    remove(other)
    remove(node)


def refusals_are_those_of_the_page():
    node, _ = filled(1, 1)
    # The file is there, the database is not.
    node.config["data_dir"] = node.path("moved")
    refused(node, "high_water what=exists")
    node.config["data_dir"] = node.path("data")
    cases = {
        "genesis_file": "field=genesis_file",
        "key_file": "field=key_file",
        "passphrase_file": "field=passphrase_file",
    }
    for field, mark in cases.items():
        right = node.config[field]
        node.config[field] = node.path("none")
        refused(node, mark)
        node.config[field] = right
    os.chmod(node.path("passphrase"), 0o644)
    refused(node, "others than its owner may read it")
    os.chmod(node.path("passphrase"), 0o600)
    other = Daemon()
    for field in ("key_file", "passphrase_file"):
        node.config[field] = other.path(os.path.basename(node.config[field]))
    refused(node, "key_refused")
    for field in ("key_file", "passphrase_file"):
        node.config[field] = node.path(os.path.basename(node.config[field]))
    node.config["public"] = {"address": "192.0.2.1", "port": 0}
    refused(node, "listen_failed")
    node.config["public"] = {"port": 0}
    node.config["state_records"] = 10000
    node.config["unknown"] = 1
    check("unknown" in node.start_refused(), "a member that is none")
    remove(other)
    remove(node)


def a_backup_is_restored_as_the_page_says():
    """On the node itself only when nothing came after it; elsewhere, without
    key and with the high-water file of its moment, always."""
    node, head = filled()
    node.start()
    shutil.copy(node.path("high-water"), node.path("copy-high-water"))
    status, _, body = node.request(
        "POST", "/backup?path=" + node.path("copy"), b"",
        port=node.operator_port)
    check(status == 200, body)
    check(node.stop() == 0, "exit status")
    # The disk is lost, the high-water file on the other one is not.
    shutil.rmtree(node.path("data"))
    shutil.copytree(node.path("copy"), node.path("data"))
    with_all = node.read("load-0001.bin")
    node.start()
    check(node.get_json("/v1/head")["header_id"] == head["header_id"], "head")
    node.submit(with_all, wait=10000)
    check(node.stop() == 0, "exit status")
    # Lost again, and the backup lacks a block by now.
    shutil.rmtree(node.path("data"))
    shutil.copytree(node.path("copy"), node.path("data"))
    refused(node, "store behind")
    # To read what it has.
    node.config.update(high_water_file=node.path("copy-high-water"))
    for field in ("key_file", "passphrase_file"):
        del node.config[field]
    node.unusual_is_fine = ["ledger follows reason=no_key"]
    with node:
        check(node.height() == head["height"], "reads")


def main():
    for test in (
            the_sample_configuration_works,
            every_program_and_page_names_one_version,
            a_lost_high_water_file_is_accepted_by_its_header,
            an_older_database_is_never_accepted,
            no_database_of_several_members_is_accepted,
            only_what_is_whole_and_stopped_is_accepted,
            refusals_are_those_of_the_page,
            a_backup_is_restored_as_the_page_says):
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
              flush=True)


main()

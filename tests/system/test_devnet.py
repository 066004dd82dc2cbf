"""muniment devnet: made, started, one member killed and started again, one
halted, all stopped; each status says so."""

import json
import os
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BIN, check, eventually  # noqa: E402
from network import free_ports  # noqa: E402

WORK = tempfile.mkdtemp(prefix="muniment-devnet-")
NET = os.path.join(WORK, "net")


def devnet(command, *arguments, status=0):
    done = subprocess.run(
        [os.path.join(BIN, "muniment"), "devnet", command, NET, "--json",
         *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        check=False, timeout=300)
    check(done.returncode == status,
          f"{command}: {done.returncode} {done.stderr.decode()}")
    return json.loads(done.stdout)["members"] if status == 0 else None


def states(members):
    return [member["state"] for member in members]


def all_know_each_other():
    return [member["peers"] for member in devnet("status")] == [3, 3, 3, 3]


def main():
    try:
        members = devnet("start", "--members", "4", "--port", str(free_ports(40)[0]))
        check(states(members) == ["running"] * 4, members)
        eventually(all_know_each_other, "three peers each")
        pid = members[2]["pid"]
        members = devnet("stop", "--member", "3", "--kill")
        check(states(members) == ["running", "running", "stopped", "running"],
              members)
        members = devnet("start", "--member", "3")
        check(states(members) == ["running"] * 4, members)
        check(members[2]["pid"] != pid, "another process")
        members = devnet("pause", "--member", "2")
        check(states(members) == ["running", "paused", "running", "running"],
              members)
        members = devnet("resume")
        check(states(members) == ["running"] * 4, members)
        eventually(all_know_each_other, "three peers each, again")
        devnet("stop", "--member", "5", status=1)
        check(states(devnet("stop")) == ["stopped"] * 4, "all stopped")
        devnet("stop")
    finally:
        if os.path.exists(os.path.join(NET, "devnet.json")):
            subprocess.run([os.path.join(BIN, "muniment"), "devnet", "stop",
                            NET, "--kill"], stdout=subprocess.DEVNULL,
                           check=False)
    shutil.rmtree(WORK)


main()

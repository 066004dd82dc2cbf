"""Several members on loopback, for system tests.

    with Network(4, requests=2, entries=10) as net:
        net.submit(0, net.read("setup.bin"))
        net.wait_height(3)
        net[2].kill()

Each member is a Daemon with a folder of its own; genesis and requests are shared.
"""

import os
import random
import shutil
import socket
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import BIN, Daemon, check, eventually, fail  # noqa: E402


def free_ports(count):
    """Ports in a row that are free, as far as one can tell; below those that
    the system gives to clients, since a member that is started again needs its
    own."""
    for _ in range(1000):
        first = random.randrange(12000, 30000)
        try:
            for i in range(count):
                with socket.socket() as one:
                    one.bind(("127.0.0.1", first + i))
            return list(range(first, first + count))
        except OSError:
            continue
    return fail("no free ports")


class Network:
    def __init__(self, count, requests=0, entries=0, **config):
        self.folder = tempfile.mkdtemp(prefix="muniment-net-")
        subprocess.run([os.path.join(BIN, "make_load"), self.folder,
                        str(requests), str(entries), str(count)], check=True)
        self.ports = free_ports(count)
        self.members = []
        for i in range(count):
            folder = os.path.join(self.folder, f"member-{i + 1}")
            os.mkdir(folder)
            shutil.copy(os.path.join(self.folder, "genesis.bin"), folder)
            shutil.copy(os.path.join(self.folder, "passphrase"), folder)
            key = "validator.key" if i == 0 else f"validator-{i + 1}.key"
            shutil.copy(os.path.join(self.folder, key),
                        os.path.join(folder, "validator.key"))
            peers = [{"url": f"http://127.0.0.1:{port}"}
                     for j, port in enumerate(self.ports) if j != i]
            member = Daemon(folder=folder, peers=peers,
                            peer={"port": self.ports[i]}, **config)
            # Others come and go.
            member.unusual_is_fine.append("peers unreachable")
            subprocess.run(member.command() + ["--create-database"], check=True,
                           stdout=subprocess.DEVNULL,
                           stderr=subprocess.DEVNULL)
            self.members.append(member)

    def __getitem__(self, i):
        return self.members[i]

    def __enter__(self):
        for member in self.members:
            member.start()
        return self

    def __exit__(self, kind, value, trace):
        for member in self.members:
            if member.process is not None and member.process.poll() is None:
                member.__exit__(kind, value, trace)
        if kind is None or not os.environ.get("MUN_KEEP"):
            shutil.rmtree(self.folder, ignore_errors=True)
        else:
            print("kept", self.folder)

    def read(self, name):
        with open(os.path.join(self.folder, name), "rb") as file:
            return file.read()

    def running(self):
        return [member for member in self.members
                if member.process is not None and
                member.process.poll() is None]

    def wait_height(self, height, members=None):
        for member in members or self.running():
            eventually(lambda: member.height() >= height,
                       f"height {height}, at {member.height()}")

    def check_agreement(self):
        """All that run have the same headers, as far as the lowest."""
        members = self.running()
        height = min(member.height() for member in members)
        for at in range(1, height + 1):
            ids = {member.get_json(f"/v1/headers/{at}")["header_id"]
                   for member in members}
            check(len(ids) == 1, f"height {at} has {len(ids)} headers")
        return height

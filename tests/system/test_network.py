"""Four members that agree over HTTP: entries are final everywhere, one member
may be down, come back and catch up, and all may be killed at once."""

import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from daemon import check, eventually  # noqa: E402
from network import Network  # noqa: E402


def final(answer):
    status, body = answer
    check(status == 200, answer)
    results = [item["result"] for item in body["results"]]
    check(set(results) == {"final"}, answer)
    return max(item["height"] for item in body["results"])


def entries_are_final_everywhere():
    with Network(4, 8, 5) as net:
        height = final(net[0].submit(net.read("setup.bin"), wait=30000))
        for i in range(8):
            height = final(net[i % 4].submit(net.read(f"load-{i:04}.bin"),
                                             wait=30000))
        net.wait_height(height)
        check(net.check_agreement() >= height, "all agree")


def one_may_be_down_and_comes_back():
    with Network(4, 12, 5) as net:
        height = final(net[0].submit(net.read("setup.bin"), wait=30000))
        net.wait_height(height)
        net[3].process.kill()
        net[3].process.wait()
        for i in range(8):
            height = final(net[i % 3].submit(net.read(f"load-{i:04}.bin"),
                                             wait=60000))
        net[3].start()
        net.wait_height(height, [net[3]])
        height = final(net[3].submit(net.read("load-0008.bin"), wait=60000))
        net.wait_height(height)
        net.check_agreement()


def without_a_quorum_nothing_is_final():
    with Network(4, 2, 5) as net:
        height = final(net[0].submit(net.read("setup.bin"), wait=30000))
        net.wait_height(height)
        for i in (2, 3):
            net[i].process.kill()
            net[i].process.wait()
        status, body = net[0].submit(net.read("load-0000.bin"), wait=3000)
        check(status == 202 and
              {item["result"] for item in body["results"]} == {"pending"},
              f"{status} {body}")
        before = net[0].height()
        net[2].start()
        eventually(lambda: net[0].height() > before, "progress again")
        final(net[0].submit(net.read("load-0000.bin"), wait=60000))
        net.check_agreement()


def all_may_be_killed_at_once():
    with Network(4, 6, 5) as net:
        height = final(net[0].submit(net.read("setup.bin"), wait=30000))
        for i in range(3):
            net[i].submit(net.read(f"load-{i:04}.bin"))
            for member in net.members:
                member.process.kill()
            for member in net.members:
                member.process.wait()
                member.start()
            height = final(net[i].submit(net.read(f"load-{i + 3:04}.bin"),
                                         wait=60000))
        net.wait_height(height)
        net.check_agreement()


def a_member_without_its_record_votes_again_later():
    with Network(4, 9, 5) as net:
        height = final(net[0].submit(net.read("setup.bin"), wait=30000))
        net.wait_height(height)
        net[3].process.kill()
        net[3].process.wait()
        shutil.rmtree(net[3].path("data"))
        os.remove(net[3].path("high-water"))
        net[3].unusual_is_fine.append("the record of our votes is missing")
        # Only two others are up: too few to say from when it may vote.
        net[2].process.kill()
        net[2].process.wait()
        net[3].start()
        check("writes=no" in net[3].log, "it follows")
        _, body = net[0].submit(net.read("load-0000.bin"), wait=5000)
        check({item["result"] for item in body["results"]} == {"pending"},
              body)
        check("votes_again" not in net[3].log, "not yet")
        # All three say how far they are. Three heights later it votes, and is
        # needed when one of them is gone.
        net[2].start()
        for i in range(1, 8):
            height = final(net[1].submit(net.read(f"load-{i:04}.bin"),
                                         wait=60000))
        net.wait_height(height)
        for i in range(60):
            if "votes_again" in net[3].log:
                break
            time.sleep(0.5)
        check("votes_again" in net[3].log, "it votes again")
        net[2].process.kill()
        net[2].process.wait()
        final(net[0].submit(net.read("load-0008.bin"), wait=60000))
        net.check_agreement()



def main():
    for test in (a_member_without_its_record_votes_again_later,
                 entries_are_final_everywhere, one_may_be_down_and_comes_back,
                 without_a_quorum_nothing_is_final, all_may_be_killed_at_once):
        start = time.monotonic()
        test()
        print(f"{time.monotonic() - start:6.2f} s  {test.__name__}",
              flush=True)


main()

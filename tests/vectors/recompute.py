"""Computes every vector anew and compares (ledger/README.md, section 17)."""
import selftest


def check_all():
    """One line for each check; 1 when one failed."""
    passed = failed = 0
    for name, right, why in selftest.check_all():
        print(f"passed {name}" if right else f"FAILED {name}: {why}")
        passed, failed = passed + right, failed + (not right)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0

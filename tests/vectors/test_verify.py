"""Checks the vectors beside this file with the independent verifier."""
import sys

import recompute

sys.exit(recompute.check_all())

"""What every scenario uses; importing it makes the lab importable too."""

import os
import sys

sys.dont_write_bytecode = True
_TESTS = os.path.dirname(os.path.dirname(os.path.dirname(
    os.path.abspath(__file__))))
if _TESTS not in sys.path:
    sys.path.insert(0, _TESTS)

"""ccm: a customer communication management engine."""

import os
import zoneinfo

if "PYTHONTZPATH" not in os.environ:
    # The time zones of the locked tzdata package: a decision is the same on every host, and can be taken again.
    zoneinfo.reset_tzpath(to=())

__version__ = "0.1.0"

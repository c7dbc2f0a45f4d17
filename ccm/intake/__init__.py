"""Taking in what the organisation's core systems export."""

from ccm.intake.feed import ImportReport, import_feed

__all__ = ["ImportReport", "import_feed"]

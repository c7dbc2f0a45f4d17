"""Previews as files, with one page that shows them side by side and opens without a network."""

from ccm.cli.preview.words import UiLanguage
from ccm.cli.preview.write import write_previews

__all__ = ["UiLanguage", "write_previews"]

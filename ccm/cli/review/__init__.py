"""The page that somebody who approves looks at: what changes, in words and in looks. It opens without a network."""

from ccm.cli.review.command import review

__all__ = ["review"]

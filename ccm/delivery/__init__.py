"""The outbox: claim, check again at hand-off, send, and keep what the supplier said."""

from ccm.delivery.dispatch import Delivered, deliver

__all__ = ["Delivered", "deliver"]

"""The last step of a message's way: each adapter hands an approved message to one supplier.

A supplier is one file in `ccm.adapters.suppliers`, found by scan.
"""

from ccm.adapters.base import Adapter
from ccm.adapters.registry import adapter_names, check_channels, open_adapter

__all__ = ["Adapter", "adapter_names", "check_channels", "open_adapter"]

"""ccm: a customer communication management engine."""

__version__ = "0.1.0"

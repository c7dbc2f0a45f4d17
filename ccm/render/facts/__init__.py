"""Facts: what a customer would read in a message as an amount, a rate, a date, a number to call or to quote.

`source` reads a template's places, `printed` walks it with one message's values, `figures` finds what an author
wrote out, and `compare` holds the channels and languages of one communication against each other.
"""

from ccm.render.facts.base import CODES, Declared, Fact, FactFinding, Figure, Reading
from ccm.render.facts.compare import Comparison
from ccm.render.facts.printed import FactReader

__all__ = ["CODES", "Comparison", "Declared", "Fact", "FactFinding", "FactReader", "Figure", "Reading"]

"""Paper and window envelopes of letters: which for which country, and where on the sheet the address must stand.

All measures are millimetres. The figures are declared here and nowhere else; an organisation whose envelopes
differ gives its own in ``channels/letter.yaml``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import AfterValidator, Field, model_validator

from ccm.model.customer import Frozen
from ccm.workspace.settings import Slug, WrongPart

Millimetres = Annotated[float, Field(ge=0, le=600)]
PaperName = Literal["a4", "us-letter"]
LARGE_PRINT = "large_print"
"""Key of `LetterSettings.envelope` for all letters in large print, which are often sent flat."""


class Paper(Frozen):
    """A sheet, upright."""

    width: float
    height: float


PAPERS: dict[str, Paper] = {
    "a4": Paper(width=210, height=297),  # ISO 216
    "us-letter": Paper(width=215.9, height=279.4),  # ANSI/ASME Y14.1, size A: 8.5 x 11 in
}

US_LETTER = frozenset({"BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"})
"""Countries that print on US Letter, all others on A4 (Unicode CLDR, supplemental data, paperSize)."""


class Envelope(Frozen):
    """An envelope lying on its long side, seen from the front, and its address window."""

    width: Millimetres
    height: Millimetres
    window_left: Millimetres
    """From the envelope's left edge to the window's."""
    window_bottom: Millimetres
    """From the envelope's bottom edge up to the window's."""
    window_width: Millimetres
    window_height: Millimetres
    panel: Millimetres
    """Height of the sheet's top panel, which carries the address: where the first fold is."""
    clearance: Millimetres = 0
    """White that must stay between the address and the edges of the window."""


ENVELOPES: dict[str, Envelope] = {
    # DIN 678-1 (DL, 110 x 220) with a DIN 680 window of 45 x 90, 20 from the left and 15 from the bottom; DIN 5008
    # form B folds at 105. It shows the address field of that form: 20 to 105 across, 45 to 90 down the sheet.
    "dl-din": Envelope(
        width=220, height=110, window_left=20, window_bottom=15, window_width=90, window_height=45, panel=105
    ),
    # BS 4264, DL: a window of 35 x 90, 20 from the left and 18 up. Folded as above.
    "dl-gb": Envelope(
        width=220, height=110, window_left=20, window_bottom=18, window_width=90, window_height=35, panel=105
    ),
    # No. 10, 4 1/8 x 9 1/2 in, window of 1 1/8 x 4 1/2 in, 7/8 in from the left and 5/8 in up, which keeps it out of
    # the barcode clear zone. USPS Publication 25, 3-9, and DMM 601.6.3: every character shows, with 1/8 in of
    # white around the address, wherever the insert slides. Folded at 4 in: equal thirds slide 1/3 in more.
    "us-10": Envelope(
        width=241.3, height=104.8, window_left=22.2, window_bottom=15.9, window_width=114.3, window_height=28.6,
        panel=101.6, clearance=3.2,
    ),
    # JIS S 5502, long no. 3 (長形3号), 120 x 235. Japan Post: an address window has at least 45 x 80, and the address
    # may not slide out of it. No standard places the window; here it is 24 from the left and 15 from the top.
    "naga-3": Envelope(
        width=235, height=120, window_left=24, window_bottom=60, window_width=90, window_height=45, panel=105
    ),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle on the sheet, from its top left corner."""

    left: float
    top: float
    right: float
    bottom: float


@dataclass(frozen=True, slots=True)
class Sheet:
    """The paper of one letter and what its envelope's window does on the first page."""

    paper: str
    envelope: str
    width: float
    height: float
    safe: Box
    """Seen through the window wherever the sheet slides: the whole address must stand in it."""
    reach: Box
    """Seen when the sheet slides somewhere: nothing but the address may stand in it."""


def sheet_of(paper: str, envelope: str, envelopes: dict[str, Envelope]) -> Sheet:
    """The sheet and the places on it that a window shows.

    The sheet, folded to `panel`, slides by the room that the envelope leaves, to the right and down from its top left
    corner. What the window shows of it is the window's place less that slide: the intersection over all slides is
    safe (less the clearance), their union is the reach.

    Raises `ValueError` where the folded sheet does not fit or the window shows no place at all times.
    """
    p, e = PAPERS[paper], envelopes[envelope]
    across, down = e.width - p.width, e.height - e.panel
    if across < 0 or down < 0:
        raise ValueError(f"'{paper}' folded at {e.panel:g} mm does not fit the envelope '{envelope}'")
    top = e.height - e.window_bottom - e.window_height
    right, bottom = e.window_left + e.window_width, top + e.window_height
    rim = e.clearance
    safe = Box(e.window_left + rim, top + rim, right - across - rim, bottom - down - rim)
    reach = Box(e.window_left - across, top - down, right, bottom)
    if safe.right - safe.left < 50 or safe.bottom - safe.top < 12:
        raise ValueError(f"the window of '{envelope}' is too small: '{paper}' slides out of it")
    return Sheet(paper, envelope, p.width, p.height, _rounded(safe), _rounded(reach))


def _rounded(box: Box) -> Box:
    return Box(round(box.left, 2), round(box.top, 2), round(box.right, 2), round(box.bottom, 2))


def _country(value: str) -> str:
    if value != "other" and not (len(value) == 2 and value.isascii() and value.isupper()):
        raise ValueError(f"'{value}' is neither a country (ISO 3166-1 alpha-2, such as US) nor 'other'")
    return value


def _country_or_large_print(value: str) -> str:
    return value if value == LARGE_PRINT else _country(value)


class LetterSettings(Frozen):
    """The part ``letter:`` of ``channels/letter.yaml``."""

    paper: dict[Annotated[str, AfterValidator(_country)], PaperName] = {}
    """Country a letter goes to, or ``other``, to its paper; without an entry by `US_LETTER`."""
    envelope: dict[Annotated[str, AfterValidator(_country_or_large_print)], Slug] = {}
    """Country, ``other`` or ``large_print`` to an envelope's name; without an entry by country and paper."""
    envelopes: dict[Slug, Envelope] = {}
    """The organisation's own envelopes, by a name of its choice."""
    inserter_code: bool = False
    """Print a Data Matrix for the inserting machine on each sheet."""
    duplex: bool = False
    """Printed on both sides: two pages a sheet, and the code on the front."""

    @model_validator(mode="after")
    def _all_fit(self) -> LetterSettings:
        known = {**ENVELOPES, **self.envelopes}
        for place, name in self.envelope.items():
            if name not in known:
                raise WrongPart(f"'{name}' is none of {', '.join(sorted(known))}", "envelope", place)
        for country in sorted({*self.paper, *self.envelope} - {LARGE_PRINT}):
            part = "envelope" if country in self.envelope else "paper"
            for large_print in (False, True):
                try:
                    self.sheet_for(country, large_print=large_print)
                except ValueError as error:
                    raise WrongPart(str(error), part, country) from error
        return self

    def has_window(self, *, large_print: bool) -> bool:
        """Whether the address must fit a window. Letters in large print have none but where an envelope is given:
        type of 16 points overflows the windows of folded letters, so they are sent flat with a label."""
        return not large_print or LARGE_PRINT in self.envelope

    def sheet_for(self, country: str, *, large_print: bool) -> Sheet:
        """The sheet of a letter to `country` (ISO 3166-1 alpha-2)."""
        default: PaperName = "us-letter" if country in US_LETTER else "a4"
        paper = self.paper.get(country) or self.paper.get("other", default)
        envelope = self.envelope.get(LARGE_PRINT) if large_print else None
        envelope = envelope or self.envelope.get(country) or self.envelope.get("other")
        return sheet_of(paper, envelope or _default_envelope(country, paper), {**ENVELOPES, **self.envelopes})


def _default_envelope(country: str, paper: str) -> str:
    if paper == "us-letter":
        return "us-10"
    return {"JP": "naga-3", "GB": "dl-gb"}.get(country, "dl-din")


DEFAULT_SHEET = sheet_of("a4", "dl-din", ENVELOPES)

"""Paper and envelopes by country, the place of the address, and what may be set in channels/letter.yaml."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.workspace.stationery import ENVELOPES, PAPERS, Box, Envelope, LetterSettings, sheet_of

Problems = Callable[[], list[str]]
DEFAULTS = LetterSettings()


@pytest.mark.parametrize(
    ("country", "paper", "envelope"),
    [
        ("US", "us-letter", "us-10"),
        ("CA", "us-letter", "us-10"),
        ("GB", "a4", "dl-gb"),
        ("JP", "a4", "naga-3"),
        ("DE", "a4", "dl-din"),
        ("AU", "a4", "dl-din"),
    ],
)
def test_each_country_has_its_paper_and_envelope(country: str, paper: str, envelope: str) -> None:
    sheet = DEFAULTS.sheet_for(country, large_print=False)
    assert (sheet.paper, sheet.envelope) == (paper, envelope)
    assert (sheet.width, sheet.height) == (PAPERS[paper].width, PAPERS[paper].height)


def test_address_field_of_din_5008_form_b_is_what_its_window_shows() -> None:
    sheet = DEFAULTS.sheet_for("DE", large_print=False)
    assert sheet.reach == Box(10, 45, 110, 95)
    assert sheet.safe == Box(20, 50, 100, 90)


def test_american_address_keeps_an_eighth_of_an_inch_from_the_window() -> None:
    sheet, bare = DEFAULTS.sheet_for("US", large_print=False), ENVELOPES["us-10"].model_copy(update={"clearance": 0})
    without = sheet_of("us-letter", "bare", {"bare": bare}).safe
    assert sheet.safe.left - without.left == pytest.approx(3.2)
    assert without.bottom - sheet.safe.bottom == pytest.approx(3.2)


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from([("a4", "dl-din"), ("a4", "dl-gb"), ("a4", "naga-3"), ("us-letter", "us-10")]),
    across=st.floats(0, 1), down=st.floats(0, 1),
)  # fmt: skip
def test_safe_place_shows_and_nothing_beyond_the_reach_does_wherever_the_sheet_slides(
    name: tuple[str, str], across: float, down: float
) -> None:
    paper, envelope = PAPERS[name[0]], ENVELOPES[name[1]]
    sheet = sheet_of(*name, ENVELOPES)
    slide_x, slide_y = across * (envelope.width - paper.width), down * (envelope.height - envelope.panel)
    window_top = envelope.height - envelope.window_bottom - envelope.window_height
    left, top = envelope.window_left - slide_x, window_top - slide_y
    right, bottom = left + envelope.window_width, top + envelope.window_height
    near = 0.011
    assert left <= sheet.safe.left + near
    assert top <= sheet.safe.top + near
    assert right >= sheet.safe.right - near
    assert bottom >= sheet.safe.bottom - near
    assert sheet.reach.left - near <= left
    assert right <= sheet.reach.right + near
    assert sheet.reach.top - near <= top
    assert bottom <= sheet.reach.bottom + near


def test_own_envelopes_and_papers_win() -> None:
    own = Envelope(
        width=229, height=324, window_left=20, window_bottom=230, window_width=100, window_height=50, panel=297
    )
    mine = LetterSettings(
        paper={"US": "a4", "other": "a4"}, envelope={"JP": "c4", "large_print": "c4"}, envelopes={"c4": own}
    )
    assert mine.sheet_for("US", large_print=False).paper == "a4"
    assert mine.sheet_for("US", large_print=False).envelope == "dl-din"
    assert mine.sheet_for("JP", large_print=False).envelope == "c4"
    assert mine.sheet_for("GB", large_print=True).envelope == "c4"
    assert mine.sheet_for("GB", large_print=False).envelope == "dl-gb"


@pytest.mark.parametrize(
    ("text", "line", "message"),
    [
        ("  paper: {JP: b5}", 5, "'b5' is none of a4, us-letter"),
        ("  paper: {Japan: a4}", 5, "'Japan' is neither a country (ISO 3166-1 alpha-2, such as US) nor 'other'"),
        ("  envelope: {JP: naga-9}", 5, "'naga-9' is none of dl-din, dl-gb, naga-3, us-10"),
        ("  inserter_code: sometimes", 5, "inserter_code"),
        (
            "  envelopes:\n    c6: {width: 162, height: 114, window_left: 20, window_bottom: 20, window_width: 90, "
            "window_height: 45, panel: 105}\n  envelope:\n    GB: c6",
            8,
            "'a4' folded at 105 mm does not fit the envelope 'c6'",
        ),
        (
            "  envelopes:\n    tiny: {width: 220, height: 110, window_left: 20, window_bottom: 15, window_width: 55, "
            "window_height: 45, panel: 105}\n  envelope:\n    GB: tiny",
            8,
            "the window of 'tiny' is too small: 'a4' slides out of it",
        ),
    ],
)
def test_what_is_wrong_in_the_letter_part_is_told_at_its_line(
    small: Path, problems: Problems, text: str, line: int, message: str
) -> None:
    (small / "channels/letter.yaml").write_text(f"# Letters\nchannel: letter\nadapter: outbox\nletter:\n{text}\n")
    (found,) = problems()
    assert found.startswith(f"channels/letter.yaml:{line}:")
    assert message in found


def test_other_channels_have_no_paper(small: Path, problems: Problems) -> None:
    path = small / "channels/sms.yaml"
    path.write_text(path.read_text(encoding="utf-8") + "letter:\n  duplex: true\n", encoding="utf-8")
    (found,) = problems()
    assert "only channels/letter.yaml has a part 'letter'" in found

"""The size of a letter's type, measured in the PDF itself, in English and Japanese."""

from __future__ import annotations

import pytest
from weasyprint import HTML

from ccm.compliance.type_sizes import smallest_of, type_runs

PAGE = """
<html><style>
@page { size: 120mm 120mm; margin: 10mm } body { font: 11pt "Noto Sans", "Noto Sans CJK JP" }
small { font-size: 7pt } .turned { transform: rotate(90deg) scale(2) } p { width: 60mm }
</style><h1 style="font-size: 20pt">Rates 金利</h1>
<p>You can lose money. <small>The rate may fall at any time, and we tell you <b>a month</b> before.</small></p>
<p>元本割れのおそれがあります。<small>金利は変動し、<b>一か月前</b>までにお知らせいたします。</small></p>
<p class="turned">Turned</p></html>
"""


@pytest.mark.parametrize(
    ("passage", "points"),
    [
        ("Rates", 20.0), ("金利", 7.0), ("You can lose money.", 11.0), ("元本割れのおそれがあります。", 11.0),
        ("The rate may fall at any time, and we tell you a month before.", 7.0),
        ("金利は変動し、一か月前までにお知らせいたします。", 7.0), ("money. The rate", 7.0), ("Turned", 22.0),
        ("nowhere", None), ("どこにもない", None), ("", None),
    ],
)  # fmt: skip
def test_a_passage_is_as_small_as_its_smallest_character(passage: str, points: float | None) -> None:
    assert smallest_of(passage, type_runs(HTML(string=PAGE).write_pdf())) == points


def test_bytes_that_are_no_pdf_are_refused() -> None:
    with pytest.raises(ValueError, match="no PDF that can be measured"):
        type_runs(b"Hello")

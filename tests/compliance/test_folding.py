"""Texts are compared as the Unicode standard says, however quickly."""

from __future__ import annotations

import re
import unicodedata

from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.compliance.folding import CJK, fold, loosen
from ccm.compliance.kinds.forbid_words import Params as Forbidden
from ccm.compliance.kinds.forbid_words import check as forbidden
from ccm.compliance.kinds.link_allow_list import Params as Allowed
from ccm.compliance.kinds.link_allow_list import check as strange
from ccm.compliance.text import CheckedText

SIGNS = "aZé1 -/\n\t\u3000！％（）．０９ＡｚｶﾞかがÅ\u0301\u3099・…㈱ß’\u2010\u2014\u00ad\u200b\ufeff\u2060"
texts = st.text(st.sampled_from(SIGNS), max_size=30)
quick = settings(deadline=None, max_examples=300)
BREAKABLE = re.compile(rf" (?:(?<=[-/\u2010-\u2015{CJK}] )|(?=[{CJK}]))")


def even(text: str) -> str:
    return BREAKABLE.sub("", " ".join(text.split()))


@quick
@given(texts)
def test_folding_takes_out_layout_and_nothing_else(text: str) -> None:
    assert fold(text) == even(re.sub("[\u00ad\u200b\u2060\ufeff]", "", text))


@quick
@given(texts)
def test_loosened_text_is_in_compatibility_form(text: str) -> None:
    bare = re.sub("[\u00ad\u200b\u2060\ufeff]", "", text)
    plain = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", bare).casefold())
    assert loosen(text) == even(plain.replace("\u2019", "'").replace("\u2010", "-"))


@quick
@given(texts)
def test_what_rules_compare_is_the_loosened_text(text: str) -> None:
    assert CheckedText("email", text).loose.endswith(loosen(text))


def test_a_forbidden_word_counts_where_it_is_whole() -> None:
    params = Forbidden(words={"en": ("get rich", "risk*")})
    for text in ("get rich", "x get-rich", "ＧＥＴ　ＲＩＣＨ", "必ずget rich", "get, get rich", "brisk risks"):
        assert len(forbidden(params, CheckedText("email", text))) == 1
    for text in ("target rich", "get richer", "get.rich", "brisk", "asterisks", "get\x1arich"):
        assert forbidden(params, CheckedText("email", text)) == []


def test_a_strange_link_is_counted_once_wherever_it_stands() -> None:
    params = Allowed(hosts=("bank.example",))
    for link in ("https://evil.example/x", "HTTP://evil.example/", "//evil.example"):
        text = f"See {link} and https://bank.example/a."
        [told] = strange(params, CheckedText("email", text, links=(link, "https://bank.example/a")))
        assert told.startswith("1 of the links")
        assert strange(params, CheckedText("email", text)) == [told]

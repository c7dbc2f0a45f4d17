"""Each kind of rule, both ways, on the visible text."""

from __future__ import annotations

import string
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from ccm.compliance.kinds import RuleParams, forbid_words, max_segments, require_link, require_wording, scan
from ccm.compliance.text import CheckedText, count_standing, from_example
from ccm.model.message import WordingUse
from ccm.workspace.settings import ByLanguage

NOTICE = "Your deposits are protected up to £120,000 in total. See our long-term promise."


def message(text: str, *, channel: str = "email", **rest: object) -> CheckedText:
    return CheckedText(channel=channel, text=text, **rest)  # type: ignore[arg-type]


def with_notice(text: str, *words: str) -> CheckedText:
    return message(text, wording=tuple(WordingUse("notice", "1", "", used) for used in words or (NOTICE,)))


def required(**params: object) -> require_wording.Params:
    return require_wording.Params.model_validate({"wording": ["notice"], **params})


class TestRequireWording:
    def test_wording_that_was_used_and_stands_in_the_text_passes(self) -> None:
        assert require_wording.check(required(), with_notice(f"Hello.\n{NOTICE}\nBye.")) == []

    def test_wording_that_was_not_used_is_missing_even_where_the_same_words_stand(self) -> None:
        assert require_wording.check(required(), message(NOTICE)) == ["wording 'notice' is not used"]

    def test_wording_in_a_hidden_part_is_not_what_the_customer_reads(self) -> None:
        found = require_wording.check(required(), with_notice("Hello."))
        assert found == ["wording 'notice' was used, but its text is not in what the customer reads"]

    def test_the_subject_is_no_place_for_wording(self) -> None:
        hidden = message("Hello", subject=NOTICE, wording=(WordingUse("notice", "1", "", NOTICE),))
        assert require_wording.check(required(), hidden)

    @pytest.mark.parametrize(
        "changed",
        [
            NOTICE.replace("protected", "not protected"),
            NOTICE.replace("120,000", "1,120,000"),
            NOTICE.replace("£120,000", "£85,000"),
            NOTICE.replace("Your deposits", "Your Deposits"),
            NOTICE[:-1],
            NOTICE.replace("deposits are", "depositsare"),
        ],
    )
    def test_a_changed_word_is_another_text(self, changed: str) -> None:
        assert require_wording.check(required(), with_notice(changed))

    def test_full_width_digits_are_another_text(self) -> None:
        assert count_standing("元本1,000万円", message("元本１,０００万円")) == 0

    def test_a_longer_number_does_not_hold_a_shorter_one(self) -> None:
        assert count_standing("up to £85,000", message("up to £85,0000")) == 0
        assert count_standing("Member FDIC", message("NonMember FDIC, Member FDICs, Member FDIC")) == 1

    def test_line_breaks_and_soft_hyphens_of_the_layout_do_not_matter(self) -> None:
        broken = (
            NOTICE.replace(" are ", "\n   are\u00a0").replace("long-term", "long-\nterm").replace("tot", "to\u00adt")
        )
        assert require_wording.check(required(), with_notice(broken)) == []

    def test_a_japanese_sentence_may_break_anywhere(self) -> None:
        wording = "預金保険制度により元本1,000万円までと利息等が保護されます。"
        broken = "預金保\n険制度により元本\n1,000万円まで\n　と利息等が保護されます\n。"
        assert require_wording.check(required(), with_notice(f"残高\n{broken}\n以上", wording)) == []

    def test_exactly_once_counts(self) -> None:
        once, twice = with_notice(NOTICE), with_notice(f"{NOTICE} {NOTICE}")
        assert require_wording.check(required(occurs="exactly_once"), once) == []
        found = require_wording.check(required(occurs="exactly_once"), twice)
        assert found == ["wording 'notice' stands 2 times, not exactly once"]
        assert require_wording.check(required(), twice) == []

    def test_minimum_says_how_many_of_several_are_enough(self) -> None:
        params = require_wording.Params(wording=("notice", "exclusion"), minimum=1)
        assert require_wording.check(params, with_notice(NOTICE)) == []
        assert len(require_wording.check(params, message(NOTICE))) == 2
        both = require_wording.Params(wording=("notice", "exclusion"))
        assert require_wording.check(both, with_notice(NOTICE)) == ["wording 'exclusion' is not used"]

    def test_minimum_above_the_number_of_wordings_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="minimum 2 is more than the 1"):
            required(minimum=2)

    def test_empty_wording_never_counts_as_standing(self) -> None:
        assert require_wording.check(required(), with_notice("Hello", " "))

    @settings(max_examples=60, deadline=None)
    @given(
        words=st.lists(st.text(string.ascii_letters + "預金保護£%", min_size=1, max_size=6), min_size=1, max_size=8),
        breaks=st.lists(st.sampled_from([" ", "\n", "\r\n", "  \n\t", "\u00a0"]), min_size=8, max_size=8),
    )
    def test_wording_is_found_across_any_line_breaks(self, words: list[str], breaks: list[str]) -> None:
        wording = " ".join(words)
        laid_out = "".join(word + gap for word, gap in zip(words, breaks, strict=False))
        assert require_wording.check(required(), with_notice(f"Dear customer,\n{laid_out}\nYours", wording)) == []


def forbid(*words: str, allow: tuple[str, ...] = (), except_wording: bool = False) -> forbid_words.Params:
    lists = {"allow": {"en": allow}} if allow else {}
    return forbid_words.Params.model_validate({"words": {"en": words}, "except_wording": except_wording, **lists})


class TestForbidWords:
    @pytest.mark.parametrize(
        "text",
        [
            "Risk free savings",
            "risk-free",
            "RISK\nFREE",
            "ｒｉｓｋ ｆｒｅｅ",
            "risk\u2011free",
            "ri\u200bsk fr\u00adee",
            "安心のrisk freeな預金",
        ],
    )
    def test_a_forbidden_word_is_found_however_it_is_written(self, text: str) -> None:
        assert forbid_words.check(forbid("risk free"), message(text)) == ["'risk free' must not be said"]

    @pytest.mark.parametrize("text", ["a brisk freeway", "risk freedom", "riskfree", "free risk", "risk. Free gift"])
    def test_a_forbidden_word_is_not_found_in_other_words(self, text: str) -> None:
        assert forbid_words.check(forbid("risk free"), message(text)) == []

    def test_a_star_takes_every_ending_and_no_beginning(self) -> None:
        params = forbid("guarantee*")
        for text in ("guarantee", "Guaranteed!", "guarantees", "guaranteeing"):
            assert forbid_words.check(params, message(text)), text
        assert forbid_words.check(params, message("nonguaranteed guarant")) == []

    def test_apostrophes_are_all_the_same(self) -> None:
        assert forbid_words.check(forbid("can't lose"), message("You can’t lose"))

    def test_the_subject_is_read_too_but_does_not_join_the_text(self) -> None:
        assert forbid_words.check(forbid("risk free"), message("Hello", subject="Risk free"))
        assert forbid_words.check(forbid("risk free"), message("free", subject="risk")) == []

    def test_japanese_words_are_found_anywhere_and_across_lines(self) -> None:
        params = forbid_words.Params.model_validate({"words": {"ja": ["必ず儲か", "ノーリスク"]}})
        assert forbid_words.check(params, message("これで必ず\n儲かります")) == ["'必ず儲か' must not be said"]
        assert forbid_words.check(params, message("ﾉｰﾘｽｸです")) == ["'ノーリスク' must not be said"]
        assert forbid_words.check(params, message("必ずご確認ください")) == []

    def test_every_list_is_looked_for_in_every_language(self) -> None:
        params = forbid_words.Params.model_validate({"words": {"en": ["risk free"], "ja": ["元本保証"]}})
        assert len(forbid_words.check(params, message("元本保証でrisk free"))) == 2

    def test_an_allowed_phrase_is_no_finding(self) -> None:
        params = forbid("guaranteed", allow=("not guaranteed",))
        assert forbid_words.check(params, message("The rate is not\nguaranteed.")) == []
        assert forbid_words.check(params, message("Not guaranteed? Guaranteed!"))
        assert forbid_words.check(forbid("risk free", allow=("really",)), message("risk really free")) == []

    def test_approved_wording_may_say_what_the_text_around_it_may_not(self) -> None:
        wording = WordingUse("notice", "1", "", "Deposits are guaranteed up to £120,000.")
        inside = message("Hello.\nDeposits are\nguaranteed up to £120,000. Bye.", wording=(wording,))
        assert forbid_words.check(forbid("guaranteed", except_wording=True), inside) == []
        assert forbid_words.check(forbid("guaranteed"), inside)
        outside = message(f"{inside.text} Guaranteed.", wording=(wording,))
        assert forbid_words.check(forbid("guaranteed", except_wording=True), outside)

    def test_taking_wording_out_does_not_join_the_words_around_it(self) -> None:
        wording = WordingUse("notice", "1", "", "A notice.")
        text = message("This is risk A notice. free of charge", wording=(wording,))
        assert forbid_words.check(forbid("risk free", except_wording=True), text) == []

    def test_a_word_with_signs_is_found(self) -> None:
        assert forbid_words.check(forbid("100% safe"), message("It is 100% safe."))
        assert forbid_words.check(forbid("100% safe"), message("It is 2100% safe.")) == []

    @pytest.mark.parametrize("word", ["**", "guar*ntee", "--", "  "])
    def test_a_word_that_is_none_is_refused(self, word: str) -> None:
        with pytest.raises(ValidationError):
            forbid(word)

    @settings(max_examples=60, deadline=None)
    @given(
        word=st.text(string.ascii_letters + "éüñßœ", min_size=2, max_size=8),
        before=st.text(string.ascii_letters + string.digits + "éü", max_size=4),
        after=st.text(string.ascii_letters + string.digits + "éü", max_size=4),
    )
    def test_a_latin_word_is_never_found_inside_a_longer_one(self, word: str, before: str, after: str) -> None:
        found = forbid_words.check(forbid(word), message(f"x {before}{word.upper()}{after} x"))
        assert bool(found) == (not before and not after)


class TestMaxSegments:
    @pytest.mark.parametrize(("segments", "passes"), [(1, True), (3, True), (4, False), (0, False)])
    def test_parts_are_counted_against_the_maximum(self, segments: int, passes: bool) -> None:
        found = max_segments.check(max_segments.Params(maximum=3), message("x", channel="sms", segments=segments))
        assert (found == []) == passes

    def test_other_channels_have_no_parts(self) -> None:
        assert max_segments.check(max_segments.Params(maximum=3), message("x")) == []


class TestRequireLink:
    page = "https://www.bank.example/preferences"

    def params(self) -> require_link.Params:
        return require_link.Params(purpose="preferences").model_copy(update={"target": self.page})

    @pytest.mark.parametrize("end", ["", "/", "?c=1", "/email#top"])
    def test_a_link_to_the_page_or_below_it_passes(self, end: str) -> None:
        links = ("https://www.bank.example/", self.page + end)
        assert require_link.check(self.params(), message("", links=links)) == []

    @pytest.mark.parametrize(
        "link",
        [
            "http://www.bank.example/preferences",
            "https://www.bank.example.evil.example/preferences",
            "https://www.bank.example@evil.example/preferences",
            "https://www.bank.example/preferences-old",
            "https://www.bank.example/",
            "https://[bad",
        ],
    )
    def test_a_link_elsewhere_does_not_count(self, link: str) -> None:
        found = require_link.check(self.params(), message("", links=(link,)))
        assert found == [f"has no link to the preferences page {self.page}"]

    def test_a_page_that_is_only_named_in_the_text_is_no_link(self) -> None:
        assert require_link.check(self.params(), message(self.page))

    @pytest.mark.parametrize("link", ["http://a.example", "HTTP://a.example", "javascript:x", "//a.example", "data:,x"])
    def test_links_that_are_not_encrypted_are_refused_and_not_shown(self, link: str) -> None:
        params = require_link.Params(https_only=True)
        found = require_link.check(params, message("", links=("https://a.example", link)))
        assert found == ["1 of the links are none of https, mailto, tel"]

    def test_an_address_in_plain_text_counts_as_a_link(self) -> None:
        params = require_link.Params(https_only=True)
        assert require_link.check(params, message("See http://a.example"))
        assert require_link.check(params, message("See https://a.example", links=("mailto:a@b.example", "tel:1"))) == []

    def test_a_rule_that_asks_for_nothing_is_refused(self) -> None:
        with pytest.raises(ValidationError, match="asks for nothing"):
            require_link.Params()

    def test_the_address_cannot_be_written_in_a_rule(self) -> None:
        with pytest.raises(ValidationError):
            require_link.Params.model_validate({"purpose": "website", "target": "https://evil.example"})


class TestExamples:
    def test_marks_become_wording_subject_segments_and_links(self) -> None:
        found = from_example(
            "{subject: Hi}{segments: 2}{wording.a: Be safe.} Go {page}.",
            {"page": ByLanguage(en="https://a.example/p", ja="")},
        )
        assert (found.channel, found.subject, found.segments) == ("sms", "Hi", 2)
        assert [(use.id, use.text) for use in found.wording] == [("a", "Be safe.")]
        assert "Be safe." in found.text
        assert found.links == ("https://a.example/p",)


class TestScan:
    def package(self, folder: Path, name: str, text: str, monkeypatch: pytest.MonkeyPatch) -> ModuleType:
        (folder / name).mkdir()
        (folder / name / "__init__.py").write_text("")
        (folder / name / "some_kind.py").write_text(text)
        monkeypatch.syspath_prepend(str(folder))
        return __import__(name)

    def test_a_new_file_is_a_new_kind(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        text = "from ccm.compliance.kinds import RuleParams as Params\ndef check(params, message): return ['no']\n"
        kinds = scan(self.package(tmp_path, "kinds_good", text, monkeypatch))
        assert list(kinds) == ["some_kind"]
        check = kinds["some_kind"].check
        assert check is not None
        assert check(RuleParams(), message("")) == ["no"]

    @pytest.mark.parametrize(
        ("name", "text", "error"),
        [
            ("kinds_broken", "raise RuntimeError('broken')", RuntimeError),
            ("kinds_no_params", "def check(params, message): return []", TypeError),
            ("kinds_no_check", "from ccm.compliance.kinds import RuleParams as Params", TypeError),
        ],
    )
    def test_a_kind_that_does_not_load_stops_the_program(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, text: str, error: type[Exception]
    ) -> None:
        with pytest.raises(error):
            scan(self.package(tmp_path, name, text, monkeypatch))

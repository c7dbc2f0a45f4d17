"""Fonts of letters: what they can print, how they are built, and that no other font is ever used."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from importlib.resources import files
from pathlib import Path

import pytest
from fontTools.ttLib import TTFont
from hypothesis import given, settings
from hypothesis import strategies as st

from ccm.errors import TryAgain
from ccm.render.fonts import Source, font_folder, missing_glyph, missing_glyphs, prepare_fonts
from ccm.render.letter_fontbuild import build_japanese, coverage, japanese_characters

LATIN = Path(str(files("fontpkg_noto_sans"))) / "files" / "NotoSans[wdth,wght].ttf"
JAPANESE = Path(str(files("noto_cjk_sans_jp_regular"))) / "NotoSansCJKjp-Regular.otf"
COPIES = (Source("One-Regular.ttf", "copy", LATIN, 400), Source("One-Bold.ttf", "copy", LATIN, 700))


@pytest.mark.parametrize(
    "text",
    [
        "\U00020bb7野家",  # the other form of 吉
        "葛\U000e0100城 葛\U000e0101飾",  # two registered forms of 葛
        "\ufa11 \u9ad9 \ufa19",  # forms that no normalisation may merge with 崎 高 神
        "Núñez Łukasz Ångström Đặng Ελένη Жуков",
        "口座番号　¥1,234 ￥5,678 −9 \u00a0\u202f①Ⅲ㈱",
        "soft\u00adhyphen and zero\u200bwidth space",
        "",
    ],
)
def test_names_and_figures_of_customers_can_be_printed(text: str) -> None:
    assert missing_glyph(text) is None


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ("Ali علي", "U+0639"),
        ("party \U0001f389", "U+1F389"),
        ("葛\U000e01ef", "U+845B U+E01EF"),
        ("a\U000e0100", "U+0061 U+E0100"),
        ("\U000e0100", "U+E0100"),
        ("pay 001\u202e99 GBP", "U+202E"),
        ("private \ue000 use", "U+E000"),
        ("bell \x07", "U+0007"),
    ],
)
def test_what_no_font_has_is_named(text: str, named: str) -> None:
    assert missing_glyph(text) == named


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=20))
def test_text_is_printable_exactly_if_each_part_is(text: str) -> None:
    if missing_glyph(text) is None:
        assert all(missing_glyph(part) is None for part in text.split())
    else:
        assert missing_glyph(text + " more") == missing_glyph(text)


def test_variants_and_compatibility_ideographs_keep_glyphs_of_their_own() -> None:
    for style in ("Regular", "Bold"):
        with TTFont(font_folder() / "fonts" / f"NotoSansJP-{style}.ttf") as font:
            cmap = font.getBestCmap()
            assert cmap[0x795E] != cmap[0xFA19]
            assert cmap[0x9AD8] != cmap[0x9AD9]
            (table,) = (table for table in font["cmap"].tables if table.format == 14)
            forms = {
                selector: dict(entries).get(0x845B, "none") or cmap[0x845B]
                for selector, entries in table.uvsDict.items()
                if selector in (0xE0100, 0xE0101)
            }
            assert len(set(forms.values())) == 2


def test_figures_have_equal_widths_without_font_features() -> None:
    for path in sorted((font_folder() / "fonts").iterdir()):
        with TTFont(path, lazy=True) as font:
            cmap = font.getBestCmap()
            assert len({font["hmtx"][cmap[ord(figure)]][0] for figure in "0123456789"}) == 1, path.name


def test_frequent_characters_have_low_glyph_ids() -> None:
    with TTFont(font_folder() / "fonts" / "NotoSansJP-Regular.ttf", lazy=True) as font:
        glyph_ids = font.getReverseGlyphMap()
        cmap = font.getBestCmap()
        assert font["maxp"].numGlyphs < 14_000
        assert all(glyph_ids[cmap[ord(character)]] < 1_000 for character in "09azぁんァン")
        assert all(glyph_ids[cmap[ord(character)]] < 5_500 for character in "口座取引明細書残高預金合計様")
        assert "fvar" not in font
        assert "glyf" in font


def test_compact_font_has_all_of_the_japanese_standards_that_the_source_has() -> None:
    compact = coverage(font_folder() / "fonts" / "NotoSansJP-Regular.ttf")
    source = coverage(JAPANESE)
    wanted = set(japanese_characters())
    assert len(wanted) > 11_000
    assert compact.characters == wanted & source.characters
    assert compact.sequences == {pair for pair in source.sequences if pair[0] in wanted}


def test_building_twice_gives_the_same_bytes(tmp_path: Path) -> None:
    characters = [ord(character) for character in "口座葛あA1"]
    for name in ("one.ttf", "two.ttf"):
        build_japanese(JAPANESE, tmp_path / name, 400, characters)
    assert (tmp_path / "one.ttf").read_bytes() == (tmp_path / "two.ttf").read_bytes()
    with TTFont(tmp_path / "one.ttf") as font:
        assert [code for code in font.getBestCmap() if code in characters] == sorted(characters)
        assert font["name"].getDebugName(1) == "Noto Sans JP"
        assert "Adobe" in (font["name"].getDebugName(0) or "")


def test_many_at_once_build_the_fonts_once(tmp_path: Path) -> None:
    with ThreadPoolExecutor(6) as pool:
        folders = set(pool.map(lambda _: prepare_fonts(tmp_path, COPIES), range(6)))
    assert len(folders) == 1
    (folder,) = folders
    assert sorted(path.name for path in tmp_path.iterdir()) == [folder.name, f"{folder.name}.lock"]
    assert sorted(path.name for path in (folder / "fonts").iterdir()) == ["One-Bold.ttf", "One-Regular.ttf"]


def test_another_recipe_gets_another_folder(tmp_path: Path) -> None:
    lighter = tuple(Source(source.target, source.kind, source.path, 300) for source in COPIES)
    assert prepare_fonts(tmp_path, COPIES) != prepare_fonts(tmp_path, lighter)


def test_failed_build_leaves_nothing_and_says_so(tmp_path: Path) -> None:
    no_font = tmp_path / "no-font.otf"
    no_font.write_bytes(b"not a font")
    with pytest.raises(TryAgain, match="building the fonts of letters failed"):
        prepare_fonts(tmp_path / "cache", (Source("X-Regular.ttf", "japanese", no_font, 400),))
    assert [path.suffix for path in (tmp_path / "cache").iterdir()] == [".lock"]


def test_cache_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    file = tmp_path / "file"
    file.write_text("in the way")
    with pytest.raises(TryAgain, match="CCM_FONT_CACHE"):
        prepare_fonts(file / "cache", COPIES)


def test_every_character_that_no_font_has_is_named_once_and_in_order() -> None:
    assert missing_glyphs("Ali علي علي") == ("ع", "ل", "ي")
    assert missing_glyphs("葛\U000e01ef 葛\U000e0100 \U0001f389葛\U000e01ef") == ("葛\U000e01ef", "\U0001f389")
    assert missing_glyphs("ع\U000e0100") == ("ع",)
    assert missing_glyphs("葛\U000e0101城 浩, Núñez") == ()


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=12))
def test_text_without_what_is_missing_can_be_printed(text: str) -> None:
    missing = missing_glyphs(text)
    assert len(set(missing)) == len(missing)
    assert all(missing_glyphs(character) == (character,) for character in missing)
    assert (missing_glyph(text) is None) == (missing == ())

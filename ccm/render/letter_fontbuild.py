"""Makes the static fonts that letters are set in, from the Noto fonts in the installed wheels.

Two recipes, because the sources cost too much for each letter (measured, per Japanese statement):

- Japanese: the source font has 65,535 glyphs. HarfBuzz, which cuts out the glyphs that a PDF needs,
  works through all ids up to the highest one used. `build_japanese` keeps the characters of
  JIS X 0213 and CP932 with their variants (IVS), in the order of those standards, so that frequent
  characters have low ids, as quadratic outlines, which are cut faster than CFF.
- Latin: the source is a variable font, which WeasyPrint would instantiate again for each letter.

The same sources and the same fontTools give the same bytes: no date of today goes in.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fontTools import subset
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.cu2quPen import Cu2QuPen
from fontTools.pens.ttGlyphPen import TTGlyphPen
from fontTools.ttLib import TTFont
from fontTools.varLib.instancer import instantiateVariableFont

LATIN_FAMILY = "Noto Sans"
JAPANESE_FAMILY = "Noto Sans JP"
RARE_FAMILY = "Noto Sans CJK JP"

# Latin, Greek and Cyrillic with their marks and extensions, punctuation, currency signs, arrows and symbols.
_LATIN_BLOCKS = (
    (0x0020, 0x052F), (0x1AB0, 0x1AFF), (0x1D00, 0x1DFF), (0x1E00, 0x1FFF), (0x2000, 0x27BF),
    (0x2C60, 0x2C7F), (0x2DE0, 0x2E7F), (0xA640, 0xA69F), (0xA700, 0xA7FF), (0xFB00, 0xFB06), (0xFE20, 0xFE2F),
)  # fmt: skip
_LATIN_FEATURES = ["ccmp", "kern", "liga", "locl", "mark", "mkmk"]
# Deviation from the cubic outline, in units of 1/1000 em: 0.004 mm at 11 pt.
_OUTLINE_TOLERANCE = 1.0
# Frequent in names, yet in neither standard: the "tsuchi-yoshi" form of Yoshi (U+20BB7).
_NAME_KANJI = (0x20BB7,)
_NAME_IDS = {"copyright": 0, "version": 5, "trademark": 7, "licenseDescription": 13, "licenseInfoURL": 14}


@dataclass(frozen=True, slots=True)
class Coverage:
    """What a font can print: code points, and variation sequences as (base, selector)."""

    characters: frozenset[int]
    sequences: frozenset[tuple[int, int]]


def coverage(path: Path) -> Coverage:
    """Read from the font file's cmap."""
    with TTFont(path, lazy=True) as font:
        return Coverage(
            characters=frozenset(font.getBestCmap()),
            sequences=frozenset((base, selector) for selector, base, _ in _variations(font)),
        )


def build_latin(source: Path, target: Path, weight: int) -> None:
    """Write `target`, the variable font `source` at the given weight (400 regular, 700 bold) and normal width."""
    font = TTFont(source, recalcTimestamp=False)
    options = subset.Options(
        layout_features=_LATIN_FEATURES, hinting=False, glyph_names=False, notdef_outline=True, name_IDs=["*"]
    )
    subsetter = subset.Subsetter(options)
    subsetter.populate(unicodes=[code for first, last in _LATIN_BLOCKS for code in range(first, last + 1)])
    subsetter.subset(font)
    instantiateVariableFont(font, {"wght": weight, "wdth": 100}, inplace=True, updateFontNames=True)
    font.save(target)


def build_japanese(source: Path, target: Path, weight: int, characters: Iterable[int] | None = None) -> None:
    """Write `target`, the compact font of family `JAPANESE_FAMILY`, from the CFF font `source`.

    `characters` are the code points to keep, most frequent first; all `japanese_characters` if not given.
    """
    with TTFont(source, lazy=True) as font:
        _build_compact(font, weight, japanese_characters() if characters is None else characters).save(target)


def japanese_characters() -> tuple[int, ...]:
    """Return the code points of the compact font: ASCII, Latin-1, JIS X 0213, CP932, in the order of the standards."""
    standard = (code for codec in ("shift_jis_2004", "cp932") for code in _two_byte_codes(codec))
    return tuple(dict.fromkeys([*range(0x20, 0x7F), *range(0xA0, 0x100), *standard, *_NAME_KANJI]))


def _two_byte_codes(codec: str) -> Iterator[int]:
    for lead in (*range(0x81, 0xA0), *range(0xE0, 0xFD)):
        for trail in range(0x40, 0xFD):
            # Pairs that the standard leaves empty decode to nothing.
            yield from map(ord, bytes((lead, trail)).decode(codec, "ignore"))


def _build_compact(font: TTFont, weight: int, characters: Iterable[int]) -> TTFont:
    source_cmap: dict[int, str] = font.getBestCmap()
    cmap = {code: source_cmap[code] for code in characters if code in source_cmap}
    variations = [entry for entry in _variations(font) if entry[1] in cmap]
    names = list(dict.fromkeys([".notdef", *cmap.values(), *(name for _, _, name in variations if name)]))
    glyphs = dict(_quadratic_glyphs(font, names))
    advances = font["hmtx"].metrics
    builder = FontBuilder(font["head"].unitsPerEm, isTTF=True)
    builder.font.recalcTimestamp = False
    builder.setupGlyphOrder(names)
    builder.setupCharacterMap(cmap, uvs=[(base, selector, name) for selector, base, name in variations])
    builder.setupGlyf(glyphs)
    builder.setupHorizontalMetrics({name: (advances[name][0], getattr(glyphs[name], "xMin", 0)) for name in names})
    header, os2 = font["hhea"], font["OS/2"]
    builder.setupHorizontalHeader(ascent=header.ascent, descent=header.descent)
    heights = ("sTypoAscender", "sTypoDescender", "sTypoLineGap", "usWinAscent", "usWinDescent", "sxHeight")
    builder.setupOS2(usWeightClass=weight, fsType=0, **{name: getattr(os2, name) for name in heights})
    builder.setupPost(keepGlyphNames=False)
    # FontBuilder puts today's date in, and the dates would be part of every letter.
    builder.updateHead(created=font["head"].created, modified=font["head"].modified)
    _name(builder, font, "Bold" if weight >= 600 else "Regular")
    return builder.font


def _variations(font: TTFont) -> list[tuple[int, int, str | None]]:
    """Return (selector, base, glyph name or None for the base's own glyph), sorted."""
    found: list[tuple[int, int, str | None]] = [
        (selector, base, name)
        for table in font["cmap"].tables
        if table.format == 14
        for selector, entries in table.uvsDict.items()
        for base, name in entries
    ]
    return sorted(found, key=lambda entry: entry[:2])


def _quadratic_glyphs(font: TTFont, names: Iterable[str]) -> Iterator[tuple[str, Any]]:
    glyph_set = font.getGlyphSet()
    for name in names:
        pen = TTGlyphPen(None)
        glyph_set[name].draw(Cu2QuPen(pen, _OUTLINE_TOLERANCE, reverse_direction=True))
        yield name, pen.glyph()


def _name(builder: FontBuilder, source: TTFont, style: str) -> None:
    """Give the font its own family name; copyright and licence stay those of the source (SIL OFL 1.1)."""
    kept = {key: source["name"].getDebugName(number) for key, number in _NAME_IDS.items()}
    postscript = f"{JAPANESE_FAMILY.replace(' ', '')}-{style}"
    builder.setupNameTable(
        {
            **{key: text for key, text in kept.items() if text},
            "familyName": JAPANESE_FAMILY,
            "styleName": style,
            "fullName": f"{JAPANESE_FAMILY} {style}",
            "psName": postscript,
            "uniqueFontIdentifier": f"ccm;{postscript}",
        },
        mac=False,
    )
    selection = builder.font["OS/2"]
    selection.fsSelection = 0x20 if style == "Bold" else 0x40
    builder.font["head"].macStyle = 1 if style == "Bold" else 0


def main(arguments: list[str]) -> None:
    """Build one font: ``latin|japanese SOURCE TARGET WEIGHT``; a process of its own, so that several build at once."""
    kind, source, target, weight = arguments
    builders = {"latin": build_latin, "japanese": build_japanese}
    builders[kind](Path(source), Path(target), int(weight))


if __name__ == "__main__":
    main(sys.argv[1:])

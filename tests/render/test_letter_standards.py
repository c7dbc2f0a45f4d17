"""What PDF/UA-1 (ISO 14289-1) and PDF/A-2a (ISO 19005-2) ask for and a program can check, on shipped letters."""

from __future__ import annotations

from collections import Counter
from functools import cache

import pikepdf
import pytest
from letter_parts import BRAND
from pdf_parts import artifacts, elements, embedded_fonts, kinds, opened, unmarked, xmp
from statement_parts import statement

from ccm.render.letter import open_letter_renderer

LETTERS = [("en", ""), ("us", ""), ("ja", ""), ("en", "large_print"), ("ja", "large_print")]
TITLES = {
    "en": "Account statement 1 January 2026 to 31 March 2026",
    "us": "Account statement January 1, 2026 to March 31, 2026",
    "ja": "お取引明細書 2026年1月1日～2026年3月31日",
}
LANGUAGES = {"en": "en-GB", "us": "en-US", "ja": "ja-JP"}


@cache
def pdf(who: str, large: str) -> bytes:
    return statement(who, 40, accessible_format=large).body


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_file_claims_both_standards_in_its_metadata(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        claims = xmp(document)
        assert (claims["pdfuaid:part"], claims["pdfaid:part"], claims["pdfaid:conformance"]) == ("1", "2", "A")
        packet = document.Root.Metadata.read_bytes()
        assert packet.count(b"<rdf:RDF") == 1
        # PDF/A takes properties of other standards only with their schema (ISO 19005-2, 6.6.2.3.3).
        assert b"<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>" in packet
        # Both of them, and the title of the file's own dictionary, say the same.
        assert claims["dc:title"] == TITLES[who] == str(document.docinfo["/Title"])
        assert claims["pdf:Producer"] == str(document.docinfo["/Producer"])


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_reader_is_told_title_language_and_tab_order(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        root = document.Root
        assert str(root.Lang) == LANGUAGES[who]
        assert bool(root.ViewerPreferences.DisplayDocTitle)
        assert bool(root.MarkInfo.Marked)
        assert {str(page.get("/Tabs")) for page in document.pages} == {"/S"}


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_everything_on_the_pages_is_content_or_artifact(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        assert unmarked(document) == []
        assert all("Pagination" in artifacts(document, page) for page in range(len(document.pages)))


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_structure_names_headings_tables_and_pictures(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        found = Counter(kinds(document))
        assert kinds(document)[0] == "Document"
        assert found["Document"] == found["H1"] == 1
        assert found["H2"] == 4
        assert found["TR"] == 42 + found["Table"]
        assert found["TH"] == 4 * found["Table"]
        assert found["TD"] == 4 * 42
        for element in elements(document):
            kind = str(element.S)
            if kind == "/TH":
                assert str(element.A.Scope) == "/Column"
            elif kind == "/TD":
                assert len(element.A.Headers) == 1
            elif kind == "/Figure":
                assert str(element.Alt)


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_figures_say_where_they_stand_in_points(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        (logo,) = (element for element in elements(document) if str(element.S) == "/Figure")
        left, bottom, right, top = map(float, logo.A.BBox)
        height = float(document.pages[0].MediaBox[3])
        assert right - left == pytest.approx(15 * 72 / 25.4, abs=0.1)
        assert height - top == pytest.approx(15 * 72 / 25.4, abs=0.1)
        assert bottom < top


def test_words_of_the_margins_hang_on_no_element() -> None:
    with opened(pdf("en", "")) as document:
        parents = document.Root.StructTreeRoot.ParentTree.Nums[1]
        assert any(parent is None for parent in parents)
        reached = {element.objgen for element in elements(document)}
        assert all(parent is None or parent.objgen in reached for parent in parents)


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_fonts_are_embedded_as_subsets_that_map_to_unicode(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        found = embedded_fonts(document)
        assert found
        assert all(found.values())
        assert all("+Noto-Sans" in name for name in found)
        kept = sum(
            len(item.read_bytes())
            for item in document.objects
            if isinstance(item, pikepdf.Stream) and "/Length1" in item
        )
        assert kept < 120_000, "of some 17 MB of fonts"


@pytest.mark.parametrize(("who", "large"), LETTERS)
def test_colours_are_defined_and_nothing_active_or_outside_is_in_the_file(who: str, large: str) -> None:
    with opened(pdf(who, large)) as document:
        (intent,) = document.Root.OutputIntents
        assert str(intent.S) == "/GTS_PDFA1"
        assert int(intent.DestOutputProfile.N) == 3
        assert len(document.trailer.ID) == 2
        assert not document.is_encrypted
        for key in ("/OpenAction", "/AA", "/Names", "/AcroForm", "/OCProperties"):
            assert key not in document.Root
        for item in document.objects:
            if isinstance(item, pikepdf.Dictionary):
                assert item.get("/S") not in ("/JavaScript", "/Launch")
                assert "/SMask" not in item
                assert "/BM" not in item or item.BM == "/Normal"


def test_links_are_printable_annotations_with_a_name_in_the_structure() -> None:
    renderer = open_letter_renderer(BRAND)
    html = '<h1>A</h1><p>See <a href="https://www.example.com/a">our page</a></p>'
    with opened(renderer.render(html, title="T", language="en", large_print=False).pdf) as document:
        (link,) = document.pages[0].Annots
        assert int(link.F) & 4
        assert str(link.Contents)
        assert "Link" in kinds(document)
        assert unmarked(document) == []


@pytest.mark.parametrize("who", ["en", "us", "ja"])
def test_same_letter_has_the_same_bytes(who: str) -> None:
    assert statement(who, 12).body == statement(who, 12).body


def test_letterhead_address_heading_and_table_are_read_in_this_order() -> None:
    for who in ("en", "us", "ja"):
        with opened(pdf(who, "")) as document:
            found = kinds(document)
            assert sorted(found.index(kind) for kind in ("Figure", "L", "H1", "Table")) == [
                found.index(kind) for kind in ("Figure", "L", "H1", "Table")
            ]

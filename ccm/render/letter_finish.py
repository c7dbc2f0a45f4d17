"""The last touches to a letter's PDF before it is written: one file to read (PDF/UA-1) and to keep (PDF/A-2a).

Archive and customer get the same bytes, so that what is kept is what was sent. WeasyPrint writes either standard;
here the file is made to claim and keep both:

- XMP names PDF/UA-1 beside PDF/A-2a, with the extension schema that PDF/A asks for (ISO 19005-2, 6.6.2.3.3).
- Headers, footers and all else in the margins are artifacts (ISO 14289-1, 7.1), which WeasyPrint 70 marks as content
  of structure elements that hang on nothing.
- Header cells get their scope (7.5), and figures their box in points (ISO 32000-1, 14.8.5.4.3).
- The inserting machine's codes are drawn, as artifacts.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ccm.render.letter_codes import Inserter, data_matrix, drawn, sheet_codes

VARIANT = "pdf/a-2a"

_XMP = b"""<rdf:Description xmlns:pdfuaid="http://www.aiim.org/pdfua/ns/id/" rdf:about="" pdfuaid:part="1" />\
<rdf:Description xmlns:pdfaExtension="http://www.aiim.org/pdfa/ns/extension/" \
xmlns:pdfaSchema="http://www.aiim.org/pdfa/ns/schema#" xmlns:pdfaProperty="http://www.aiim.org/pdfa/ns/property#" \
rdf:about=""><pdfaExtension:schemas><rdf:Bag><rdf:li rdf:parseType="Resource">\
<pdfaSchema:schema>PDF/UA identification</pdfaSchema:schema>\
<pdfaSchema:namespaceURI>http://www.aiim.org/pdfua/ns/id/</pdfaSchema:namespaceURI>\
<pdfaSchema:prefix>pdfuaid</pdfaSchema:prefix><pdfaSchema:property><rdf:Seq><rdf:li rdf:parseType="Resource">\
<pdfaProperty:name>part</pdfaProperty:name><pdfaProperty:valueType>Integer</pdfaProperty:valueType>\
<pdfaProperty:category>internal</pdfaProperty:category>\
<pdfaProperty:description>Part of ISO 14289 that the file conforms to</pdfaProperty:description>\
</rdf:li></rdf:Seq></pdfaSchema:property></rdf:li></rdf:Bag></pdfaExtension:schemas></rdf:Description>"""
_END = b"</rdf:RDF>"
_POINTS_PER_PIXEL = 0.75


class Finisher:
    """Handed to WeasyPrint's `write_pdf`, which calls it with the document and its `pydyf.PDF`."""

    def __init__(self, inserter: Inserter | None) -> None:
        self._inserter = inserter

    def __call__(self, document: Any, pdf: Any) -> None:
        """Change `pdf` in place."""
        pages = [pdf.objects[number] for number in pdf.pages["Kids"][::3]]
        streams = [_object(pdf, page["Contents"]) for page in pages]
        metadata = _object(pdf, pdf.catalog["Metadata"])
        metadata.stream = [part.replace(_END, _XMP + _END) for part in metadata.stream]
        tree = list(_structure(pdf))
        for parent, element in tree:
            _complete(pdf, parent, element)
        for stream, orphans in zip(streams, _orphans(pdf, {element.number for _, element in tree}), strict=True):
            stream.stream = list(_as_artifacts(stream.stream, orphans))
        if self._inserter is not None:
            for page, text in sheet_codes(self._inserter, len(pages)):
                streams[page].stream.append(drawn(data_matrix(text)))


def _object(pdf: Any, reference: bytes) -> Any:
    """The object that a reference such as ``b"12 0 R"`` means."""
    return pdf.objects[int(reference.split(b" ", 1)[0])]


def _structure(pdf: Any) -> Iterator[tuple[Any, Any]]:
    """Each element of the structure tree with its parent."""
    root = _object(pdf, pdf.catalog["StructTreeRoot"])
    stack = [(root, kid) for kid in root["K"]]
    while stack:
        parent, reference = stack.pop()
        if not isinstance(reference, bytes):
            continue  # The number of marked content on the page.
        element = _object(pdf, reference)
        if "K" in element:
            yield parent, element
            stack.extend((element, kid) for kid in element["K"])


def _complete(pdf: Any, parent: Any, element: Any) -> None:
    kind = element["S"]
    if kind == "/TH":
        rows = _object(pdf, parent["P"])["S"]
        element["A"]["Scope"] = "/Column" if rows == "/THead" else "/Row"
    elif kind == "/Figure":
        height = _object(pdf, element["Pg"])["MediaBox"][3]
        left, top, right, bottom = (value * _POINTS_PER_PIXEL for value in element["A"]["BBox"])
        element["A"]["BBox"][:] = (left, height - bottom, right, height - top)


def _orphans(pdf: Any, reached: set[int]) -> Iterator[set[int]]:
    """For each page the numbers of marked content whose element hangs on nothing; these elements are emptied."""
    numbers = _object(pdf, _object(pdf, pdf.catalog["StructTreeRoot"])["ParentTree"])["Nums"]
    for elements in numbers[1::2]:
        if not isinstance(elements, list):
            continue  # The element of an annotation, of which the margins have none.
        orphans = set()
        for mark, reference in enumerate(elements):
            element = _object(pdf, reference)
            if element.number not in reached:
                orphans.add(mark)
                elements[mark] = b"null"
                element.clear()
        yield orphans


def _as_artifacts(commands: list[Any], orphans: set[int]) -> Iterator[Any]:
    """The page's commands; marked content whose number is in `orphans` begins as an artifact."""
    tag: Any = None
    for command in commands:
        if tag is not None:
            artifact = isinstance(command, dict) and command.get("MCID") in orphans
            yield from ("/Artifact", b"<</Type /Pagination>>") if artifact else (tag, command)
            tag = None
        elif isinstance(command, str) and command.startswith("/"):
            tag = command
        else:
            yield command
    if tag is not None:
        yield tag

"""What MJML tags need, and what mrml would draw otherwise than the reference implementation.

Found by comparing both over a corpus (tests/render/mjml_corpus, npm mjml 5.4.1 and mrml 0.2.4).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping


def attribute_problems(tag: str, parent: str, attributes: Mapping[str, str]) -> Iterator[str]:
    """What is wrong with a tag as a whole; `attributes` are those it is written with."""
    for name, value in attributes.items():
        # mrml writes every value between quotation marks, and this one would end it there.
        if tag.startswith("mj") and '"' in value:
            yield f"<{tag}>: write &quot; for the \" in '{name}', which would end there"
    if tag in ("img", "mj-image") and parent != "mj-attributes":
        if "src" not in attributes:
            yield f"<{tag}> needs src, a file of templates/_brand"
        if "alt" not in attributes:
            yield f'<{tag}> needs alt: what it shows, or alt="" if it says nothing'
    if tag in ("mj-button", "mj-image") and "title" in attributes:
        yield f"<{tag}>: 'title' would not reach the e-mail; say it in the words or in alt"
    if tag == "mj-button" and "width" in attributes:
        if parent == "mj-attributes":
            yield "<mj-button>: 'width' stands on the button itself, so that it is seen beside its border"
        elif _border(attributes):
            yield "<mj-button>: 'width' and 'border' together make the button too wide; use one of them"
    if tag == "mj-column" and any(name.startswith("inner-border") for name in attributes.keys() - _RADII):
        yield "<mj-column>: 'inner-border' makes what stands in it too wide; use border"
    if tag == "mj-divider" and attributes.get("width", "100%") != "100%" and "%" in attributes["width"]:
        yield "<mj-divider>: a width in % is not the same in Outlook; write it in px"


_RADII = frozenset({"border-radius", "inner-border-radius"})


def _border(attributes: Mapping[str, str]) -> bool:
    return any(name.startswith("border") for name in attributes.keys() - _RADII)

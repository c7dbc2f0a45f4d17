"""Balances carried over the pages of a table.

Where a table of class ``carried`` breaks, the running balance of its last printed row (the text of the row's last
cell) stands at the foot of the page and at the head of the next. The engine hands them to the style sheet as named
strings, which pages print in their margins (CSS Generated Content for Paged Media, 1.1):

- ``string(ccm-balance, last)`` with ``string(ccm-carried, last)`` at the foot,
- ``string(ccm-balance, start)`` with ``string(ccm-brought, start)`` at the head.

All are empty on pages where no such table goes on. The renderer reads them once a page is laid out, from the rows that
really stand on it. The words come from the layout: the elements of class ``carried-forward`` and ``brought-forward``,
which are taken out of the page.
"""

from __future__ import annotations

from typing import Any

from ccm.render.letter_markup import visible_text

STYLE = """
[data-ccm-balance] { string-set: ccm-balance attr(data-ccm-balance) }
[data-ccm-carried] { string-set: ccm-balance attr(data-ccm-balance), ccm-carried attr(data-ccm-carried),
  ccm-brought attr(data-ccm-brought) }
[data-ccm-end] { string-set: ccm-balance "", ccm-carried "", ccm-brought "" }
"""
"""CSS that goes with the attributes set here; templates cannot set attributes of this prefix."""

_TABLE = "carried"


def carry_totals(root: Any) -> None:
    """Mark the rows of the tables of class ``carried`` in the element tree `root` with what is carried over."""
    carried, brought = (_take(root, f"{name}-forward") for name in ("carried", "brought"))
    for table in root.iter("table"):
        if _TABLE not in table.get("class", "").split():
            continue
        cells = [row[-1] for body in table.iter("tbody") for row in body.iter("tr") if len(row)]
        words = {"data-ccm-carried": carried, "data-ccm-brought": brought}
        for cell in cells:
            if balance := visible_text(cell):
                cell.set("data-ccm-balance", balance)
                # The words are set once, with the first balance, and stay until the end.
                for name, text in words.items():
                    cell.set(name, text)
                words = {}
        if cells:
            cells[-1].set("data-ccm-end", "")


def _take(root: Any, name: str) -> str:
    """The text of the first element of class `name`, all of which are removed."""
    text = ""
    for parent in list(root.iter()):
        for child in list(parent):
            if isinstance(child.tag, str) and name in child.get("class", "").split():
                text = text or visible_text(child)
                _remove(parent, child)
    return text


def _remove(parent: Any, child: Any) -> None:
    """Remove an element but not the text behind it, which the tree keeps with it."""
    before = parent[list(parent).index(child) - 1] if list(parent).index(child) else None
    if before is not None:
        before.tail = (before.tail or "") + (child.tail or "")
    else:
        parent.text = (parent.text or "") + (child.tail or "")
    parent.remove(child)

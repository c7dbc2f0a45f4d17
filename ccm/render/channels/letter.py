"""Letters: HTML and the brand's layout to PDF."""

from __future__ import annotations

from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from ccm.errors import RenderError
from ccm.model.customer import Customer
from ccm.model.message import Rendered, WordingUse
from ccm.render.channels.base import Channel, Filling
from ccm.render.dialects import LETTER
from ccm.render.kit import Kit, Page
from ccm.render.letter_codes import Inserter
from ccm.render.markdown_pages import letter_pieces
from ccm.render.renderer import Renderer
from ccm.workspace import Workspace
from ccm.workspace.communication import Communication
from ccm.workspace.stationery import LetterSettings, Sheet

if TYPE_CHECKING:
    from ccm.render.letter import Letter, LetterRenderer

LAYOUT = "letter.html"


class LetterChannel(Channel):
    """One letter as PDF."""

    name: ClassVar[str] = "letter"

    def __init__(self, workspace: Workspace, communication: Communication) -> None:
        super().__init__(workspace, communication)
        # Here, not above: loading the layout engine takes a second, which most commands can do without.
        from ccm.render.letter import open_letter_renderer

        self._letters = open_letter_renderer(workspace.brand)
        self._paper = workspace.channels["letter"].letter if "letter" in workspace.channels else LetterSettings()

    @cached_property
    def _previews(self) -> LetterRenderer:
        from ccm.render.letter import open_letter_renderer
        from ccm.render.letter_preview import marked_brand

        return open_letter_renderer(marked_brand(self.workspace.brand))

    def remember(self, folder: Path) -> None:
        """Previews have no PDF from now on: what was found of a letter once is kept in `folder`. For checks."""
        from ccm.render.letter import open_letter_renderer
        from ccm.render.letter_cache import RememberedLetters
        from ccm.render.letter_preview import marked_brand

        brand = marked_brand(self.workspace.brand)
        self._previews = RememberedLetters(open_letter_renderer(brand), folder, brand)

    def preload(self) -> None:
        from ccm.render.letter import preload

        preload()

    def compile(self, kit: Kit) -> Callable[[], Any] | None:
        return kit.whole_page(LAYOUT, LETTER, letter_pieces, "title")

    def page(self, filling: Filling) -> tuple[str, str]:
        """The letter as HTML before it is laid out, and its title."""
        page: Page = filling.template
        return page.fill(filling)

    def sheet(self, customer: Customer) -> Sheet:
        """The paper of a customer's letter, and what the window of its envelope shows of it."""
        country = customer.address.country if customer.address else customer.jurisdiction
        return self._paper.sheet_for(country, large_print=_is_large(customer))

    def has_window(self, customer: Customer) -> bool:
        """Whether the customer's letter goes out in an envelope with a window."""
        return self._paper.has_window(large_print=_is_large(customer))

    def lay_out(self, filling: Filling, *, printed: bool = False) -> tuple[Letter, str, tuple[WordingUse, ...]]:
        """The letter, its title and the wording in it; raises `RenderError`.

        Only one that is `printed` has the inserter's codes.
        """
        html, title = self.page(filling)
        customer = filling.context.customer
        codes = printed and self._paper.inserter_code
        letters = self._previews if filling.mark else self._letters
        letter = letters.render(
            html, title=title, language=customer.language, large_print=_is_large(customer), sheet=self.sheet(customer),
            inserter=Inserter(filling.context.message_id, self._paper.duplex) if codes else None,
        )  # fmt: skip
        return letter, title, filling.words.in_page(html)

    def render(self, filling: Filling, renderer: Renderer) -> Rendered:
        letter, title, uses = self.lay_out(filling, printed=True)
        if letter.problems and self.has_window(filling.context.customer):
            # No postman reads what the window hides.
            raise RenderError("address_hidden", "; ".join(letter.problems))
        return Rendered("letter", "application/pdf", letter.pdf, letter.text, title, wording=uses, pages=letter.pages,
                        type_runs=letter.type_runs)  # fmt: skip


def _is_large(customer: Customer) -> bool:
    return customer.accessible_format == "large_print"


CHANNEL = LetterChannel

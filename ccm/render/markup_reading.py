"""Reading markup whose code is hidden behind tokens: what is open, and where a problem stands."""

from __future__ import annotations

from collections.abc import Mapping
from html.parser import HTMLParser

from ccm.errors import Problem
from ccm.render.dialects import CONTENT, Dialect
from ccm.render.language import Piece, Source, squeezed, unseen
from ccm.render.letter_body import LetterBody
from ccm.render.markup_places import MarkupPlaces
from ccm.render.markup_tokens import Tokens


class TooDeep(Exception):
    """Tags are nested deeper than the dialect allows."""


class MarkupReading(HTMLParser):
    """Keeps the open tags and blocks, and says problems where they stand."""

    def __init__(
        self, source: Source, tokens: Tokens, dialect: Dialect, problems: list[Problem], assets: Mapping[str, bytes], *,
        layout: bool,
    ) -> None:  # fmt: skip
        super().__init__(convert_charrefs=True)
        self.source, self.tokens, self.dialect, self.problems = source, tokens, dialect, problems
        self.assets, self.layout = assets, layout
        self.stack: list[str] = [] if layout or not dialect.root else [dialect.root]
        self.base = len(self.stack)
        self.opened = [(1, 0)] * self.base
        """Where each tag of `stack` was opened, for messages."""
        self.blocks: list[tuple[Piece, int]] = []
        """Open `if` and `for`, with the number of tags that were open at each."""
        self.astray: list[str] = []
        """Tags that were left open in their branch: their end tags are not told of again."""
        self.in_url: set[Piece] = set()
        self.between: set[Piece] = set()
        self.markers = 0
        self.letter = LetterBody() if dialect.letter else None

    def run(self, text: str, places: MarkupPlaces) -> None:
        self.places = places
        try:
            self.feed(text)
            if "<" in self.rawdata:
                comment = self.rawdata.lstrip().startswith("<!--")
                self.say(
                    "an HTML comment is never closed; write {# … #}" if comment else "a tag is never closed with >"
                )
                return
            self.close()
        except TooDeep:
            self.say(f"tags are nested more than {self.dialect.max_depth} deep")
            return
        for tag, place in list(zip(self.stack, self.opened, strict=False))[self.base :]:
            self.say(f"<{tag}> is never closed", place=place)
        if self.layout and self.markers != 1:
            self.say(f"a layout holds <{CONTENT}/> exactly once, and this one {self.markers} times")

    def push(self, tag: str) -> None:
        """Opens a tag."""
        del self.opened[len(self.stack) :]
        self.stack.append(tag)
        self.opened.append(self.getpos())
        if len(self.stack) > self.dialect.max_depth:
            raise TooDeep

    def line_of(self, line: int) -> int:
        """The line of the file that a line of the template is."""
        return self.source.first_line + line - 1

    def say(self, message: str, piece: Piece | None = None, place: tuple[int, int] | None = None) -> None:
        """A problem with a piece of code, or at a place of the markup: the present one."""
        message = self.tokens.pattern.sub(lambda found: squeezed(self.tokens.pieces[int(found[1])].text), message)
        if piece is not None:
            message = f"{message} (in {squeezed(piece.text)})"
            self.problems.append(self.source.problem(piece.line, message, piece.column))
            return
        line, column = self.places.of(*(place or self.getpos()))
        self.problems.append(self.source.problem(line, message, column))

    def _seen(self, text: str) -> None:
        """Reports what an entity such as ``&#8238;`` brings in; a soft hyphen (``&shy;``) only says where to break."""
        if found := next(unseen(text.replace("\u00ad", "")), None):
            self.say(f"{found[1]} is not possible here: it cannot be seen")

    def handle_comment(self, data: str) -> None:
        self.say("HTML comments would reach the customer; write {# … #}")

    def handle_decl(self, decl: str) -> None:
        if decl.lower() != "doctype html" or self.dialect.root or not self.layout:
            self.say("a DOCTYPE is not possible here")

    def unknown_decl(self, data: str) -> None:
        self.say("a declaration is not possible here")

    def handle_pi(self, data: str) -> None:
        self.say("a processing instruction is not possible here")

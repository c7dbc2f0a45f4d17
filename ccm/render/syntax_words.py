"""What Jinja's lexer and parser complain about, in the words of somebody who writes letters."""

from __future__ import annotations

import re
from difflib import get_close_matches
from unicodedata import normalize

from ccm.render.language import BLOCKS, WHAT_THERE_IS

_SIGNS = {"&": "'and'", "!": "'not'", **dict.fromkeys("“”‘’「」『』", "straight quotes: 'text'")}
_MEANT = {
    "elseif": "elif", "elsif": "elif", "foreach": "for", "each": "for", "unless": "if not", "when": "if",
    "end": "endif", "fi": "endif", "endunless": "endif", "endforeach": "endfor", "next": "endfor",
}  # fmt: skip
_TOKENS = {
    "end of print statement": "}}", "end of statement block": "%}", "string": "a text in quotes",
    "integer": "a number", "float": "a number", "name": "a name",
}  # fmt: skip


def plain_words(message: str, code: str) -> str:
    """A complaint of Jinja's in plain words; `code` is the character or code that it is about."""
    if message.startswith("unexpected char"):
        return _character(code)
    if found := re.fullmatch(r"unexpected '([)\]}])'(?:, expected '(.)')?", message):
        if found[1] == "}":
            return "a placeholder that starts with {{ ends with }}, not with a single }"
        return f"'{found[1]}' closes a bracket that is not open" if not found[2] else f"'{found[2]}' is missing here"
    if found := re.fullmatch(r"expected token '(.*?)', got '(.*)'", message):
        return _expected(found[1], found[2], code)
    if found := re.fullmatch(r"Expected an expression, got '(.*)'", message):
        return f"something is missing before '{_TOKENS.get(found[1], found[1])}'"
    if found := re.fullmatch(r"unexpected '(.*)'", message):
        return f"'{_TOKENS.get(found[1], found[1])}' does not fit here"
    if "identifier" in message:
        return "a name has only letters a to z, digits and _"
    if "chain multiple tests" in message:
        return "write one 'is' only, and join tests with 'and'"
    if "expected name or number" in message:
        return "a field's name is missing behind the dot"
    if message.startswith("can't assign"):
        return "'for' takes a new name: for NAME in LIST"
    if "codec" in message or "escape" in message or "position" in message or "Unicode" in message:
        return "a backslash has no meaning in a text; write the character itself"
    if "comment" in message:
        return open_words("{#")
    return "this cannot be read as template code"


def open_words(delimiter: str) -> str:
    """For code that is never closed."""
    return f"'{delimiter[:2]}' is never closed with '{ {'{{': '}}', '{%': '%}'}.get(delimiter[:2], '#}') }'"


def unclosed_words(code: str) -> str:
    """For code behind whose end the lexer went on reading."""
    closed = code.endswith(("}}", "%}"))
    quotes = [sign for sign in "'\"" if code.count(sign) % 2]
    if closed and quotes:
        return f"a text that starts with {quotes[0]} is never closed with {quotes[0]}"
    return "a bracket is never closed" if closed else open_words(code)


def block_words(word: str, inner: str) -> str:
    """For a block that the language does not have, or has otherwise."""
    if word in ("endif", "endfor"):
        return f"nothing can stand behind '{word}'"
    if word == "else":
        rest = inner.removeprefix("else").strip()
        return "write 'elif' instead of 'else if'" if rest.startswith("if") else "nothing can stand behind 'else'"
    if not word:
        return "{% %} is empty"
    meant = meant_block(word, inner)
    hint = f"did you mean '{meant}'?" if meant else WHAT_THERE_IS
    if not meant and re.fullmatch(r"[a-z_]+(\.[a-z_]+)+(\s*\|.*)?", inner):
        hint = f"to print a value, write {{{{ {inner} }}}}"
    return f"'{word}' is not part of the template language; {hint}"


def meant_block(word: str, inner: str) -> str:
    """The block that was meant by a word that is none, such as ``endfor`` by ``next``; nothing where nobody knows."""
    if re.fullmatch(r"end\s+(if|for)", inner):
        return re.sub(r"\s", "", inner)
    return _MEANT.get(word.lower()) or next(iter(get_close_matches(word.lower(), sorted(BLOCKS), 1, 0.7)), "")


def _character(code: str) -> str:
    sign = code[:1]
    if sign in ("'", '"'):
        return f"a text that starts with {sign} is never closed with {sign}"
    if sign in _SIGNS:
        return f"'{sign}' has no meaning here; write {_SIGNS[sign]}"
    narrow = normalize("NFKC", sign)
    if sign and narrow != sign and narrow.isascii():
        return f"'{sign}' is full-width; in code, write '{narrow}'"
    if sign and not sign.isascii():
        return f"'{sign}' has no meaning in code; a text stands in quotes"
    return f"'{sign}' has no meaning here"


def _expected(wanted: str, got: str, code: str) -> str:
    shown = _TOKENS.get(got, got)
    if got == "=":
        return "'=' does not compare; write =="
    if wanted == "name" and got in ("|", "pipe"):
        return "'||' is not part of the template language; write or"
    if wanted == "name":
        return f"a name is missing before '{shown}'"
    if wanted in ("end of print statement", "end of statement block"):
        if re.match(r"(if|for)\b", code) and wanted == "end of print statement":
            word = code.split()[0]
            return f"'{word}' stands in {{% {word} … %}}, not in {{{{ }}}}"
        joined = "; fields are joined with '.', texts and values with '~'" if re.match(r"[\w'\"]", got) else ""
        return f"'{shown}' does not fit here{joined}"
    if wanted == "in":
        return "'for' is written: for NAME in LIST"
    return f"'{_TOKENS.get(wanted, wanted)}' is missing before '{shown}'"

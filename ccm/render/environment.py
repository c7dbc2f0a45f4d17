"""Jinja's environment, stripped to the language: own filters and tests, no globals, strict, sandboxed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import lru_cache
from io import StringIO
from itertools import islice
from types import CodeType
from typing import Any

from jinja2 import Environment, StrictUndefined, Template, UndefinedError, nodes, runtime
from jinja2.compiler import CodeGenerator, Frame
from jinja2.lexer import Lexer
from jinja2.nodes import EvalContext
from jinja2.sandbox import ImmutableSandboxedEnvironment
from markupsafe import escape

from ccm.errors import RenderError
from ccm.render.filters import FILTERS, TESTS

MAX_OUTPUT = 5_000_000
"""Characters of one rendered part; a statement of 2,000 rows has about a tenth."""
_BATCH = 64


class _Code(CodeGenerator):
    """Jinja's code for a checked tree: one function. A field is read straight from its dict.

    Left out is what no checked template has: blocks, macros, inheritance, imports, functions that may be missing,
    names that may be. What is left is a third shorter, and Python compiles it in two thirds of the time.
    """

    def __init__(self, environment: Environment) -> None:
        # Not optimised: there is next to nothing constant in these expressions, and looking for it takes a tenth.
        self.written = StringIO()
        super().__init__(environment, None, None, self.written, optimized=False)
        self.words: dict[str, str] = {}
        """The template's own words, by the names that they have in the code."""

    def visit_Template(self, node: nodes.Template, frame: Frame | None = None) -> None:  # noqa: N802 (Jinja's name)
        self.filters, self.tests = _FILTER_NAMES, _TEST_NAMES
        frame = Frame(EvalContext(self.environment, self.name))
        self.writeline("def root(resolve):")  # not Jinja's context, but the one thing that is asked of it
        self.indent()
        self.writeline("if 0: yield")  # a template may print nothing, and is a generator all the same
        for name in _names(node):
            frame.symbols.load(name)
        frame.toplevel = frame.rootlevel = True
        self.enter_frame(frame)
        self.blockvisit(node.body, frame)
        self.leave_frame(frame, with_python_scope=True)
        self.outdent()

    def visit_Output(self, node: nodes.Output, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        as_text, opening = (escape, "yield escape(") if frame.eval_ctx.autoescape else (str, "yield str(")
        words: list[str] = []
        for part in node.nodes:
            if isinstance(part, nodes.TemplateData):
                words.append(part.data)
            elif isinstance(part, nodes.Const):
                words.append(as_text(part.value))
            else:
                self._say(words)
                words = []
                self.writeline(opening)
                self.visit(part, frame)
                self.write(")")
        self._say(words)

    def _say(self, words: list[str]) -> None:
        if words:
            # Not written into the code: Python would take as long to read an e-mail's words as all the rest of it.
            name = f"w_{len(self.words)}"
            self.words[name] = "".join(words)
            self.writeline(f"yield {name}")

    def visit_Name(self, node: nodes.Name, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        # The checker knows every name, and the values are asked for it at the start: none is ever undefined.
        self.write(frame.symbols.ref(node.name))

    def visit_Getitem(self, node: nodes.Getitem, frame: Frame) -> None:  # noqa: N802 (Jinja's name)
        self.visit(node.node, frame)
        self.write("[")
        self.visit(node.arg, frame)
        self.write("]")


def _names(tree: nodes.Template) -> Iterator[str]:
    """The names that a checked tree reads outside of loops, in order.

    Jinja looks for assignments too, of which there are none, and takes four times as long. It looks into a loop by
    itself, when it comes to write it.
    """
    waiting: list[nodes.Node] = [tree]
    while waiting:
        node = waiting.pop()
        if isinstance(node, nodes.Name):
            yield node.name
            continue
        fields = ("iter",) if isinstance(node, nodes.For) else node.fields
        for field in reversed(fields):
            part = getattr(node, field)
            if isinstance(part, nodes.Node):
                waiting.append(part)
            elif isinstance(part, list):
                waiting += [item for item in reversed(part) if isinstance(item, nodes.Node)]


class _Lexer(Lexer):
    """Keeps the last source's tokens: a template is split into pieces and then parsed."""

    def __init__(self, environment: Environment) -> None:
        super().__init__(environment)
        self._last: tuple[str, list[tuple[int, str, str]]] = ("", [])

    def tokeniter(
        self, source: str, name: str | None, filename: str | None = None, state: str | None = None
    ) -> Iterator[tuple[int, str, str]]:
        """Line, kind and text of each token; raises `TemplateSyntaxError` on the way."""
        last, tokens = self._last
        if source == last:
            yield from tokens
            return
        tokens = []
        for token in super().tokeniter(source, name, filename, state):
            tokens.append(token)
            yield token
        self._last = (source, tokens)


class LanguageEnvironment(ImmutableSandboxedEnvironment):
    """Reads fields of plain dicts and nothing else.

    The checker rewrites every attribute access into an item access of a declared field, so that a field
    called ``items`` can never reach the dict's method of that name. The sandbox stands behind it as a
    second wall. The compiled code subscripts plain dicts with constant names, and calls nothing but the filters.
    """

    def __init__(self, *, html: bool) -> None:
        super().__init__(autoescape=html, undefined=StrictUndefined, keep_trailing_newline=True, cache_size=0)
        self._lexer = _Lexer(self)
        self.globals.clear()
        self.filters = dict(FILTERS)
        self.tests = dict(TESTS)
        self._reach = {**_RUNTIME, "environment": self}

    @property
    def lexer(self) -> Lexer:
        """Splits sources; of the last one it still has the tokens."""
        return self._lexer

    def make(self, tree: nodes.Template) -> Template:
        """A checked syntax tree as a template that can be rendered."""
        code = _Code(self)
        code.visit(tree)
        namespace: dict[str, Any] = {"__builtins__": self._reach, **code.words}
        exec(_compiled(code.written.getvalue()), namespace)  # noqa: S102 (the code is Jinja's, of a checked tree)
        module = {"name": None, "__file__": "<template>", "blocks": {}, "debug_info": "", "root": namespace["root"]}
        return Template.from_module_dict(self, module, {})


@lru_cache(maxsize=2048)
def _compiled(source: str) -> CodeType:
    # Kept, since templates that differ in their words alone, as in two languages, have the same code.
    return compile(source, "<template>", "exec")


def render(template: Template, values: Mapping[str, Any], *, references: bool = False) -> str:
    """The template filled; with `references`, HTML whose letters beyond ASCII are references (``&#12402;``).

    Raises `RenderError`: ``missing_data`` where a field is not there, ``too_large`` over `MAX_OUTPUT`
    characters, ``bad_data`` for a value of the wrong type. Messages hold no values.
    """
    done: list[str] = []
    size = 0
    try:
        parts = template.root_render_func(values.__getitem__)  # type: ignore[arg-type]  # see `_Code`
        while batch := list(islice(parts, _BATCH)):
            if references:
                batch = [piece if piece.isascii() else _referenced(piece) for piece in batch]
            text = "".join(batch)
            size += len(text)
            if size > MAX_OUTPUT:
                raise RenderError("too_large", f"more than {MAX_OUTPUT:,} characters came out")
            if len(batch) < _BATCH and not done:
                return text
            done.append(text)
    except KeyError as error:
        raise RenderError("missing_data", f"no value for {error}") from error
    except UndefinedError as error:
        raise RenderError("missing_data", str(error)) from error
    except (TypeError, ValueError, ArithmeticError) as error:
        raise RenderError("bad_data", f"a value has the wrong type ({type(error).__name__})") from error
    return "".join(done)


@lru_cache(maxsize=1024)
def _referenced(piece: str) -> str:
    # Kept, since wording and dates come again in every message.
    return piece.encode("ascii", "xmlcharrefreplace").decode()


_FILTER_NAMES, _TEST_NAMES = {name: f"filter{name}" for name in FILTERS}, {name: f"test_{name}" for name in TESTS}
_RUNTIME = {
    "str": str,
    "undefined": StrictUndefined,
    **{name: getattr(runtime, name) for name in runtime.exported},
    **{_FILTER_NAMES[name]: function for name, function in FILTERS.items()},
    **{_TEST_NAMES[name]: function for name, function in TESTS.items()},
}
"""Everything that compiled code can reach: no import, no file, none of Python's own functions but `str`."""

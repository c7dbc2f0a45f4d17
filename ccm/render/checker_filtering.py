"""Type check and rewriting of filters: ``value|name(argument)``."""

from __future__ import annotations

from dataclasses import replace
from difflib import get_close_matches
from typing import cast

from babel import Locale
from jinja2 import nodes

from ccm.render import checker_words as words
from ccm.render import eras
from ccm.render.checker_base import Findings, filtered
from ccm.render.checker_filters import FILTERS, Argument, FilterRule
from ccm.render.checker_types import a, path_of
from ccm.render.plurals import CATEGORIES, categories_of
from ccm.render.schema import INTEGER, TEXT, UNKNOWN, Type


class Filtering(Findings):
    """Checks and rewrites filters."""

    def _filter(self, node: nodes.Filter) -> tuple[nodes.Expr, Type]:
        assert node.node is not None
        checked, kind = self._expression(node.node)
        rule = FILTERS.get(node.name)
        if rule is None:
            self._problem(node, words.refused_filter(node.name))
            return checked, UNKNOWN
        if kind.kind != "unknown" and not self._takes(node, rule, kind):
            return checked, UNKNOWN
        arguments = self._arguments(node, rule)
        if kind.kind == "unknown":
            return checked, UNKNOWN
        if node.name == "default":
            shown = self._formatted(node.node, checked, kind)
            words_given = node.args[0] if node.args else nodes.Const("")
            named = not isinstance(words_given, nodes.Const) and self._expression(words_given)[1].names_customer
            closed = replace(TEXT, names_customer=kind.names_customer or named)
            return filtered("_default", shown, node.lineno, arguments, formats=False), closed
        if node.name in ("length", "join"):
            self._require(node.node, kind)
        forms = _forms(node) if rule.forms else []
        done = filtered(rule.function, checked, node.lineno, arguments, formats=rule.formats, forms=forms)
        if node.name == "length":
            return done, INTEGER
        return done, replace(TEXT, optional=kind.optional, names_customer=kind.names_customer)

    def _takes(self, node: nodes.Filter, rule: FilterRule, kind: Type) -> bool:
        if kind.kind not in rule.takes:
            takes = " or ".join(a(name) for name in sorted(rule.takes))
            self._problem(node, f"filter '{node.name}' takes {takes}, and this is {a(kind)}")
            return False
        if node.name == "join" and (kind.item is None or kind.item.kind != "text"):
            self._problem(node, "filter 'join' takes a list of texts; go through this list with 'for'")
            return False
        if rule.rewrites and kind.names_customer:
            self._problem(node, f"a customer's name prints as it was given: leave '|{node.name}' out")
        return True

    # What stands in the brackets

    def _arguments(self, node: nodes.Filter, rule: FilterRule) -> list[nodes.Expr]:
        if rule.forms:
            self._plural_forms(node)
            return []
        argument = rule.argument
        if node.kwargs or node.dyn_args or node.dyn_kwargs or len(node.args) > (argument is not None):
            takes = f"{argument.words} in its brackets, and nothing else" if argument else "nothing in brackets"
            self._problem(node, f"filter '{node.name}' takes {takes}")
            return []
        if not node.args or argument is None:
            if rule.required and argument is not None:
                self._problem(node, f"filter '{node.name}' needs {argument.words} in its brackets")
            return []
        return [self._argument(node, argument, node.args[0])]

    def _argument(self, node: nodes.Filter, argument: Argument, given: nodes.Expr) -> nodes.Expr:
        if argument.expression and not isinstance(given, nodes.Const):
            checked, kind = self._expression(given)
            self._require(given, kind)
            fits = kind.kind in ("text", "unknown")
        else:
            checked, fits = given, isinstance(given, nodes.Const) and argument.fits(given.value)
        if not fits:
            self._problem(node, f"filter '{node.name}' takes {argument.words} in its brackets{_meant(argument, given)}")
        elif isinstance(given, nodes.Const):
            self._literal(given)
            if given.value in eras.STYLES and self._language.split("-")[0] != eras.LANGUAGE:
                self._problem(node, _era_words(str(given.value), self._language))
        return checked

    def _literal(self, node: nodes.Const) -> nodes.Expr:
        """The literal as it is compiled; reports what no text may hold."""
        raise NotImplementedError

    def _plural_forms(self, node: nodes.Filter) -> None:
        """Reports all that keeps the forms from being exactly those of the language, each a literal text."""
        if not self._language:
            where = "in a communication's own template, or inside {% if message.language == '…' %}"
            self._problem(node, f"plural forms differ by language: they can stand {where}")
            return
        needed = categories_of(self._language)
        example = ", ".join(f"{category}='# …'" for category in needed)
        if node.args or node.dyn_args or node.dyn_kwargs:
            self._problem(node, f"each form of 'plural' has its name: plural({example})")
            return
        forms = {form.key: form for form in _forms(node)}
        language = _named(self._language)
        if len(forms) < len(node.kwargs):
            self._problem(node, "a plural form is given twice")
        missing = [category for category in needed if category not in forms]
        for name, form in forms.items():
            if name not in needed:
                near = get_close_matches(name, missing, 1)
                hint = f"did you mean '{near[0]}'?" if near else f"{language} has: {', '.join(needed)}"
                has_none = f"{language} has no plural form" if name in CATEGORIES else "there is no plural form"
                self._problem(form, f"{has_none} '{name}'; {hint}")
                missing = [category for category in missing if category not in near]
            elif not isinstance(form.value, nodes.Const) or not isinstance(form.value.value, str):
                self._problem(form, f"the plural form '{name}' must be a text in quotes")
            elif not form.value.value.strip():
                self._problem(form, f"the plural form '{name}' is empty")
            else:
                self._literal(form.value)
        if missing:
            names = " and ".join(f"'{name}'" for name in missing)
            self._problem(node, f"{language} also needs the plural form {names}: plural({example})")


def _era_words(style: str, language: str) -> str:
    if not language:
        return f"date('{style}') is for Japanese only: put it in {{% if message.language == 'ja' %}}"
    return f"date('{style}') is for Japanese only; in {_named(language)} write date('long') or date('short')"


def _meant(argument: Argument, given: nodes.Expr) -> str:
    word = given.value if isinstance(given, nodes.Const) else path_of(given)
    near = get_close_matches(str(word).lower(), argument.choices, 1)
    return f"; did you mean '{near[0]}' in quotes?" if near else ""


def _forms(node: nodes.Filter) -> list[nodes.Keyword]:
    # Jinja's parser makes keywords of them; its annotations call them pairs.
    return cast("list[nodes.Keyword]", node.kwargs)


def _named(language: str) -> str:
    return Locale.parse(language, sep="-").get_display_name("en") or language

"""YAML and TOML with line numbers, and pydantic's complaints turned into `Problem`s at those lines.

Only plain data is read: no tags, anchors or aliases (an alias can blow up a small file), no duplicate
keys. Times stay text, so that an offset is never lost on the way to the model.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.events import AliasEvent
from ruamel.yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from ccm.errors import Problem

MAX_BYTES = 1_000_000
_SCALARS: dict[str, Callable[[str], Any]] = {
    "tag:yaml.org,2002:null": lambda value: None,
    "tag:yaml.org,2002:bool": lambda value: value.lower() == "true",
    "tag:yaml.org,2002:int": lambda value: int(value.replace("_", ""), 0),
    "tag:yaml.org,2002:float": float,
}
Loc = tuple[str | int, ...]
M = TypeVar("M", bound=BaseModel)


class Refused(Exception):
    """Holds the `Problem` for which a file was refused."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(str(problem))
        self.problem = problem


@dataclass(frozen=True, slots=True)
class Document:
    """Plain data and the line each part starts on."""

    path: str
    data: Any
    lines: Mapping[Loc, int]

    def line(self, loc: Loc) -> int:
        """The line of the innermost part of `loc` that stands in the file."""
        for end in range(len(loc), -1, -1):
            if loc[:end] in self.lines:
                return self.lines[loc[:end]]
        return 1


def parse_yaml(text: str, path: str, first_line: int = 1) -> Document:
    """Reads one YAML document.

    Raises `Refused` with file and line for malformed YAML and for everything that is not plain data.
    """
    if len(text) > MAX_BYTES:
        raise Refused(Problem(path, 0, f"is larger than {MAX_BYTES:,} characters"))
    reader = YAML(typ="safe", pure=True)
    lines: dict[Loc, int] = {}
    try:
        for event in reader.parse(text):
            if isinstance(event, AliasEvent) or getattr(event, "anchor", None):
                line = event.start_mark.line + first_line
                raise Refused(Problem(path, line, "anchors and aliases (& and *) are not possible here"))
        node = YAML(typ="safe", pure=True).compose(text)
        data = {} if node is None else _plain(node, (), lines, path, first_line)
    except MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        line = mark.line + first_line if mark else 0
        raise Refused(Problem(path, line, f"is no valid YAML: {error.problem or error.context}")) from error
    except (YAMLError, ValueError) as error:
        raise Refused(Problem(path, 0, f"is no valid YAML: {error}")) from error
    except RecursionError as error:
        raise Refused(Problem(path, 0, "is nested too deeply")) from error
    return Document(path, data, lines)


def _plain(node: Node, loc: Loc, lines: dict[Loc, int], path: str, first_line: int) -> Any:
    line = node.start_mark.line + first_line
    lines.setdefault(loc, line)
    if not str(node.tag).startswith("tag:yaml.org,2002:"):
        raise Refused(Problem(path, line, f"tag '{node.tag}' is not possible here: plain values only"))
    if isinstance(node, MappingNode):
        result: dict[str, Any] = {}
        for key_node, value_node in node.value:
            key = str(key_node.value)
            key_line = key_node.start_mark.line + first_line
            if key in result:
                raise Refused(Problem(path, key_line, f"key '{key}' stands twice"))
            lines[(*loc, key)] = key_line
            result[key] = _plain(value_node, (*loc, key), lines, path, first_line)
        return result
    if isinstance(node, SequenceNode):
        return [_plain(item, (*loc, index), lines, path, first_line) for index, item in enumerate(node.value)]
    assert isinstance(node, ScalarNode)
    short = str(node.tag)
    if short not in _SCALARS and short not in ("tag:yaml.org,2002:str", "tag:yaml.org,2002:timestamp"):
        raise Refused(Problem(path, line, f"tag '{short}' is not possible here: plain values only"))
    convert = _SCALARS.get(short)
    return convert(node.value) if convert else node.value


def read_text(file: Path, root: Path) -> str:
    """The text of a workspace file; raises `Refused` where it is unreadable, too large or not UTF-8."""
    path = relative(file, root)
    try:
        raw = file.read_bytes()
    except OSError as error:
        raise Refused(Problem(path, 0, f"cannot be read: {error.strerror}")) from error
    if len(raw) > MAX_BYTES:
        raise Refused(Problem(path, 0, f"is larger than {MAX_BYTES:,} bytes"))
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Refused(Problem(path, line, "is not UTF-8")) from error


def read_yaml(file: Path, root: Path) -> Document:
    """Reads a YAML file of the workspace; raises `Refused`."""
    return parse_yaml(read_text(file, root), relative(file, root))


def read_toml(file: Path, root: Path) -> Document:
    """Reads a TOML file of the workspace; raises `Refused`. Lines are those of the key's last name."""
    path = relative(file, root)
    text = read_text(file, root)
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise Refused(Problem(path, int(found[1]) if found else 0, f"is no valid TOML: {error}")) from error
    return Document(path, data, _toml_lines(text))


def _toml_lines(text: str) -> dict[Loc, int]:
    lines: dict[Loc, int] = {(): 1}
    table: Loc = ()
    counts: dict[Loc, int] = {}
    for number, line in enumerate(text.splitlines(), 1):
        if header := re.match(r"\s*(\[\[?)\s*([^\]]+?)\s*\]", line):
            names: Loc = tuple(part.strip().strip("\"'") for part in header[2].split("."))
            if header[1] == "[[":
                counts[names] = counts.get(names, -1) + 1
                lines.setdefault(names, number)
                names = (*names, counts[names])
            table = names
            for end in range(1, len(table) + 1):
                lines.setdefault(table[:end], number)
        elif key := re.match(r"\s*([A-Za-z0-9_.\"'-]+)\s*=", line):
            parts: Loc = tuple(part.strip("\"'") for part in key[1].split("."))
            for end in range(1, len(parts) + 1):
                lines.setdefault((*table, *parts[:end]), number)
    return lines


def relative(file: Path, root: Path) -> str:
    """The path shown to people: relative to the workspace, with forward slashes."""
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


def validate(model: type[M], document: Document, problems: list[Problem], **extra: Any) -> M | None:
    """The document as `model`, or None with every complaint appended to `problems`."""
    if not isinstance(document.data, dict):
        problems.append(Problem(document.path, 1, "must be a mapping of names to values"))
        return None
    try:
        return model.model_validate({**document.data, **extra})
    except ValidationError as error:
        problems.extend(explain(error, document, model))
        return None


def explain(error: ValidationError, document: Document, model: type[BaseModel], prefix: Loc = ()) -> list[Problem]:
    """pydantic's complaints in the house's words, each at its line.

    `prefix` is where in the document the validated part stands.
    """
    found = []
    for item in error.errors(include_url=False):
        loc = prefix + tuple(part for part in item["loc"] if part != "[key]")
        name = ".".join(str(part) for part in loc)
        context = item.get("ctx", {})
        match item["type"]:
            case "missing":
                message = f"'{name}' is missing"
            case "extra_forbidden":
                near = get_close_matches(str(loc[-1]), list(_fields_at(model, item["loc"][:-1])), 1)
                message = f"'{name}' is no known setting" + (f"; did you mean '{near[0]}'?" if near else "")
            case "literal_error":
                allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
                message = f"{name} '{item['input']}' is none of {allowed}"
            case "string_pattern_mismatch":
                message = f"{name} '{item['input']}' does not have the form {context.get('pattern')}"
            case "value_error":
                message = (f"{name}: " if name else "") + str(context.get("error", item["msg"]))
            case _:
                shown = repr(item["input"]) if not isinstance(item["input"], dict | list) else "what stands here"
                message = f"{name}: {shown[:60]}: {item['msg'][0].lower()}{item['msg'][1:]}"
        found.append(Problem(document.path, document.line(loc), message))
    return found


def _fields_at(model: Any, loc: tuple[Any, ...]) -> list[str]:
    for part in loc:
        field = getattr(model, "model_fields", {}).get(part)
        model = field.annotation if field is not None else None
    return list(getattr(model, "model_fields", {}))

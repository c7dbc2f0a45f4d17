"""Files of a workspace, as text, YAML and TOML, and pydantic's complaints turned into `Problem`s at their lines."""

from __future__ import annotations

import re
import tomllib
from difflib import get_close_matches
from functools import lru_cache
from pathlib import Path
from typing import Any, TypeVar, get_args, get_origin

from pydantic import BaseModel, ValidationError

from ccm.errors import Problem, WorkspaceError
from ccm.workspace import plainwords
from ccm.workspace.settings import WrongPart
from ccm.workspace.tomllines import toml_lines
from ccm.workspace.yamlreader import Document, Loc, Refused, parse_yaml

MAX_BYTES = 1_000_000
_FILLED = {"path", "digest", "lines", "settings_line", "params_line", "kind_line", "place", "pack", "written"}
"""Fields of models that the loader fills, not the file."""
M = TypeVar("M", bound=BaseModel)


_resolved = lru_cache(maxsize=8)(Path.resolve)


def read_text(file: Path, root: Path) -> str:
    """The text of a workspace file; raises `Refused` as `read_bytes`, and where it is not UTF-8."""
    raw = read_bytes(file, root)
    try:
        return raw.decode("utf-8-sig").replace("\r\n", "\n")
    except UnicodeDecodeError as error:
        line = raw[: error.start].count(b"\n") + 1
        raise Refused(Problem(relative(file, root), line, "is not UTF-8: save it as UTF-8")) from error


def read_bytes(file: Path, root: Path, limit: int = MAX_BYTES) -> bytes:
    """A workspace file; raises `Refused` where it is missing, unreadable or too large, or stands elsewhere."""
    path = relative(file, root)
    try:
        # A link could put any file of this machine into a message.
        if not file.resolve().is_relative_to(_resolved(root)):
            raise Refused(Problem(path, 0, "is a link that leads out of the workspace"))
        if file.exists() and not file.is_file():  # reading a pipe would wait for ever
            raise Refused(Problem(path, 0, "is no file"))
        with file.open("rb") as stream:
            raw = stream.read(limit + 1)
    except OSError as error:
        raise Refused(Problem(path, 0, f"cannot be read: {error.strerror}")) from error
    except RuntimeError as error:  # pathlib's word for a ring of links
        raise Refused(Problem(path, 0, "is a link that leads nowhere")) from error
    if len(raw) > limit:
        raise Refused(Problem(path, 0, f"is larger than {limit:,} bytes"))
    return raw


def read_yaml(file: Path, root: Path) -> Document:
    """Reads a YAML file of the workspace; raises `Refused`."""
    return parse_yaml(read_text(file, root), relative(file, root))


def read_toml(file: Path, root: Path) -> Document:
    """Reads a TOML file of the workspace; raises `Refused`."""
    path = relative(file, root)
    text = read_text(file, root)
    try:
        data = tomllib.loads(text)
    except RecursionError as error:
        raise Refused(Problem(path, 0, "is nested too deeply")) from error
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        line = int(found[1]) if found else text.count("\n") + 1
        raise Refused(Problem(path, line, f"is no valid TOML: {error}")) from error
    except ValueError as error:
        raise Refused(Problem(path, 0, "is no valid TOML: a number is too long")) from error
    return Document(path, data, toml_lines(text))


def relative(file: Path, root: Path) -> str:
    """The path shown to people: relative to the workspace, with forward slashes."""
    return file.relative_to(root).as_posix() if file.is_relative_to(root) else file.as_posix()


def validate(model: type[M], document: Document, problems: list[Problem], **extra: Any) -> M | None:
    """The document as `model`, or None with every complaint appended to `problems`.

    `extra` are fields that the caller fills; a file cannot set them.
    """
    if not isinstance(document.data, dict):
        problems.append(Problem(document.path, document.line(()), "must be a mapping of names to values"))
        return None
    taken = sorted(extra.keys() & document.data.keys())
    problems.extend(Problem(document.path, document.line((name,)), f"'{name}' is no known setting") for name in taken)
    try:
        return model.model_validate({**document.data, **extra})
    except ValidationError as error:
        problems.extend(explain(error, document, model))
        return None


def read_model(model: type[M], file: Path, root: Path) -> tuple[M, Document]:
    """A file that stands for itself, as `model`, with its lines; raises `WorkspaceError` with every problem."""
    problems: list[Problem] = []
    try:
        document = read_yaml(file, root)
    except Refused as refused:
        raise WorkspaceError([refused.problem]) from refused
    found = validate(model, document, problems)
    if found is None:
        raise WorkspaceError(problems)
    return found, document


def explain(error: ValidationError, document: Document, model: type[BaseModel], prefix: Loc = ()) -> list[Problem]:
    """pydantic's complaints in the house's words, each at its line.

    `prefix` is where in the document the validated part stands.
    """
    found = []
    items = error.errors(include_url=False)
    # A list whose only part is wrong is not too short besides.
    inner = {item["loc"][:end] for item in items for end in range(len(item["loc"]))}
    for item in items:
        if item["type"] == "too_short" and item["loc"] in inner:
            continue
        context = item.get("ctx", {})
        cause = context.get("error")
        loc = prefix + tuple(part for part in item["loc"] if part != "[key]")
        name = ".".join(str(part) for part in loc)
        if isinstance(cause, WrongPart):
            loc += cause.loc
        given = _shown(item["input"])
        match item["type"]:
            case "missing":
                message = f"'{name}' is missing"
            case "extra_forbidden":
                message = f"'{name}' is no known setting{_hint(str(loc[-1]), _fields_at(model, item['loc'][:-1]))}"
            case kind if item["input"] is None and kind != "value_error":
                message = f"{name} is empty"
            case "literal_error":
                allowed = str(context.get("expected", "")).replace("'", "").replace(" or ", ", ")
                message = f"{name} {given} is none of {allowed}"
            case "string_pattern_mismatch":
                pattern = str(context.get("pattern"))
                message = f"{name} {given} does not have the form {plainwords.FORMS.get(pattern, pattern)}"
            case "value_error":
                message = (f"{name}: " if name else "") + str(cause or item["msg"])
            case kind:
                words = plainwords.complaint(kind, context)
                message = f"{name}: {given}: " + (words or f"{item['msg'][0].lower()}{item['msg'][1:]}")
        found.append(Problem(document.path, document.line(loc), message))
    return found


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "what stands here"
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "…"


def _hint(name: str, known: list[str]) -> str:
    near = get_close_matches(name, known, 1)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known: {', '.join(known)}" if known else ""


def _fields_at(model: Any, loc: tuple[Any, ...]) -> list[str]:
    """The names a file can set in a model's part."""
    for part in loc:
        if get_origin(model) in (tuple, list, dict):
            model = get_args(model)[get_origin(model) is dict]
        else:
            found = _model_in(model)
            field = found.model_fields.get(part) if found is not None else None
            model = field.annotation if field is not None else None
    found = _model_in(model)
    return [name for name in found.model_fields if name not in _FILLED] if found is not None else []


def _model_in(annotation: Any) -> type[BaseModel] | None:
    """The model itself, or the one that may also be None."""
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    return next((found for part in get_args(annotation) if (found := _model_in(part)) is not None), None)

"""Fonts of letters: the same on every machine, from wheels, never from the system and never from the network.

Three families, each in regular and bold, in a cache folder that is made on first use:

- ``Noto Sans``: Latin, Greek, Cyrillic.
- ``Noto Sans JP``: a compact Japanese font (see `letter_fontbuild`), enough for almost every letter.
- ``Noto Sans CJK JP``: the whole font as it comes in the wheel, for rare characters in names.

A style sheet names them in the order that suits the language. What a style sheet leaves out is
still found, since these six files are all that the font configuration knows.
"""

from __future__ import annotations

import fcntl
import hashlib
import json
import logging
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from xml.sax.saxutils import escape

import fontTools
from weasyprint.text.fonts import FontConfiguration

from ccm.errors import TryAgain
from ccm.render import letter_fontbuild
from ccm.render.letter_fontbuild import coverage

_LOG = logging.getLogger(__name__)
_ENVIRONMENT = threading.Lock()
_COVERAGE_FILE = "coverage.json"
_SELECTORS = "\ufe00-\ufe0f\U000e0100-\U000e01ef"
_CHARACTER = re.compile(f"(.)([{_SELECTORS}])?", re.DOTALL)
_SELECTOR = re.compile(f"[{_SELECTORS}]")
# Characters that shape or break a line and have no form of their own. All other controls stop the letter,
# even where a font has a glyph for them: one that turns the direction of text would turn a figure round.
_INVISIBLE = frozenset("\t\n\r\f\u00ad\u200b\u200c\u200d\u200e\u200f\u2060\ufeff")


@dataclass(frozen=True, slots=True)
class Source:
    """One file of the cache: how it is made (`latin`, `japanese` or `copy`), from what, at which weight.

    `target` ends in ``-Regular`` or ``-Bold`` before its suffix.
    """

    target: str
    kind: str
    path: Path
    weight: int


@cache
def font_folder() -> Path:
    """Return the folder of the six font files; build it first if this machine has none yet.

    It is ``$CCM_FONT_CACHE`` (else ``$XDG_CACHE_HOME/ccm``, else ``~/.cache/ccm``) with a folder named
    by the digest of the source fonts and of the recipe, so that a change of either makes a new one. Building takes
    about half a minute on two cores, once; processes that ask meanwhile wait for the first.
    The environment is read once in a process. Raises `TryAgain` where the folder cannot be written.
    """
    own, caches = os.environ.get("CCM_FONT_CACHE"), os.environ.get("XDG_CACHE_HOME")
    root = Path(own) if own else Path(caches or Path.home() / ".cache") / "ccm"
    return prepare_fonts(root, _sources())


def prepare_fonts(root: Path, sources: Sequence[Source]) -> Path:
    """Return the folder below `root` that holds the fonts made from `sources`; build it if it is not there.

    Any number of processes may ask at once: one builds, in a folder of another name, and the rest wait for it.
    Raises `TryAgain` where `root` cannot be written or a font cannot be built.
    """
    folder = root / f"fonts-{_digest(sources)}"
    if folder.is_dir():
        return folder
    try:
        root.mkdir(parents=True, exist_ok=True)
        with _only_one(root / f"{folder.name}.lock"):
            if not folder.is_dir():
                _build(folder, sources)
    except OSError as error:
        raise TryAgain(
            f"the fonts of letters cannot be written to {root} ({error.strerror}); "
            "set CCM_FONT_CACHE to a folder that this user can write"
        ) from error
    return folder


def font_configuration() -> FontConfiguration:
    """Return the one font configuration of this process; it knows the fonts of `font_folder` and no other."""
    return _configuration(font_folder())


def missing_glyphs(text: str) -> tuple[str, ...]:
    """Return what of `text` no font can print: distinct characters, in order, with the variation selector that asks
    for a form that no font has. Empty if all can be printed.

    Nothing is normalised: a compatibility ideograph in a name is another character than its unified form. A name takes
    a few microseconds, so that all customers' names can be checked before a run.
    """
    printable, sequences = _printable(font_folder())
    if printable.issuperset(text):
        return ()
    missing: dict[str, None] = {}
    for match in _CHARACTER.finditer(text):
        base, selector = match.groups()
        if base not in printable:
            missing[base] = None
        elif selector and match[0] not in sequences:
            missing[match[0]] = None
    return tuple(missing)


def missing_glyph(text: str) -> str | None:
    """Return the first of `missing_glyphs` by its code points, as ``U+845B U+E0100``; None if all can be printed."""
    missing = missing_glyphs(text)
    return " ".join(f"U+{ord(character):04X}" for character in missing[0]) if missing else None


@cache
def _sources() -> tuple[Source, ...]:
    latin = Path(str(files("fontpkg_noto_sans"))) / "files" / "NotoSans[wdth,wght].ttf"
    regular = Path(str(files("noto_cjk_sans_jp_regular"))) / "NotoSansCJKjp-Regular.otf"
    bold = Path(str(files("noto_cjk_sans_jp_bold"))) / "NotoSansCJKjp-Bold.otf"
    return (
        Source("NotoSansJP-Regular.ttf", "japanese", regular, 400),
        Source("NotoSansJP-Bold.ttf", "japanese", bold, 700),
        Source("NotoSans-Regular.ttf", "latin", latin, 400),
        Source("NotoSans-Bold.ttf", "latin", latin, 700),
        Source(regular.name, "copy", regular, 400),
        Source(bold.name, "copy", bold, 700),
    )


def _digest(sources: Sequence[Source]) -> str:
    """Digest of the recipe and of the source fonts, 16 hexadecimal digits."""
    total = hashlib.sha256(f"fonttools {fontTools.version}\n".encode())
    total.update(Path(letter_fontbuild.__file__).read_bytes())
    for source in sources:
        total.update(f"{source.target} {source.kind} {source.weight}\n".encode())
    for path in sorted({source.path for source in sources}):
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()[:16]


@contextmanager
def _only_one(lock: Path) -> Iterator[None]:
    """Hold the lock file; the system lets go of it if this process dies."""
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _build(folder: Path, sources: Sequence[Source]) -> None:
    _LOG.info("building the fonts of letters, once for this machine")
    unfinished = Path(tempfile.mkdtemp(prefix=f"{folder.name}-", dir=folder.parent))
    try:
        fonts = unfinished / "fonts"
        fonts.mkdir()
        _build_fonts(fonts, sources)
        (unfinished / _COVERAGE_FILE).write_text(_coverage_json(fonts), "utf-8")
        unfinished.chmod(0o755)
        unfinished.rename(folder)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _build_fonts(fonts: Path, sources: Sequence[Source]) -> None:
    builders: list[subprocess.Popen[bytes]] = []
    for source in sources:
        target = fonts / source.target
        if source.kind == "copy":
            shutil.copyfile(source.path, target)
        else:
            recipe = [letter_fontbuild.__file__, source.kind, str(source.path), str(target), str(source.weight)]
            # Our own program and arguments. -P: this folder must not come first on the path, it has an email.py.
            builders.append(subprocess.Popen([sys.executable, "-P", *recipe]))  # noqa: S603
    if failed := [code for code in [builder.wait() for builder in builders] if code]:
        raise TryAgain(f"building the fonts of letters failed (exit status {failed[0]})")


def _coverage_json(fonts: Path) -> str:
    """What regular and bold can both print, over all families."""
    characters: dict[str, set[int]] = {"Regular": set(), "Bold": set()}
    sequences: dict[str, set[tuple[int, int]]] = {"Regular": set(), "Bold": set()}
    for path in sorted(fonts.iterdir()):
        style = path.stem.rpartition("-")[2]
        found = coverage(path)
        characters[style] |= found.characters
        sequences[style] |= found.sequences
    both = {
        "characters": sorted(characters["Regular"] & characters["Bold"]),
        "sequences": sorted(sequences["Regular"] & sequences["Bold"]),
    }
    return json.dumps(both)


@cache
def _printable(folder: Path) -> tuple[frozenset[str], frozenset[str]]:
    """The characters, and the sequences of character and selector, that can be printed."""
    document = json.loads((folder / _COVERAGE_FILE).read_text("utf-8"))
    characters = frozenset(
        character
        for character in map(chr, document["characters"])
        if unicodedata.category(character) not in ("Cc", "Cf") and not _SELECTOR.match(character)
    )
    return characters | _INVISIBLE, frozenset(f"{chr(base)}{chr(selector)}" for base, selector in document["sequences"])


@cache
def _configuration(folder: Path) -> FontConfiguration:
    """Fontconfig finds its configuration through the environment alone, so that is set for as long as it reads."""
    with tempfile.TemporaryDirectory(prefix="ccm-fonts-") as scratch, _ENVIRONMENT:
        config = Path(scratch) / "fonts.conf"
        config.write_text(
            '<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "urn:fontconfig:fonts.dtd"><fontconfig>'
            f"<dir>{escape(str(folder.resolve() / 'fonts'))}</dir>"
            f"<cachedir>{escape(str(folder.resolve() / 'fontconfig'))}</cachedir></fontconfig>",
            "utf-8",
        )
        before = os.environ.get("FONTCONFIG_FILE")
        os.environ["FONTCONFIG_FILE"] = str(config)
        try:
            return FontConfiguration()
        finally:
            if before is None:
                del os.environ["FONTCONFIG_FILE"]
            else:
                os.environ["FONTCONFIG_FILE"] = before

"""ccm-verify against ccm's own tree, and against files made to break it."""

from __future__ import annotations

import zipfile
from base64 import b64encode
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from log_parts import entries, keys_of, signer_of, verified

from ccm import ccm_verify
from ccm.ccm_verify import Refused, WrongUse, read_entry, read_keys, read_note, read_proof, verify_files, verify_pack
from ccm.log import merkle
from ccm.log.canonical import canonical
from ccm.log.note import Checkpoint, sign_checkpoint, sign_note

SIGNER = signer_of(1)
LEAVES = entries(0, 70)
HASHES = [merkle.leaf_hash(entry) for entry in LEAVES]
sizes = st.integers(1, len(LEAVES))


def part_root(part: merkle.Range) -> bytes:
    return merkle.root(HASHES[part.start : part.end])


def text_of(value: bytes) -> str:
    return b64encode(value).decode()


def entry_proof(position: int, size: int, *, entry: bytes | None = None) -> str:
    hashes = [text_of(part_root(part)) for part in merkle.inclusion_path(position, size)]
    lines = [f"extra {text_of(entry or LEAVES[position])}", f"index {position}", *hashes]
    return "\n".join([ccm_verify.PROOF_HEADER, *lines]) + "\n\n" + note(size)


def note(size: int, root: bytes | None = None) -> str:
    return sign_checkpoint(size, merkle.root(HASHES[:size]) if root is None else root, SIGNER)


def fault(text: str, **options: str) -> str:
    return verify_files([("x", text)], keys_of(SIGNER), **options)[0].fault  # type: ignore[arg-type]


def changed(data: st.DataObject, hashes: list[bytes]) -> list[bytes]:
    """Hashes with one changed, left out, put in or moved."""
    kind = data.draw(st.sampled_from(["change", "drop", "add", "swap"] if hashes else ["add"]))
    place = data.draw(st.integers(0, max(len(hashes) - 1, 0)))
    copy = list(hashes)
    if kind == "change":
        copy[place] = bytes([copy[place][0] ^ 1]) + copy[place][1:]
    elif kind == "drop":
        del copy[place]
    elif kind == "add":
        copy.insert(place, data.draw(st.sampled_from(HASHES)))
    else:
        other = data.draw(st.integers(0, len(copy) - 1))
        copy[place], copy[other] = copy[other], copy[place]
    return copy


@settings(deadline=None, max_examples=60)
@given(sizes, st.data())
def test_inclusion_is_decided_as_ccm_decides_it(size: int, data: st.DataObject) -> None:
    position = data.draw(st.integers(0, size - 1))
    hashes = [part_root(part) for part in merkle.inclusion_path(position, size)]
    root = merkle.root(HASHES[:size])
    assert ccm_verify.root_of_inclusion(HASHES[position], position, size, hashes) == root
    wrong, elsewhere = changed(data, hashes), data.draw(st.integers(0, size - 1))
    found = ccm_verify.root_of_inclusion(HASHES[position], elsewhere, size, wrong) == root
    assert found == merkle.verify_inclusion(HASHES[position], elsewhere, size, wrong, root)


@settings(deadline=None, max_examples=60)
@given(sizes, sizes, st.data())
def test_consistency_is_decided_as_ccm_decides_it(one: int, other: int, data: st.DataObject) -> None:
    old, new = sorted((one, other))
    hashes = [part_root(part) for part in merkle.consistency_path(old, new)]
    body = "\n".join([f"old {old}", *map(text_of, hashes)]) + "\n\n" + note(new)
    assert fault(body, old=note(old)) == ""
    wrong = changed(data, hashes)
    expected = merkle.verify_consistency(old, new, merkle.root(HASHES[:old]), merkle.root(HASHES[:new]), wrong)
    body = "\n".join([f"old {old}", *map(text_of, wrong)]) + "\n\n" + note(new)
    assert (fault(body, old=note(old)) == "") == expected


def test_a_log_whose_past_was_changed_is_not_consistent() -> None:
    hashes = [text_of(part_root(part)) for part in merkle.consistency_path(40, 70)]
    body = "\n".join(["old 40", *hashes]) + "\n\n" + note(70)
    assert "its past was changed" in fault(body, old=note(40, HASHES[0]))
    assert "the proof starts at 40 leaves of example.com/ccm" in fault(body, old=note(30))
    assert "give it with --old" in fault(body)
    assert "shrank from 50 to 40" in fault("old 50\n\n" + note(40), old=note(50))
    assert fault("old 0\n\n" + note(40), old=note(0)) == ""
    assert "its past was changed" in fault("old 0\n\n" + note(40), old=note(0, HASHES[0]))


@settings(deadline=None, max_examples=80)
@given(st.integers(0, 69), st.data())
def test_a_proof_with_any_letter_changed_never_holds_for_anything_else(position: int, data: st.DataObject) -> None:
    text = entry_proof(position, 70)
    place = data.draw(st.integers(0, len(text) - 1))
    letter = data.draw(st.sampled_from("A9\n +=/—\x00é"))
    mangled = text[:place] + letter + text[place + 1 :]
    result = verified(keys_of(SIGNER), mangled)[0]
    assert (
        result.fault or mangled == text or (result.position, result.entry) == (position, read_entry(LEAVES[position]))
    )
    if not result.fault and mangled != text:  # a signature line of a key that nobody knows is passed over
        raise AssertionError(f"{mangled!r} holds")


@settings(deadline=None, max_examples=60)
@given(st.dictionaries(st.text(st.characters(codec="ascii"), max_size=5), st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])), st.integers(-(2**53) + 1, 2**53 - 1), st.booleans(), st.none(),
    st.lists(st.text(max_size=3).filter(str.isprintable), max_size=3))))  # fmt: skip
def test_every_canonical_entry_is_read(fields: dict[str, object]) -> None:
    assert read_entry(canonical(fields)) == fields


@pytest.mark.parametrize(
    "content",
    [b"", b"{", b"[]", b'{"a":1,"a":2}', b'{"b":1,"a":2}', b'{"a": 1}', b'{"a":1.0}', b'{"a":"\\u0041"}', b"\xff",
     b"[" * 60_000, b'{"a":"' + b"x" * 65_530 + b'"}', b'{"a":1}\n', b'{"a":NaN}', b"1" * 10_000],
)  # fmt: skip
def test_an_entry_that_reads_two_ways_or_none_is_refused(content: bytes) -> None:
    with pytest.raises(Refused, match="entry"):
        read_entry(content)


ROOT = text_of(HASHES[0])


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("c2sp.org/tlog-proof@v1\n", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nindex 0", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nindex 01\n\n", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nindex ١\n\n", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nindex -1\n\n", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nindex 99999999999999999999999\n\n", "no line 'index NUMBER'"),
        ("c2sp.org/tlog-proof@v1\nextra !\nindex 0\n\n", "no base64"),
        ("c2sp.org/tlog-proof@v1\nextra QUJ=\nindex 0\n\n", "canonical base64"),
        ("c2sp.org/tlog-proof@v1\nindex 0\nQUI=\n\n", "no hash of 32 bytes"),
        ("c2sp.org/tlog-proof@v1\nindex 0" + f"\n{ROOT}" * 64 + "\n\n", "at most 63 hashes, and this one 64"),
        ("old 1\r\n\r\n", "no line 'old NUMBER'"),
        ("old\n\n", "no signed note"),
        ("hello", "no signed note"),
        ("", "no signed note"),
        (note(70).replace("\n70\n", "\n71\n"), "signature of example.com/ccm with key"),
        (sign_note("example.com/ccm\n1\n\n", SIGNER), "no hash of 32 bytes"),
        (sign_note(f"example.com/ccm\n01\n{ROOT}\n", SIGNER), "no checkpoint"),
        (sign_note(Checkpoint("example.com/other", 1, HASHES[0]).text(), SIGNER), "of example.com/other, which key"),
        (sign_checkpoint(70, HASHES[0], signer_of(9)), "no key that is believed signed"),
        (note(1) + "— x AAAAAAAA\n" * 100, "over 100 signatures"),
        (note(1)[:-1], "no signed note"),
        (entry_proof(3, 70, entry=LEAVES[4]), "not what the log holds at position 3"),
        (entry_proof(3, 70).replace("index 3", "index 70"), "position 70 is not in a tree of 70 leaves"),
    ],
)  # fmt: skip
def test_hostile_files_are_refused_in_words(text: str, told: str) -> None:
    assert told in fault(text)


@settings(deadline=None, max_examples=150)
@given(st.one_of(st.text(), st.lists(st.sampled_from(
    [ccm_verify.PROOF_HEADER, "old 3", "index 3", "extra e30=", ROOT, "", "example.com/ccm", "70", "— a AAAAAAAAAAA="]
)).map("\n".join)))  # fmt: skip
def test_no_text_breaks_the_program(text: str) -> None:
    assert fault(text)
    for reader in (read_note, read_proof, read_keys, ccm_verify.parse_key):
        with suppress(Refused, WrongUse):
            reader(text)  # type: ignore[operator]


@pytest.mark.parametrize(
    ("line", "told"),
    [("", "holds no verifier key"), ("# only a comment", "holds no verifier key"), ("a+b+c", "line 1: "),
     ("{} 5", "'5' is no range"), ("{} 1-2 3", "no range"), ("{} a-", "no range"), ("{} -5", "no range"),
     ("{}A", "line 1: a part is no"), ("x{}", "mistyped or changed")],
)  # fmt: skip
def test_a_wrong_key_file_is_told_with_its_line(line: str, told: str) -> None:
    with pytest.raises(WrongUse, match=told):
        read_keys(line.format(SIGNER.verifier.text))


def test_a_key_signs_its_own_sizes_only() -> None:
    for sizes_of, holds in (("0-70", True), ("70-", True), ("0-69", False), ("71-", False)):
        keys = read_keys(f"{SIGNER.verifier.text} {sizes_of}")
        result = verify_files([("x", note(70))], keys)[0]
        assert (not result.fault) == holds
        assert holds or "of 70 leaves, which key" in result.fault


def faults_of(path: Path) -> list[str]:
    return [result.fault for result in verify_pack(path, keys_of(SIGNER))]


@pytest.mark.filterwarnings("ignore:Duplicate name")
def test_a_hostile_archive_is_refused_and_nothing_is_unpacked(tmp_path: Path) -> None:
    good = ("proofs/3.tlog-proof", entry_proof(3, 70).encode())
    for members, told in (
        ([good], ""),
        ([("readme", b"x")], "holds no proof"),
        ([good, good], "two of one name"),
        ([("../../x.tlog-proof", b"\xff")], "not UTF-8"),
        ([("bomb.tlog-proof", b"0" * 20_000_000)], "bomb.tlog-proof has over 1000000 bytes"),
    ):
        with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in members:
                archive.writestr(name, content)
        [fault] = faults_of(tmp_path / "pack.zip")
        assert (told in fault) if told else fault == ""
    assert [file.name for file in tmp_path.iterdir()] == ["pack.zip"]


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1, max_size=5))
def test_an_archive_with_bytes_changed_never_breaks_the_program(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    with zipfile.ZipFile(tmp_path / "pack.zip", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("3.tlog-proof", entry_proof(3, 70))
    content = bytearray((tmp_path / "pack.zip").read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    (tmp_path / "pack.zip").write_bytes(content)
    for result in verify_pack(tmp_path / "pack.zip", keys_of(SIGNER)):
        assert result.fault or result.entry == read_entry(LEAVES[3])


def test_a_checkpoint_with_signatures_of_witnesses_holds() -> None:
    text = note(70)
    witness = sign_note(text.partition("\n\n")[0] + "\n", signer_of(5)).rpartition("\n\n")[2]
    assert fault(text + witness) == ""


def test_what_a_terminal_would_obey_is_not_printed() -> None:
    assert ccm_verify.printable("a\x1b[2Jb\u202ec\nd銀行") == "a\\u001b[2Jb\\u202ec\\u000ad銀行"

"""Files that are refused whole, and the encodings and forms of CSV that are taken."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from intake_parts import make_workspace

from ccm.errors import InputError, TryAgain
from ccm.intake.csvfile import CsvFile

PREFERENCES = "customer_id,category,channel,rank,allowed\n"


def read(path: Path, content: bytes, encoding: Any = "auto") -> list[list[str]]:
    path.write_bytes(content)
    with CsvFile(path, encoding) as source:
        return [source.header, *(row.cells for row in source.rows())]


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "cp932"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_encodings_and_line_ends_give_the_same_rows(tmp_path: Path, codec: str, end: str) -> None:
    text = end.join(["番号,氏名", '1,"髙橋, 一郎"', '2,"彼は""はい""と"', "", "3,表示"])
    expected = [["番号", "氏名"], ["1", "髙橋, 一郎"], ["2", '彼は"はい"と'], ["3", "表示"]]
    assert read(tmp_path / "a.csv", text.encode(codec)) == expected


def test_a_utf8_file_is_never_taken_for_cp932(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes("id\né\n".encode())
    with CsvFile(path) as source:
        assert (source.encoding, [row.cells for row in source.rows()]) == ("utf-8", [["é"]])


def test_a_multibyte_character_across_read_blocks_is_one_character(tmp_path: Path) -> None:
    lines = ["あ" * 100_000 + "x"] * 45  # and long files are no long records
    assert read(tmp_path / "a.csv", ("id\n" + "\n".join(lines)).encode())[1:] == [[line] for line in lines]


def test_the_settings_encoding_wins(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.csv:2: is not UTF-8"):
        read(tmp_path / "a.csv", "id\n髙\n".encode("cp932"), "utf-8")


def test_bytes_of_neither_encoding_are_refused_with_their_line(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"a.csv:3: is neither UTF-8 nor CP932"):
        read(tmp_path / "a.csv", b"id\nok\n\xff\x81\n")


@pytest.mark.parametrize("damage", [b"\xff", b"\x83"], ids=["no character", "half a character"])
def test_a_damaged_byte_does_not_make_a_utf8_file_cp932(tmp_path: Path, damage: bytes) -> None:
    content = "id,name\n1,Nuñez\n2,Soufflé A\n".encode() + b"3," + damage + b"A\n"
    content.decode("cp932")
    with pytest.raises(InputError, match=r"a.csv:4: is not UTF-8, as the rest of the file is; export it again"):
        read(tmp_path / "a.csv", content)


@pytest.mark.parametrize("name", ["山田 太郎", "ﾔﾏﾀﾞ ﾀﾛｳ", "ﾃｱ", "髙橋"])
def test_a_cp932_file_stays_one(tmp_path: Path, name: str) -> None:
    rows = "".join(f"{number},{name},東京都千代田区丸の内\n" for number in range(3))
    assert read(tmp_path / "a.csv", f"id,name,address\n{rows}".encode("cp932"))[1][1] == name


@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"a,b\n1,\x002\n", "NUL"),
        ("a,b\n1,2\n".encode("utf-16"), "UTF-16"),
        (b"a" * 1_000_001 + b"\n", "line 1 is longer than 1,000,000 bytes"),
        (b"a\n" + b"x," * 600_000, "line 2 is longer"),
        (b",".join(b"c%d" % number for number in range(100_000)) + b"\n", "100,000 columns"),
        (b"a,b,a\n1,2,3\n", "column 'a' stands twice"),
        (b"", "is empty"),
        (b'a,b\n1,"2\n3,4\n', "a.csv:2: a quote opened here is never closed"),
        (b'a\n"' + b"x\n" * 140_000, "cell is longer than 131,072"),
        (b"a\n" + b'"\n",' * 1_500_000, "record is longer than 4,000,000"),
    ],
)
def test_a_hostile_file_is_refused_whole(tmp_path: Path, content: bytes, told: str) -> None:
    with pytest.raises(InputError, match=told):
        read(tmp_path / "a.csv", content)


@pytest.mark.parametrize("name", ["none.csv", "."])
def test_what_is_no_file_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError, match=r"no such file|no regular file"):
        CsvFile(tmp_path / name)


def test_rows_tell_the_line_they_start_on(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text('a,b\n1,"two\nlines"\n\n3\n"x"y,4\n5,6\n')
    with CsvFile(path) as source:
        rows = list(source.rows())
    assert [(row.number, row.line, bool(row.malformed)) for row in rows] == [
        (1, 2, False), (2, 5, True), (3, 6, True), (4, 7, False),
    ]  # fmt: skip


def test_a_file_that_changes_while_it_is_read_is_not_trusted(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("a\n1\n")
    with CsvFile(path) as source:
        path.write_text("a\n1\n2\n")
        with pytest.raises(TryAgain, match="changed while it was read"):
            list(source.rows())


def test_only_a_header_is_told_and_changes_nothing(importer: Any) -> None:
    with pytest.raises(InputError, match=r"feed.csv: holds no rows"):
        importer.rows("customers")


def test_missing_columns_are_named_with_what_there_is(importer: Any) -> None:
    with pytest.raises(InputError) as caught:
        importer.text("preferences", "customer_id,categorie,channel,rank\nC1,*,email,1\n")
    message = str(caught.value)
    assert "column 'category' (did you mean 'categorie'?), 'allowed' is missing" in message
    assert "the file has 'customer_id', 'categorie', 'channel', 'rank'" in message


def test_another_separator_is_named(importer: Any) -> None:
    with pytest.raises(InputError, match="must be separated by commas"):
        importer.text("preferences", PREFERENCES.replace(",", ";") + "C1;*;email;1;true\n")


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"customer_id": "a"}, r"no column is given for category, channel, allowed"),
        ({"custmer_id": "a"}, r"'custmer_id' is no field of this feed; did you mean 'customer_id'\?"),
    ],
)
def test_a_wrong_mapping_is_told(importer: Any, columns: dict[str, str], told: str) -> None:
    importer.workspace = make_workspace(preferences={"columns": columns})
    with pytest.raises(InputError, match=told):
        importer.text("preferences", PREFERENCES + "C1,*,email,1,true\n")


def test_a_wrong_zone_of_a_feed_is_told(importer: Any) -> None:
    importer.workspace = make_workspace(cases={"timezone": "../../etc/passwd"})
    with pytest.raises(InputError, match="is no IANA time zone"):
        importer.text("cases", "a\n1\n")


@settings(max_examples=60, deadline=None, derandomize=True)
@given(rows=st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0")), min_size=2,
                         max_size=2), max_size=5))  # fmt: skip
def test_every_cell_comes_back_as_it_was_written(rows: list[list[str]], tmp_path_factory: Any) -> None:
    quoted = "".join(",".join('"' + cell.replace('"', '""') + '"' for cell in row) + "\r\n" for row in rows)
    path = tmp_path_factory.getbasetemp() / "property.csv"
    assert read(path, ("a,b\r\n" + quoted).encode("utf-8-sig"))[1:] == rows

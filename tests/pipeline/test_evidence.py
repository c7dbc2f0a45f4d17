"""Evidence packs: complete, the same for the same state, checked on a bare machine, and every change is found."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
import zipfile
from hashlib import sha256
from pathlib import Path
from typing import Any

import orjson
import pytest
from support import Bank
from test_erasure import ONE_DATABASE, one, person, sent

from ccm import ccm_verify
from ccm.ccm_verify import read_keys, verify_pack
from ccm.errors import InputError, NotAllowed, NotFound
from ccm.log.crosscheck import verify_messages
from ccm.log.waiting import every_leaf
from ccm.pipeline import contents
from ccm.pipeline.erasure import erase
from ccm.pipeline.evidence import Pack, make_pack
from ccm.pipeline.evidence.collect import About, Found
from ccm.pipeline.evidence.pack import _log_access, zipped


def made(bank: Bank, name: str, **options: str) -> Pack:
    return make_pack(bank.project, name, person(bank), **{"purpose": "complaint", "language": "en", **options})


def files_of(pack: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(pack)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def found(bank: Bank, content: bytes, tmp_path: Path) -> list[ccm_verify.Result]:
    file = tmp_path / "pack.zip"
    file.write_bytes(content)
    return verify_pack(file, read_keys(bank.project.signer().verifier.text))


def faults(results: list[ccm_verify.Result]) -> list[str]:
    return [result.fault for result in results if result.fault]


def proved(results: list[ccm_verify.Result]) -> str:
    return "\n".join(result.proved for result in results if result.proved)


def test_a_pack_of_a_message_proves_its_body_its_trace_and_its_approvals(bank: Bank, tmp_path: Path) -> None:
    sent(bank)
    message = one(bank)
    pack = made(bank, message["id"])
    files = files_of(pack.content)
    body = contents.load(bank.project, [message])[message["id"]].body
    assert files[f"messages/{message['id']}/body.eml"] == body
    results = found(bank, pack.content, tmp_path)
    assert faults(results) == []
    told = proved(results)
    assert "the body is byte for byte what was decided" in told
    assert "approved by aoi at 2026-04-01" in told
    assert "aoi took this pack" in told
    assert any("wording" in name for name in files if "/parts/" in name)
    assert any("rules" in name for name in files if "/parts/" in name)
    assert not any("parts were not kept" in result.unproved for result in results)
    assert verify_messages(bank.project.store) == ()


@ONE_DATABASE
def test_a_pack_has_the_consent_that_the_message_rested_on(bank: Bank) -> None:
    sent(bank)
    message = one(bank)
    [proof] = orjson.loads(files_of(made(bank, message["id"]).content)[f"messages/{message['id']}/consent.json"])
    assert (proof["purpose"], proof["channel"], proof["granted"]) == ("marketing", "email", True)
    assert proof["evidence"] == "web form"


@ONE_DATABASE
def test_the_log_names_who_took_the_pack_and_its_manifest(bank: Bank) -> None:
    sent(bank)
    message = one(bank)["id"]
    pack = made(bank, message)
    with bank.project.store.read() as connection:
        entries = [orjson.loads(entry) for _, entry in every_leaf(connection)]
    access = [entry for entry in entries if entry["kind"] == "access"]
    assert [(entry["message"], entry["person"], entry["purpose"]) for entry in access] == [
        (message, "aoi", "complaint"), (None, "aoi", "complaint"),
    ]  # fmt: skip
    assert access[1]["manifest"] == sha256(files_of(pack.content)["manifest.json"]).hexdigest() == pack.manifest_digest


@ONE_DATABASE
@pytest.mark.parametrize("language", ["en", "ja"])
def test_the_same_state_gives_the_same_bytes(bank: Bank, language: str, tmp_path: Path) -> None:
    sent(bank)
    message, looks = one(bank)["id"], bank.clock.looks
    store = bank.project.store
    bank.project.signer()
    database = Path(str(store.engine.url.database))
    copy = tmp_path / "copy.db"
    with store.engine.connect() as connection:
        connection.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)")
    shutil.copyfile(database, copy)
    first = made(bank, message, language=language)
    other = bank.reopened()
    other.project.store = type(store)(f"sqlite:///{copy}")
    other.project.vault()
    bank.clock.looks = looks
    assert made(other, message, language=language).content == first.content


@ONE_DATABASE
def test_a_bare_machine_with_the_program_and_the_key_checks_a_pack(bank: Bank, tmp_path: Path) -> None:
    sent(bank)
    pack = made(bank, one(bank)["id"])
    (tmp_path / "pack.zip").write_bytes(pack.content)
    (tmp_path / "keys.txt").write_text(bank.project.signer().verifier.text + "\n")
    shutil.copyfile(str(ccm_verify.__file__), tmp_path / "ccm_verify.py")
    program = (
        "import sys; sys.modules['ccm'] = None; import runpy; runpy.run_path('ccm_verify.py', run_name='__main__')"
    )
    words = [sys.executable, "-P", "-c", program, "--key", "keys.txt", "pack.zip"]
    done = subprocess.run(words, cwd=tmp_path, env={}, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert "PROVED: the body is byte for byte what was decided" in done.stdout
    assert "NOT PROVED: recipient, subject" in done.stdout


@ONE_DATABASE
def test_a_pack_of_a_customer_has_all_messages_and_one_of_a_release_its_approvals(bank: Bank, tmp_path: Path) -> None:
    sent(bank)
    message = one(bank)
    of_customer, of_release = made(bank, message["customer_id"]), made(bank, message["release"][:12])
    assert f"messages/{message['id']}/message.json" in files_of(of_customer.content)
    assert (of_release.about.kind, of_release.messages) == ("release", 0)
    for pack in (of_customer, of_release):
        results = found(bank, pack.content, tmp_path)
        assert faults(results) == []
        assert "submitted by mika" in proved(results)


@ONE_DATABASE
def test_after_an_erasure_the_decision_is_proved_still_and_no_body_is_there(bank: Bank, tmp_path: Path) -> None:
    sent(bank)
    message = one(bank)
    erase(bank.project, message["customer_id"], person(bank), "asked")
    results = found(bank, made(bank, message["id"]).content, tmp_path)
    assert faults(results) == []
    assert "there is no body: it was erased" in [result.unproved for result in results]


CHANGED = ("cover.pdf", "README.txt", "keys.txt", "checkpoint.txt", "manifest.json", "access.tlog-proof", "body",
           "message.json", "trace.bin", "log.json", "explained.ja.txt", "release.json", "approvals.json", "use.json",
           "/parts/", "/source/", "proofs/", "policies/")  # fmt: skip


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory, sqlite_template: Path) -> Any:
    """One pack for all tests that change it."""
    from support import make_bank

    folder = tmp_path_factory.mktemp("evidence")
    shutil.copyfile(sqlite_template, folder / "ccm.db")
    bank = make_bank(folder, f"sqlite:///{folder / 'ccm.db'}")
    sent(bank)
    pack = made(bank, one(bank)["id"])
    yield bank, files_of(pack.content)
    bank.project.store.close()


@pytest.mark.parametrize("part", CHANGED)
@pytest.mark.parametrize("how", ["changed", "removed", "swapped with its digest"])
def test_a_change_of_any_file_is_found(kept: Any, tmp_path: Path, part: str, how: str) -> None:
    bank, whole = kept
    files = dict(whole)
    name = next(name for name in sorted(files) if part in name)
    if how == "removed":
        del files[name]
    else:
        middle = len(files[name]) // 2
        files[name] = files[name][:middle] + bytes([files[name][middle] ^ 1]) + files[name][middle + 1 :]
    if how == "swapped with its digest" and name not in ccm_verify.UNLISTED:
        manifest = orjson.loads(files["manifest.json"])
        manifest["files"][name] = sha256(files[name]).hexdigest()
        files["manifest.json"] = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    if how == "removed" and name == "manifest.json":
        return  # then it is an archive of proofs, and says nothing of messages
    assert faults(found(bank, zipped(files), tmp_path))


@pytest.mark.parametrize(
    ("name", "content", "told"),
    [
        ("../outside", b"", "a name that no evidence pack has"),
        ("/etc/passwd", b"", "a name that no evidence pack has"),
        ("messages/more.txt", b"x", "the manifest does not list it"),
        ("zeros.bin", bytes(30_000_000), "far larger than its compressed form"),
    ],
)
def test_hostile_archives_are_refused(kept: Any, tmp_path: Path, name: str, content: bytes, told: str) -> None:
    bank, files = kept
    assert any(told in fault for fault in faults(found(bank, zipped({**files, name: content}), tmp_path)))


@ONE_DATABASE
def test_who_may_not_take_evidence_gets_none(bank: Bank) -> None:
    with pytest.raises(NotAllowed, match="mika may not take evidence"):
        make_pack(bank.project, "x", person(bank, "mika"), "complaint", "en")
    with pytest.raises(InputError, match="no code"):
        made(bank, "x", purpose="Because I want")
    with pytest.raises(NotFound, match="'x' is no message and no customer"):
        made(bank, "x")


FORGED = (
    ("body", b"", "the body's bytes are not those that were decided on"),
    ("trace.bin", b"", "the trace is not the decision's"),
    ("message.json", b'"channel":"email"', "message.json says otherwise than the decision"),
    ("log.json", b'"kind":"decision"', "log.json is not what the proofs say"),
    ("release.json", b"", "release.json does not have the digest of the release"),
    ("approvals.json", b'"person":"mika"', "approvals.json is not what the log says"),
    ("/parts/compliance", b"", "is not what was approved"),
    ("/source/", b"", "it is not the template of the approved part"),
)


@pytest.mark.parametrize(("part", "words", "told"), FORGED)
def test_an_operator_who_forges_a_pack_and_logs_its_manifest_is_found(
    kept: Any, tmp_path: Path, part: str, words: bytes, told: str
) -> None:
    bank, whole = kept
    files = dict(whole)
    name = next(name for name in sorted(files) if part in name)
    if words:
        assert words in files[name]
        files[name] = files[name].replace(words, words[:-2] + b"x" + words[-1:], 1)
    else:
        files[name] = files[name][:-3] + bytes([files[name][-3] ^ 1]) + files[name][-2:]
    manifest = orjson.loads(files["manifest.json"])
    manifest["files"][name] = sha256(files[name]).hexdigest()
    files["manifest.json"] = orjson.dumps(manifest, option=orjson.OPT_SORT_KEYS)
    digest = sha256(files["manifest.json"]).hexdigest()
    nothing = Found(About("message", "x"), (), (), ())
    files["access.tlog-proof"] = _log_access(bank.project, nothing, person(bank), "forgery", digest)
    results = found(bank, zipped(files), tmp_path)
    assert any(told in fault for fault in faults(results)), faults(results)
    assert "as the log says" in proved(results)

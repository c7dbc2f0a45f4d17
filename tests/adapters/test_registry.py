from __future__ import annotations

import importlib
import re
import sys
from pathlib import Path

import pytest
from adapter_parts import Opener, a_channel

import ccm
from ccm.adapters import adapter_names, check_channels
from ccm.adapters.registry import load_suppliers
from ccm.errors import CcmError, WorkspaceError

GOOD = """
from typing import ClassVar
from ccm.adapters.base import Adapter, AdapterSettings, Supplier

class Fax(Adapter):
    name: ClassVar[str] = "fax"
    channels = frozenset({"letter"})
    local = False
    can_find = False
    def send(self, message): ...
    def find(self, message_id): ...
    def close(self): ...

class FaxSettings(AdapterSettings):
    def open(self, opening):
        return Fax()

SUPPLIER = Supplier(Fax, FaxSettings)
"""


def package(folder: Path, monkeypatch: pytest.MonkeyPatch, **modules: str) -> object:
    place = folder / "their_suppliers"
    place.mkdir()
    (place / "__init__.py").touch()
    for name, text in modules.items():
        (place / f"{name}.py").write_text(text)
    monkeypatch.syspath_prepend(folder)
    for loaded in [name for name in sys.modules if name.startswith("their_suppliers")]:
        monkeypatch.delitem(sys.modules, loaded)
    return importlib.import_module("their_suppliers")


def test_adding_a_file_adds_a_supplier(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert set(load_suppliers(package(tmp_path, monkeypatch, fax=GOOD))) == {"fax"}


@pytest.mark.parametrize(
    ("modules", "complaint"),
    [
        ({"fax": "import no_such_module"}, r"their_suppliers\.fax: .*No module named 'no_such_module'"),
        ({"fax": "def broken(:"}, r"their_suppliers\.fax: .*SyntaxError"),
        ({"fax": "x = 1"}, r"their_suppliers\.fax: .*must define SUPPLIER"),
        ({"fax": GOOD, "fax_again": GOOD}, r"their_suppliers\.fax_again: .*the name 'fax' is taken"),
    ],
)
def test_a_supplier_that_does_not_load_stops_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, modules: dict[str, str], complaint: str
) -> None:
    with pytest.raises(CcmError, match=complaint):
        load_suppliers(package(tmp_path, monkeypatch, **modules))


def test_each_channel_has_its_adapters() -> None:
    assert adapter_names("email") == ("outbox", "ses", "smtp")
    assert adapter_names("sms") == ("outbox", "twilio-sms")
    assert adapter_names("letter") == ("outbox", "print-folder")
    assert adapter_names("pigeon") == ()


def test_only_the_outbox_and_the_print_folder_stay_on_the_machine_and_can_tell_what_they_took() -> None:
    from ccm.adapters import suppliers

    loaded = load_suppliers(suppliers)
    assert {name for name, supplier in loaded.items() if supplier.adapter.local} == {"outbox", "print-folder"}
    assert {name for name, supplier in loaded.items() if supplier.adapter.can_find} == {"outbox", "print-folder"}


@pytest.mark.parametrize(
    ("adapter", "channel", "complaint"),
    [
        ("pigeon", "email", "adapter 'pigeon' is none of outbox, ses, smtp"),
        ("ses", "sms", "adapter 'ses' does not carry channel 'sms'; these do: outbox, twilio-sms"),
        ("smtp", "letter", "adapter 'smtp' does not carry channel 'letter'; these do: outbox, print-folder"),
    ],
)
def test_an_adapter_that_cannot_be_is_told_with_those_that_can(
    opened: Opener, adapter: str, channel: str, complaint: str
) -> None:
    with pytest.raises(WorkspaceError) as refused:
        opened(adapter, channel)
    assert str(refused.value) == f"channels/{channel}.yaml:4: {complaint}"


def test_checking_channels_gives_all_problems_at_once() -> None:
    found = check_channels([
        a_channel("outbox", settings={"folder": "x"}),
        a_channel("smtp", settings={"hots": "mail.example", "security": "sometimes", "timeout_seconds": -1}),
        a_channel("twilio-sms", "sms", sender=""),
        a_channel("outbox", "letter"),
    ])  # fmt: skip
    assert [str(problem) for problem in found] == [
        "channels/email.yaml:4: 'settings.folder' is no known setting (settings of adapter 'outbox': none)",
        *(
            f"channels/email.yaml:4: {message} (settings of adapter 'smtp': host, port, security, ca_file, ehlo_name, "
            "username, password_env, timeout_seconds)"
            for message in (
                "'settings.host' is missing",
                "settings.security 'sometimes' is none of none, starttls, tls",
                "settings.timeout_seconds: -1: input should be greater than 0",
                "'settings.hots' is no known setting; did you mean 'host'?",
            )
        ),
        "channels/sms.yaml:4: sender '' must be an E.164 number, a short code, a messaging service "
        "(MG and 32 hexadecimal digits) or a name of at most 11 letters and "
        "digits, or settings.messaging_service_sid be given",
    ]


def test_a_supplier_is_named_in_its_own_file_only() -> None:
    root = Path(ccm.__file__).parent
    allowed = {"adapters/standin.py"}
    for words, file in {r"twilio": "twilio_sms", r"boto|\bSES\b": "ses", r"smtplib": "smtp"}.items():
        named = {
            path.relative_to(root).as_posix()
            for path in (root / "adapters").rglob("*.py")
            if re.search(words, path.read_text(encoding="utf-8"), re.IGNORECASE)
        }
        assert named - allowed <= {f"adapters/suppliers/{file}.py"}

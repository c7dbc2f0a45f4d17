from __future__ import annotations

import json
import sys
import urllib.parse
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from adapter_parts import Opener, a_message, free_port

from ccm.adapters.standin import KINDS, TwilioStandin
from ccm.errors import OutcomeUnknown, SupplierRefused, WorkspaceError

ACCOUNT = "AC" + "0" * 31 + "1"
ENVIRON = {"TWILIO_ACCOUNT_SID": ACCOUNT, "TWILIO_AUTH_TOKEN": "token"}
SERVICE = "MG" + "a" * 32


@pytest.fixture
def standin() -> Iterator[TwilioStandin]:
    with TwilioStandin() as running:
        yield running


def settings(address: str, **others: Any) -> dict[str, Any]:
    return {"base_url": address, "timeout_seconds": 0.3} | others


def test_a_text_arrives_as_it_is(opened: Opener, standin: TwilioStandin) -> None:
    text = "ひのき銀行: £100 & “quotes”\n+1% 😀 [ccm]"
    receipt = opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON).send(
        a_message("sms", body=text.encode())
    )
    assert receipt.supplier_reference == f"SM{1:032x}"
    assert standin.messages == [
        {"To": "+12025550143", "From": "HINOKI", "Body": text, "SmartEncoded": "false", "ShortenUrls": "false"}
    ]


def test_a_messaging_service_takes_the_place_of_the_sender(opened: Opener, standin: TwilioStandin) -> None:
    own = settings(standin.url, messaging_service_sid=SERVICE, status_callback="https://bank.example/webhooks/twilio")
    opened("twilio-sms", "sms", settings=own, environ=ENVIRON, sender="").send(a_message("sms"))
    assert standin.messages[0]["MessagingServiceSid"] == SERVICE
    assert standin.messages[0]["StatusCallback"] == "https://bank.example/webhooks/twilio"
    assert "From" not in standin.messages[0]


def test_each_jurisdiction_has_its_sender(opened: Opener, standin: TwilioStandin) -> None:
    senders = {"US": SERVICE, "GB": "HINOKI", "JP": "+815055550199"}
    adapter = opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON, sender=senders)
    for jurisdiction in senders:
        adapter.send(a_message("sms", jurisdiction=jurisdiction))
    told = [(message.get("From"), message.get("MessagingServiceSid")) for message in standin.messages]
    assert told == [(None, SERVICE), ("HINOKI", None), ("+815055550199", None)]
    with pytest.raises(SupplierRefused, match=r"sender: channels/sms.yaml has no sender for 'FR'"):
        adapter.send(a_message("sms", jurisdiction="FR"))
    assert len(standin.messages) == 3


@pytest.mark.parametrize(
    ("kind", "code", "expected", "permanent"),
    [
        ("busy", 0, "20429", False),
        ("refuse", 21211, "21211", True),
        ("refuse", 21610, "21610", True),
        ("refuse", 21611, "21611", False),
    ],
)
def test_a_no_is_a_no_with_twilio_s_own_code(
    opened: Opener, standin: TwilioStandin, kind: str, code: int, expected: str, permanent: bool
) -> None:
    adapter = opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON)
    standin.misbehave(kind, code=code)
    with pytest.raises(SupplierRefused) as refused:
        adapter.send(a_message("sms"))
    assert (refused.value.code, refused.value.permanent, standin.messages) == (expected, permanent, [])
    adapter.send(a_message("sms"))
    assert len(standin.messages) == 1


@pytest.mark.parametrize("kind", ["break", "drop", "garbage", "hang", "no-sid"])
def test_an_answer_that_is_lost_is_unknown_and_the_message_went_once(
    opened: Opener, standin: TwilioStandin, kind: str
) -> None:
    adapter = opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON)
    standin.misbehave(kind)
    with pytest.raises(OutcomeUnknown):
        adapter.send(a_message("sms"))
    assert len(standin.messages) == 1


def test_wrong_credentials_are_refused_for_now(opened: Opener, standin: TwilioStandin) -> None:
    other = settings(standin.url + "/elsewhere")
    with pytest.raises(SupplierRefused) as refused:
        opened("twilio-sms", "sms", settings=other, environ=ENVIRON).send(a_message("sms"))
    assert (refused.value.code, refused.value.permanent) == ("20404", True)


@pytest.mark.parametrize(
    ("status", "text", "outcome"),
    [
        (401, '{"code": 20003, "message": "Authenticate"}', ("20003", False)),
        (403, "<html>a proxy speaks</html>", ("http-403", False)),
        (400, '{"code": true}', ("http-400", False)),
        (400, '{"code": 21614, "message": "\'To\' +12025550143 is no mobile"}', ("21614", True)),
        (408, '{"code": 20408}', ("20408", False)),
        (200, "[]", None),
        (200, '"SM"', None),
        (200, "", None),
        (201, '{"sid": 7}', None),
        (201, '{"sid": "SM1"}', None),
        (201, "[" * 100_000, None),
        (307, "", None),
        (503, '{"code": 20503}', None),
    ],
)
def test_every_answer_has_one_outcome(status: int, text: str, outcome: tuple[str, bool] | None) -> None:
    from twilio.http.response import Response

    from ccm.adapters.suppliers.twilio_sms import _judged

    with pytest.raises((SupplierRefused, OutcomeUnknown)) as raised:
        _judged(Response(status, text))
    if outcome is None:
        assert isinstance(raised.value, OutcomeUnknown)
    else:
        assert isinstance(raised.value, SupplierRefused)
        assert (raised.value.code, raised.value.permanent) == outcome
        assert "2025550143" not in str(raised.value)


def test_no_connection_is_refused_for_now(opened: Opener) -> None:
    own = settings(f"http://127.0.0.1:{free_port()}")
    with pytest.raises(SupplierRefused) as refused:
        opened("twilio-sms", "sms", settings=own, environ=ENVIRON).send(a_message("sms"))
    assert (refused.value.code, refused.value.permanent) == ("connect", False)


@pytest.mark.parametrize(
    "recipient",
    ["", "12025550143", "+1202", "+1202555014x", "+12025550143\n", "+1 202 555 0143", "+１２０２５５５０１４３"],
)
def test_a_recipient_that_is_no_number_is_refused_before_anything_is_sent(
    opened: Opener, standin: TwilioStandin, recipient: str
) -> None:
    with pytest.raises(SupplierRefused) as refused:
        opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON).send(
            a_message("sms", recipient=recipient)
        )
    assert (refused.value.code, refused.value.permanent, standin.messages) == ("recipient", True, [])


def test_a_body_that_is_not_utf8_is_refused_before_anything_is_sent(opened: Opener, standin: TwilioStandin) -> None:
    with pytest.raises(SupplierRefused):
        opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON).send(
            a_message("sms", body=b"\xff")
        )
    assert standin.messages == []


def test_a_missing_package_names_the_extra(opened: Opener, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "twilio.rest", None)
    with pytest.raises(WorkspaceError, match=r"channels/sms\.yaml:4: .*ccm-engine\[twilio\]"):
        opened("twilio-sms", "sms", environ=ENVIRON)


@pytest.mark.parametrize(
    ("changes", "complaint"),
    [
        ({"environ": {}}, "'TWILIO_ACCOUNT_SID' is not set"),
        ({"environ": ENVIRON | {"TWILIO_ACCOUNT_SID": "AC/../x"}}, "AC and 32 hexadecimal digits"),
        ({"sender": "A NAME THAT IS LONG"}, "sender 'A NAME THAT IS LONG' must be"),
        ({"sender": ""}, "or settings.messaging_service_sid be given"),
        ({"settings": {"messaging_service_sid": "nonsense"}}, "does not have the form ^MG"),
        ({"settings": {"base_url": "http://api.example"}}, "must start with https://"),
        ({"settings": {"auth_token": "never here"}}, "settings of adapter 'twilio-sms': account_sid_env, "),
        ({"settings": {"timeout_seconds": 0}}, "settings.timeout_seconds"),
    ],
)
def test_settings_that_cannot_work_are_told_when_the_channel_is_opened(
    opened: Opener, changes: dict[str, Any], complaint: str
) -> None:
    with pytest.raises(WorkspaceError) as refused:
        opened("twilio-sms", "sms", **({"environ": ENVIRON} | changes))
    (problem,) = refused.value.problems
    assert complaint in problem.message


def ask(url: str, **form: str) -> tuple[int, Any]:
    data = urllib.parse.urlencode(form).encode() if form else None
    try:
        with urllib.request.urlopen(urllib.request.Request(url, data)) as answer:
            return answer.status, json.load(answer)
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)


def test_the_standin_is_told_over_http_to_misbehave_and_shows_what_it_took(
    opened: Opener, standin: TwilioStandin
) -> None:
    assert ask(f"{standin.url}/standin/misbehave", kind="refuse", code="21614") == (200, {})
    adapter = opened("twilio-sms", "sms", settings=settings(standin.url), environ=ENVIRON)
    with pytest.raises(SupplierRefused, match="21614"):
        adapter.send(a_message("sms"))
    adapter.send(a_message("sms"))
    status, messages = ask(f"{standin.url}/standin/messages")
    assert (status, [message["To"] for message in messages]) == (200, ["+12025550143"])


def test_the_standin_names_the_kinds_it_knows(standin: TwilioStandin) -> None:
    status, answer = ask(f"{standin.url}/standin/misbehave", kind="explode")
    assert status == 400
    assert all(kind in answer["message"] for kind in KINDS)


def test_the_standin_wants_what_twilio_wants(standin: TwilioStandin) -> None:
    messages = f"{standin.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    assert ask(messages, To="+12025550143", From="HINOKI", Body="x")[1]["code"] == 20003
    assert ask(f"{standin.url}/2010-04-01/Accounts", To="x")[0] == 404

"""explain: lists, trials and replays on the command line."""

import pytest
from cli_parts import Commands


def test_a_message_is_decided_again_on_the_command_line_in_both_languages(ccm: Commands) -> None:
    message = str(ccm.send()["message_id"])
    assert ccm.json("explain", message, "--replay")["counts"] == {"agrees": 1}
    assert "the same decision, byte for byte" in ccm.says("explain", message, "--replay")
    assert "記録とすべて一致" in ccm.says("explain", message, "--replay", "--language", "ja")


def test_a_customers_messages_are_listed_a_line_each(ccm: Commands) -> None:
    message = str(ccm.send()["message_id"])
    [line] = ccm.says("explain", "--customer", "C1").splitlines()
    assert message in line
    assert line.endswith("the customer stated no order; the communication's own applies")


def test_what_was_never_decided_says_so_and_can_be_decided_as_a_trial(ccm: Commands) -> None:
    about = ("explain", "--customer", "C1", "--communication", "savings-offer")
    assert "nothing was decided; --now shows" in ccm.refuses(*about)
    [trial] = ccm.json(*about, "--now")["messages"]
    assert (trial["message"], trial["customer"]) == (None, "C1")
    assert trial["state"] in ("would_send", "would_withhold")
    assert "decided now as a trial" in ccm.says(*about, "--now")
    assert "記録しない" in ccm.says(*about, "--now", "--language", "ja")
    assert "nothing was decided" in ccm.refuses(*about)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--run", "r"), "--run RUN needs --replay"),
        (("--run", "r", "--replay"), "run 'r' is not recorded"),
        (("x", "--now"), "--now needs --customer ID and --communication COMM"),
        (("--customer", "nobody", "--communication", "savings-offer", "--now"), "customer 'nobody' is not known"),
    ],
)
def test_explain_says_what_it_needs(template: Commands, words: tuple[str, ...], message: str) -> None:
    assert message in template.refuses("explain", *words)

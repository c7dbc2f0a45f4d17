"""Reasons of decisions, and of what befalls a message after them, in words for people."""

from __future__ import annotations

WORDS: dict[str, tuple[str, str]] = {
    # why a message goes out
    "preferred": ("the first possible channel in the customer's own order", "お客さまの希望順で最初に利用できる手段"),
    "default_order": ("the customer stated no order; the communication's own applies", "希望の登録がないため標準の順"),
    "fallback": (
        "no channel before it could be used: the communication's fallback",
        "ほかの手段が使えないため予備の手段を利用",
    ),
    "held_for_quiet_hours": ("held until quiet hours end", "送信停止時間帯のため、終了まで保留"),
    "held_for_rule": ("held until a rule lets messages go", "規則が定める送信禁止の時間帯のため、終了まで保留"),
    "held_for_public_holiday": ("held until public holidays are over", "祝日のため、翌営業時間まで保留"),
    "held_for_send_window": ("held until the hours in which it is sent", "送信時間外のため、送信時間まで保留"),
    "held_for_preferred_hours": ("held until the hours that the customer prefers", "お客さまの希望する時間帯まで保留"),
    "deferred_by_cap": ("held until a cap has room", "送信回数の上限に空きが出るまで保留"),
    "digested": ("it is told in a digest, together with others", "ほかのお知らせとまとめて送るため"),
    # why it does not
    "deceased": ("the customer is deceased", "お客さまが逝去されているため"),
    "closed": ("the relationship is closed", "お取引が終了しているため"),
    "unknown_customer": ("no such customer", "該当するお客さまがいないため"),
    "jurisdiction_not_served": ("not offered in the customer's jurisdiction", "お客さまの法域では提供していないため"),
    "language_not_served": ("not written in the customer's language", "お客さまの言語の文面がないため"),
    "complaint_open": ("a complaint is open", "苦情が未解決のため"),
    "complaint_recent": ("a complaint was closed only recently", "苦情の解決から日が浅いため"),
    "hard_bounce": ("the address was refused for good", "宛先が恒久的に受信を拒否したため"),
    "invalid_contact_point": ("the address is known to be wrong", "宛先が無効と確認されているため"),
    "complaint": ("the recipient reported a message as unwanted", "迷惑メールとして報告されたため"),
    "opt_out": ("the address is on the list of those who opted out", "配信停止リストに登録されているため"),
    "bereavement": ("there was a death in the family", "ご家族にご不幸があったため"),
    "vulnerable": ("the customer is marked as needing special care", "特に配慮を要するお客さまのため"),
    "legal_hold": ("a legal matter forbids contact", "法的な理由で連絡を控えているため"),
    "do_not_contact": ("the customer must not be contacted", "連絡をお控えするお客さまのため"),
    "no_proxy": (
        "somebody else receives for the customer, and is not known or not active",
        "代わりに受け取る方の登録がないか、有効でないため",
    ),
    "too_soon_after": ("it would come too soon after another message", "関連する通知から間もないため"),
    "duplicate_contact_point": (
        "another customer with the same address already gets it",
        "同じ宛先をもつ別のお客さまに送るため",
    ),
    "household_served": ("another member of the household already gets it", "同じ世帯の別のお客さまに送るため"),
    "opted_out": ("the customer opted out", "お客さまが配信停止を希望しているため"),
    "no_consent": ("there is no valid consent", "有効な同意がないため"),
    "consent_withdrawn": ("the newest consent record is a withdrawal", "同意が撤回されているため"),
    "consent_too_weak": (
        "the consent rests on less than a rule asks for",
        "規則が求める種類の同意がないため",
    ),
    "rules_changed": ("a rule began to apply after the message was checked", "確認後に新たな規則が適用されたため"),
    "address_changed": ("the customer has another address than it was written for", "作成後に宛先が変わったため"),
    "receiver_changed": (
        "who receives for the customer, or where, has changed since it was written",
        "作成後に、代わりに受け取る方またはその宛先が変わったため",
    ),
    "no_longer_joint": ("the recipient is no joint holder any more", "共同名義ではなくなったため"),
    "held_again": ("held at hand-off", "引渡しの時点で保留"),
    "paused": ("the customer asked for a pause", "お客さまのご希望で配信を休止中のため"),
    "no_address": ("there is no usable address", "利用できる宛先がないため"),
    "no_channel": ("no channel was possible", "利用できる手段がないため"),
    "cap": ("it would be more than the cap allows", "送信回数の上限に達するため"),
    "quiet_hours": ("no hour is known to be allowed", "送信してよい時間帯を特定できないため"),
    "expires_in_quiet_hours": ("it would be stale before it may go out", "送信可能になる前に期限が切れるため"),
    "expired": ("it became stale before it could go out", "送信前に期限が切れたため"),
    "already_sent": ("the customer already has it for this occasion", "同じ内容をすでに送っているため"),
    "wording_missing": ("approved wording is missing for this jurisdiction and language", "承認済みの文言がないため"),
    "release_not_approved": (
        "the release is not approved, or was withdrawn",
        "未承認または取下げ済みの版のため",
    ),
    "release_not_yet_effective": ("the release is approved for a later time", "承認された版の施行前のため"),
    "approval_expired": ("the release's approval has ended", "版の承認期限が切れているため"),
    "stopped_release": ("sending of this release was stopped", "この版の送信が停止されているため"),
    "stopped_communication": ("sending of this communication was stopped", "この通知の送信が停止されているため"),
    "stopped_wording": ("sending of this wording was stopped", "この文言を含む送信が停止されているため"),
    "stopped_channel": ("sending on this channel was stopped", "このチャネルの送信が停止されているため"),
    "holdout": ("held out of an experiment, to measure against", "効果測定の比較対象として送らないため"),
    "erased": ("the customer was erased", "お客さまの情報を消去したため"),
    "content_erased": ("its content was destroyed", "内容を消去したため"),
    "run_cancelled": ("the run was cancelled", "実行が取り消されたため"),
    "digest_withheld": ("the digest that was to tell of it did not go out", "まとめて送るお知らせを送らなかったため"),
    "digest_full": ("the digest had room for newer messages only", "まとめて送るお知らせの件数の上限に達したため"),
    "communication_removed": ("the communication is not there any more", "通知の設定が削除されたため"),
    # channels passed over
    "taken": ("possible, and taken", "採用"),
    "not_offered": ("the communication has no text for it", "この通知の文面がない"),
    "not_preferred": ("not among the customer's channels", "お客さまの希望する手段ではない"),
    "not_tried": ("what stopped a channel before it stops the message", "上位の手段で送らないと決まったため検討せず"),
    "not_needed": ("a channel before it was taken", "上位の手段を採用済み"),
    # data and rendering
    "no_data": ("there is no data for the customer", "データがないため"),
    "balance_does_not_reconcile": ("balances and transactions do not reconcile", "残高と取引が一致しないため"),
    "several_accounts": ("more accounts than one statement covers", "対象口座が複数あるため"),
    "missing_glyph": ("a character that no font has", "フォントにない文字があるため"),
    "address_hidden": ("the address does not fit the envelope's window", "宛名が封筒の窓に収まらないため"),
    "engine_error": ("the engine failed on this message", "処理中に障害が起きたため"),
}
"""Reason code to English and Japanese words."""


def words(reason: str, language: str = "en") -> str:
    """A reason in the reader's language; a code without words stands for itself."""
    if reason.startswith("rule_"):
        rule = reason.removeprefix("rule_")
        return f"規則 {rule} に反するため" if language.startswith("ja") else f"rule {rule} was broken"
    english, japanese = WORDS.get(reason, (reason, reason))
    return japanese if language.startswith("ja") else english

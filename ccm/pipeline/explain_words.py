"""The sentences of explanations, in English and Japanese."""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

LANGUAGES = ("en", "ja")
CHANNELS: dict[str, tuple[str, str]] = {
    "email": ("e-mail", "電子メール"),
    "sms": ("SMS", "SMS"),
    "letter": ("letter", "郵便"),
    "line": ("LINE", "LINE"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "push": ("push notification", "プッシュ通知"),
    "social": ("social network", "SNS"),
    "inbox": ("inbox", "お客さま画面"),
    "*": ("every channel", "すべての手段"),
}
STATES: dict[str, tuple[str, str]] = {
    "due": ("will be sent", "送信予定"),
    "claimed": ("is being sent", "送信処理中"),
    "sending": ("is being sent", "送信中"),
    "accepted": ("sent", "送信済み"),
    "delivered": ("delivered", "配信済み"),
    "failed": ("failed", "送信失敗"),
    "unknown": ("sent, outcome unknown", "送信結果不明"),
    "withheld": ("withheld", "送信見送り"),
    "set_aside": ("set aside", "保留（要確認）"),
    "cancelled": ("cancelled", "取消済み"),
    "digested": ("joined a digest", "まとめて送信"),
    "would_send": ("would be sent now", "今なら送信"),
    "would_withhold": ("would be withheld now", "今なら送信見送り"),
}
PHRASES: dict[str, tuple[str, str]] = {
    "message": (
        "message {message}: {communication} to {customer}",
        "メッセージ {message}：{communication}（お客さま {customer}）",
    ),
    "trial": (
        "{communication} to {customer}: decided now as a trial, nothing is recorded",
        "{communication}（お客さま {customer}）：試しに現時点で判断（記録しない）",
    ),
    "state": ("  {state}{by}: {why} ({reason}){detail}", "  {state}{by}：{why}（{reason}）{detail}"),
    "by": (" by {channel}", "・{channel}"),
    "decided": ("  decided for {at}", "  判断の基準時刻 {at}"),
    "due": ("  goes out from {at}", "  送信可能になる時刻 {at}"),
    "digest": ("  becomes a part of {digest}", "  {digest}にまとめて届ける"),
    "digest_open": ("  waits for {communication}, which goes from {at}", "  {communication}を待つ（{at}以降に送付）"),
    "digest_message": (
        "  told in message {message} ({communication}), which is: {state}, {why} ({reason})",
        "  メッセージ {message}（{communication}）に収録。その状況：{state}、{why}（{reason}）",
    ),
    "digest_untold": (
        "  was to be told in message {message} ({communication}), which did not go out: {state}, {why} ({reason})",
        "  メッセージ {message}（{communication}）に収録予定だったが送付なし：{state}、{why}（{reason}）",
    ),
    "digest_empty": (
        "  {communication} was closed without a message: nothing was left to tell",
        "  {communication}は載せるものが残らず、送付なし",
    ),
    "digest_part": (
        "  collected {message} ({communication}): {state}, {why} ({reason})",
        "  収録対象 {message}（{communication}）：{state}、{why}（{reason}）",
    ),
    "handoff_held": (
        "  at hand-off, {at}: to wait until {due}: {why} ({reason}){detail}",
        "  引渡し時の判断（{at}）：{due}まで待機。{why}（{reason}）{detail}",
    ),
    "handoff_withheld": (
        "  at hand-off, {at}: withheld: {why} ({reason}){detail}",
        "  引渡し時の判断（{at}）：送信見送り。{why}（{reason}）{detail}",
    ),
    "receiver": (
        "  {receiver} receives it in the customer's place",
        "  受取人：お客さまに代わり、{receiver}",
    ),
    "copy": (" (copy)", "（写し）"),
    "copy_of": (
        "  a copy for a joint holder: it tells of what concerns {customer}, whose own message is {message}",
        "  共同名義の方への写し：お客さま {customer} に関する内容（ご本人宛はメッセージ {message}）",
    ),
    "copy_of_erased": (
        "  a copy for a joint holder: whose matter it tells of was erased",
        "  共同名義の方への写し：どのお客さまに関する内容かは消去済み",
    ),
    "copied": (
        "  copied to joint holder {customer} in message {message}: {state}",
        "  共同名義のお客さま {customer} への写し：メッセージ {message}（{state}）",
    ),
    "release": ("  release {release}{language}{variant}", "  版 {release}{language}{variant}"),
    "in_language": (", in {language}", "・言語 {language}"),
    "variant": (", variant {variant}", "・案 {variant}"),
    "rule": ("    rule {id} {name}{why}", "    規則 {id} {name}{why}"),
    "action": ("    {action} by {by} at {at}", "    {action}：{by}（{at}）"),
    "wording": ("  wording {id} version {version}", "  文言 {id} 版 {version}"),
    "supplier": (
        "  {adapter} took it as {reference}, attempt {attempts}",
        "  {adapter}が受付（番号 {reference}、{attempts}回目）",
    ),
    "because": ("  decided on:", "  判断の根拠："),
    "would": ("  what would have to change:", "  結果が変わる条件："),
    "policy": ("  policy {policy}, {engine}", "  方針 {policy}、{engine}"),
    # what the decision rests on
    "consent_given": (
        "{purpose} consent for {channel}: {basis}, given {at}",
        "{channel}の{purpose}同意：{basis}、{at}取得",
    ),
    "consent_refused": ("{purpose} consent for {channel}: withdrawn {at}", "{channel}の{purpose}同意：{at}撤回"),
    "consent_missing": ("{purpose} consent for {channel}: no row", "{channel}の{purpose}同意：記録なし"),
    "asked_by": ("{basis} is asked for by rule {rule} ({source})", "規則 {rule} が {basis} を要求（{source}）"),
    "order": ("the customer's own order for {category}: {order}", "お客さまご希望の順（{category}）：{order}"),
    "preference": (
        "the customer's own preference for {category} on {channel}: {value}",
        "お客さまのご希望（{category}・{channel}）：{value}",
    ),
    "refused": ("no", "希望しない"),
    "paused_until": ("paused until {at}", "{at}まで休止"),
    "since": (" (since {at})", "（{at}から）"),
    "suppressed": ("{kind} on {channel} since {at}{until}", "{channel}の{kind}（{at}から{until}）"),
    "until": (", until {at}", "、{at}まで"),
    "complaint": ("complaint {case}: opened {opened}{closed}", "苦情 {case}：受付 {opened}{closed}"),
    "closed": (", closed {at}", "、解決 {at}"),
    "cool_off": ("{days} days of peace after a complaint ({source})", "苦情解決後 {days} 日間は送信しない（{source}）"),
    "cap": ("cap {cap} ({source})", "上限 {cap}（{source}）"),
    "cap_rule": ("limit of rule {cap} ({source})", "規則 {cap} の上限（{source}）"),
    "filled": (
        "  taken by {communication} by {channel}, {at}{message}",
        "  該当：{communication}・{channel}、{at}{message}",
    ),
    "filled_message": (" (message {message})", "（メッセージ {message}）"),
    "hours": (
        "quiet hours of {channel}: {start} to {end}, {zone} ({source})",
        "{channel}の送信停止時間帯：{start}から{end}、{zone}（{source}）",
    ),
    "hours_rule": ("quiet hours of rule {rule} ({source})", "規則 {rule} の送信停止時間帯（{source}）"),
    "zone_unknown": ("unknown zone", "時間帯不明"),
    "changed_since": (
        "the policy has changed since: the lines are those of today",
        "方針はその後変更された（行番号は現在のもの）",
    ),
    # what would have to change
    "wait": (
        "it would go out from {due} if it were decided at {at} or later; until then: {why}",
        "{at}以降の判断なら{due}から送信（それまでは{why}）",
    ),
    "consent": (
        "the customer gave {purpose} consent for {channel} ({basis})",
        "{channel}の{purpose}同意（{basis}）を得る",
    ),
    "allow": ("the customer allowed {category} by {channel}", "お客さまが{channel}での{category}を希望する"),
    "unpause": (
        "the customer ended the pause of {category} by {channel}",
        "お客さまが{channel}での{category}の休止をやめる",
    ),
    "address": ("there were an address for {channel}", "{channel}の宛先が登録される"),
    "lift": ("{kind} on {channel} were lifted", "{channel}の{kind}が解除される"),
    "rank": ("the customer ranked {channel}", "お客さまが{channel}を希望の手段に加える"),
    "close_complaint": ("complaint {case} were closed", "苦情 {case} が解決する"),
    "zone": ("the customer's time zone were known", "お客さまの時間帯が分かる"),
    "serve_jurisdiction": (
        "communication.yaml listed jurisdiction {jurisdiction}",
        "communication.yamlに法域 {jurisdiction} を加える",
    ),
    "serve_language": ("it were written in {language}", "{language}の文面を用意する"),
    "no_expiry": ("it did not expire so soon", "有効期限が延びる"),
    "if": ("if {steps}: {result}", "{steps}場合：{result}"),
    "and": (" and ", "、かつ"),
    "would_go": ("it would go by {channel}, from {due}", "{channel}で{due}から送信"),
    "nothing": (
        "nothing that ccm knows of: the reason does not depend on time, consent, preferences or addresses",
        "時間・同意・ご希望・宛先のいずれが変わっても結果は同じ",
    ),
    "after_decision": (
        "the decision was to send; what came after it has to change: {why}",
        "判断は送信可。その後の事由の解消が必要：{why}",
    ),
    "sent_first": ("nothing: it took the first possible channel", "なし（最も優先される手段を採用済み）"),
    # replay
    "agrees": (
        "replayed from the recorded facts under the recorded policy: the same decision, byte for byte",
        "記録された事実と方針で再判断：記録とすべて一致",
    ),
    "logged": ("the audit log holds the digest of this trace", "監査ログの記録とこの経過のダイジェストが一致"),
    "replayed_handoffs": (
        "decisions at hand-off that were taken again, too: {count}",
        "引渡し時の判断も再判断：{count}件",
    ),
    "differs": ("replayed: {count} fields differ from what was recorded", "再判断：{count}項目が記録と異なる"),
    "field": ("  {field}: recorded {recorded}, now {now}", "  {field}：記録 {recorded}、再判断 {now}"),
    "tampered": (
        "the trace is not the one that the audit log vouches for: {why}",
        "経過が監査ログの記録と一致しない：{why}",
    ),
    "damaged": ("the trace cannot be read: {why}", "経過を読み取れない：{why}"),
    "cannot": ("cannot be decided again: {why}", "再判断できない：{why}"),
    "trace_of_before": ("recorded before traces kept their facts", "事実を記録する前の版のため"),
    "nothing_known": ("nothing was known of the customer", "お客さまの情報がなかったため"),
    "erased": (
        "the customer was erased, and an experiment's variant depends on who it was",
        "お客さまの情報を消去したため（実験の割当てに必要）",
    ),
    "run": ("run {run}: {counts}", "実行 {run}：{counts}"),
    "count": ("{count} {verdict}", "{verdict} {count}件"),
    "verdict_agrees": ("agree", "一致"),
    "verdict_differs": ("differ", "不一致"),
    "verdict_tampered": ("are not what the log holds", "監査ログと不一致"),
    "verdict_damaged": ("cannot be read", "読取り不可"),
    "verdict_cannot": ("cannot be decided again", "再判断不可"),
}


NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "purpose": {
        "marketing": ("marketing", "広告配信の"), "e_delivery": ("e-delivery", "電子交付の"),
        "servicing": ("servicing", "ご案内の"), "transactional": ("transactional", "お取引通知の"),
        "regulatory": ("regulatory", "法定通知の"),
    },
    "receiver": {
        "guardian": ("a guardian", "後見人など法定の代理人"),
        "correspondence": ("the person named for correspondence", "郵便物等の受取人として登録された方"),
    },
    "action": {
        "submitted": ("submitted", "申請"), "approved": ("approved", "承認"), "rejected": ("rejected", "却下"),
        "withdrawn": ("withdrawn", "取下げ"), "commented": ("commented", "コメント"),
    },
}  # fmt: skip
"""Values of phrases that are codes, by the name of the value; one that is not listed stands as it is."""


def phrase(key: str, reader: str, /, **values: object) -> str:
    """A sentence in the reader's language, with its values filled in."""
    japanese = reader == "ja"
    for name, known in NAMES.items():
        if name in values:
            code = str(values[name])
            values[name] = known.get(code, (code, code))[japanese]
    return PHRASES[key][japanese].format(**values)


def channel_name(channel: str, language: str) -> str:
    """A channel as people call it; an unknown one by its id."""
    return CHANNELS.get(channel, (channel, channel))[language == "ja"]


def state_name(state: str, language: str) -> str:
    return STATES.get(state, (state, state))[language == "ja"]


def shown(moment: datetime, zone: str) -> str:
    """A time on the clock of `zone`, with the zone's short name: ``2026-03-09 08:00 JST``."""
    local = moment.astimezone(ZoneInfo(zone))
    return f"{local:%Y-%m-%d %H:%M} {local.tzname()}"


def day(moment: datetime, zone: str) -> str:
    """A date on the clock of `zone`."""
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d}"


def utc(moment: datetime | None) -> str:
    """A time in UTC, to the second; empty where there is none."""
    return "" if moment is None else moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")

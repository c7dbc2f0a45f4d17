"""The sentences of explanations, in English and Japanese."""

from __future__ import annotations

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
    "due": ("  goes out from {at}{why}", "  送信可能になる時刻 {at}{why}"),
    "due_held": (": {why} ({reason}){detail}", "：{why}（{reason}）{detail}"),
    "zones": ("{where}: {zones}", "{where}：{zones}"),
    "where": ("{where}", "{where}"),
    "consent_about": ("{purpose}", "{purpose}同意"),
    "consent_asked": ("{purpose}: {basis} {rules}", "{purpose}同意：{basis} {rules}"),
    "some_zones": ("{count} of them", "{count}地域"),
    "pause_end": ("until {at}", "{at}まで"),
    "not_at_once": ("other channels can be used sooner", "ほかの手段のほうが早く送れるため"),
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
    "consent_missing": ("{purpose} consent for {channel}: none on record", "{channel}の{purpose}同意：記録なし"),
    "asked_by": ("{basis} is asked for by rule {rule} ({source})", "規則 {rule} が {basis} を要求（{source}）"),
    "order": ("the customer's own order for {category}: {order}", "お客さまご希望の順（{category}）：{order}"),
    "default_order": ("the order of {communication}: {order} ({source})", "{communication}の順：{order}（{source}）"),
    "fallback": (
        "where no other channel can be used, {communication} goes by {channel} ({source})",
        "ほかの手段が使えない場合、{communication}は{channel}で送る（{source}）",
    ),
    "digest_always": (
        "{communication} is always told in the digest {digest} ({source})",
        "{communication}は常に{digest}にまとめて送る（{source}）",
    ),
    "digest_on_cap": (
        "where a cap is full, {communication} is told in the digest {digest} ({source})",
        "上限に達した場合、{communication}は{digest}にまとめて送る（{source}）",
    ),
    "status": ("the customer's status: {status}", "お客さまの状態：{status}"),
    "served": ("{communication} is for {served} ({source})", "{communication}の対象法域：{served}（{source}）"),
    "written": (
        "{communication} is written in {written} ({source})",
        "{communication}の文面の言語：{written}（{source}）",
    ),
    "experiment": (
        "experiment {experiment} holds out {count} in {total} ({source})",
        "実験 {experiment} では{total}分の{count}を比較対象とする（{source}）",
    ),
    "not_within": (
        "not within {days} days after {communication} ({source})",
        "{communication}の後 {days} 日間は送らない（{source}）",
    ),
    "expires": (
        "{communication} expires {hours} hours after it was decided ({source})",
        "{communication}の有効期限：判断から{hours}時間（{source}）",
    ),
    "preference": (
        "the customer's own preference for {category} on {channel}: {value}",
        "お客さまのご希望（{category}・{channel}）：{value}",
    ),
    "refused": ("no", "希望しない"),
    "paused_until": ("paused until {at}", "{at}まで休止"),
    "since": (" (since {at})", "（{at}から）"),
    "suppressed": ("{kind}, for {channel}, since {at}{until}", "{kind}（{channel}、{at}から{until}）"),
    "until": (", until {at}", "、{at}まで"),
    "until_after": (", until {at}: {days} days by {source}", "、{at}まで。{days}日間は{source}による"),
    "built_in": ("ccm's own default", "ccmの既定値"),
    "complaint": ("complaint {case}: opened {opened}{closed}", "苦情 {case}：受付 {opened}{closed}"),
    "closed": (", closed {at}", "、解決 {at}"),
    "cool_off": ("{days} days of peace after a complaint ({source})", "苦情解決後 {days} 日間は送信しない（{source}）"),
    "cap": ("cap {cap}: {limit} in {window}{kept} ({source})", "上限 {cap}：{window}に{limit}回{kept}（{source}）"),
    "cap_rule": (
        "limit of rule {cap}: {limit} in {window} ({source})",
        "規則 {cap} の上限：{window}に{limit}回（{source}）",
    ),
    "kept": (", {count} of them kept for what is more important", "、うち{count}回は優先度の高い通知のために確保"),
    "hours_long": ("{count} hours", "{count}時間"),
    "days_long": ("{count} days", "{count}日間"),
    "per": ("{per}", "{per}"),
    "filled": (
        "  taken by {communication} by {channel}, {at}{message}",
        "  該当：{communication}・{channel}、{at}{message}",
    ),
    "told_before": ("  {communication} by {channel}, {at}{message}", "  {communication}・{channel}、{at}{message}"),
    "filled_message": (" (message {message})", "（メッセージ {message}）"),
    "hours": (
        "quiet hours of {channel}: {week}, {zone} ({source})",
        "{channel}の送信停止時間帯：{week}、{zone}（{source}）",
    ),
    "hours_rule": (
        "quiet hours of rule {rule}: {week}, {zone} ({source})",
        "規則 {rule} の送信停止時間帯：{week}、{zone}（{source}）",
    ),
    "send_times": ("sent only {week}, {zone} ({source})", "送信時間：{week}、{zone}（{source}）"),
    "holidays": ("nothing is sent on public holidays ({source})", "祝日には送らない（{source}）"),
    "wished_hours": (
        "the customer's preferred hours for {category} on {channel}: {hours}",
        "お客さまご希望の時間帯（{category}・{channel}）：{hours}",
    ),
    "span": ("{start} to {end}", "{start}から{end}"),
    "comma": (", ", "、"),
    "on_days": ("{days} {spans}", "{days} {spans}"),
    "changed_since": (
        "settings have changed since: values are those of then, lines those of today",
        "設定はその後変更された（値は判断時、行番号は現在のもの）",
    ),
    # what would have to change
    "wait": (
        "it would go out by {channel} from {due} if it were decided at {at} or later; until then: {why}",
        "{at}以降の判断なら{channel}で{due}から送信（それまでは{why}）",
    ),
    "consent": (
        "the customer gave {purpose} consent for {channel} ({basis})",
        "お客さまから{channel}の{purpose}同意（{basis}）を得る",
    ),
    "allow": ("the customer allowed {category} by {channel}", "お客さまが{channel}での受取り（{category}）を希望する"),
    "unpause": (
        "the customer ended the pause of {category} by {channel}",
        "お客さまが{channel}での受取り（{category}）の休止を終える",
    ),
    "address": ("there were an address for {channel}", "{channel}の宛先が登録される"),
    "lift": ("{kind}, for {channel}, were lifted", "{kind}（{channel}）が解除される"),
    "rank": ("the customer ranked {channel}", "お客さまが{channel}を希望の手段に加える"),
    "proxy": (
        "{receiver}, who receives for the customer, were known and active",
        "代わりに受け取る方（{receiver}）が有効なお客さまとして登録される",
    ),
    "close_complaint": ("complaint {case} were closed", "苦情 {case} が解決する"),
    "zone": ("the customer's time zone were known", "お客さまの時間帯が分かる"),
    "serve_jurisdiction": (
        "communication.yaml listed jurisdiction {jurisdiction}",
        "communication.yamlに法域 {jurisdiction} を加える",
    ),
    "serve_language": ("it were written in {language}", "{language}の文面を用意する"),
    "no_expiry": ("it did not expire so soon", "有効期限が延びる"),
    "if": ("if {steps}: {result}", "{steps}場合：{result}"),
    "and": (" and ", "場合で、かつ"),
    "would_go": ("it would go by {channel}, from {due}", "{channel}で{due}から送信"),
    "nothing": (
        "nothing that ccm knows of: no time within 400 days, and no three changes together",
        "400日以内のいずれの時点でも、条件を3つまで同時に変えても、結果は同じ",
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

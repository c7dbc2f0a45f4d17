"""What people call the codes that explanations speak of, in English and Japanese."""

from __future__ import annotations

CHANNELS: dict[str, tuple[str, str]] = {
    "email": ("e-mail", "メール"),
    "sms": ("SMS", "SMS"),
    "letter": ("letter", "郵便"),
    "line": ("LINE", "LINE"),
    "whatsapp": ("WhatsApp", "WhatsApp"),
    "push": ("push notification", "プッシュ通知"),
    "social": ("social network", "SNS"),
    "inbox": ("secure inbox", "メッセージボックス"),
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
    "would_digest": ("would join a digest now", "今ならまとめて送信"),
    "would_withhold": ("would be withheld now", "今なら送信見送り"),
}
NAMES: dict[str, dict[str, tuple[str, str]]] = {
    "purpose": {
        "marketing": ("marketing", "広告配信の"), "e_delivery": ("e-delivery", "電子交付の"),
        "servicing": ("servicing", "ご案内の"), "transactional": ("transactional", "お取引通知の"),
        "regulatory": ("regulatory", "法定通知の"),
    },
    "basis": {
        "none": ("none", "なし"), "opt_out": ("opt-out", "オプトアウト"),
        "provided_contact": ("address given by the customer", "お客さまによる連絡先の提供"),
        "soft_opt_in": ("soft opt-in", "取引関係による同意"), "opt_in": ("opt-in", "オプトイン"),
        "double_opt_in": ("double opt-in", "ダブルオプトイン"),
        "opt_in_written": ("opt-in in writing", "書面による同意"),
        "e_sign": ("electronic signature", "電子署名"),
    },
    "category": {"*": ("everything", "すべてのお知らせ")},
    "kind": {
        "hard_bounce": ("the note that the address was refused", "恒久的な受信拒否の登録"),
        "invalid_contact_point": ("the note that the address is wrong", "宛先無効の登録"),
        "complaint": ("the report as unwanted", "迷惑メール報告の登録"),
        "opt_out": ("the entry in the list of those who opted out", "配信停止リストへの登録"),
        "bereavement": ("the note of a death in the family", "ご不幸による配慮の登録"),
        "vulnerable": ("the note of needing special care", "特別な配慮の登録"),
        "legal_hold": ("the legal hold", "法的な理由による連絡停止"),
        "do_not_contact": ("the ban on contact", "連絡停止の登録"),
    },
    "status": {"deceased": ("deceased", "ご逝去"), "closed": ("closed", "お取引終了")},
    "where": {
        "customer": ("the recipient's own zone", "受取人の時間帯"),
        "address": ("the zone of the address", "住所の時間帯"),
        "phone": ("the zone of the phone number", "電話番号の時間帯"),
        "country": ("all zones of the country", "その国のすべての時間帯"),
        "jurisdiction": ("all zones of the jurisdiction", "その法域のすべての時間帯"),
        "rule": ("the zone by which the rule holds", "規則を適用する時間帯"),
        "unknown": ("a zone that nobody knows", "時間帯不明"),
    },
    "per": {
        "day": ("a day of the calendar", "暦日1日"), "week": ("a week of the calendar", "暦週（月曜始まり）"),
        "month": ("a month of the calendar", "暦月"),
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

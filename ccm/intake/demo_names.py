"""Words of the invented bank's customers. Cities, zones and telephone area codes are real; people and streets are not.

E-mail names end in example.com or .example (RFC 2606). US numbers are 555-0100 to 555-0199, kept for fiction
(NANPA), UK ones 07700 900000 to 900999 (Ofcom, numbers for TV and radio drama). Japan keeps no such range: its
numbers here may be somebody's, one more reason why demo data must never meet a live supplier.
"""

from __future__ import annotations

from typing import NamedTuple


class City(NamedTuple):
    """A place customers live in."""

    city: str
    region: str
    postcode: str
    """With ``?`` for digits to be made up."""
    zone: str
    area_code: str = ""
    """Of a US telephone number."""


FAMILY_EN = (
    "Ashworth", "Bellweather", "Carrow", "D'Arcy", "Eastgate", "Fairbairn", "Greenhalgh", "Hollis", "Iverson",
    "Jessop", "Kessler", "Lockwood", "MacAllister", "Nightingale", "O'Callaghan", "Pemberton", "Quill", "Rosenthal",
    "Søndergaard", "Tremblay", "Underhill", "Vásquez", "Whitlock", "Yarrow", "Zielińska", "Brontë-Fenwick",
    "Featherstonehaugh-Cholmondeley", "van der Meulen", "St. John", "Ng",
)  # fmt: skip
GIVEN_EN = (
    "Amelia", "Benedict", "Chloë", "Dominic", "Eleanor", "Françoise", "Gareth", "Harriet", "Imogen", "Jürgen",
    "Keziah", "Leopold", "Maeve", "Nathaniel", "Ottilie", "Percival", "Rhiannon", "Siân", "Thaddeus", "Una",
    "Vivienne", "Wilfred", "Xavier", "Yolanda", "Zoë", "Mary-Kate", "Al",
)  # fmt: skip
FAMILY_JA = (
    "浅川", "石動", "上原", "榎本", "大槻", "神崎", "北条", "黒木", "香坂", "小鳥遊", "桜庭", "白石", "菅野", "瀬戸",
    "髙梨", "橘", "渡邉", "渡邊", "𠮷野", "﨑山", "德田", "葛󠄀西", "邉見", "齋藤", "勅使河原", "東海林", "長谷部",
    "二階堂", "早乙女", "桧山",
)  # fmt: skip
GIVEN_JA = (
    "葵", "一郎", "詩織", "恵美子", "修", "和樹", "希美", "健太", "沙耶", "翔", "誠", "千尋", "翼", "直樹", "凪", "遥",
    "ひなた", "文乃", "真央", "光希", "結衣", "陽翔", "芳恵", "凜", "瑠璃子", "サクラ", "龍之介", "めぐみ",
)  # fmt: skip
STREETS_EN = ("Alder Lane", "Beacon Hill Road", "Copperfield Street", "Dovecote Close", "Elder Row", "Foxglove Avenue",
              "Granary Wharf", "Hinoki Way", "Juniper Court", "Kingfisher Drive")  # fmt: skip
SECOND_LINES_EN = ("Flat 2", "Apt 14B", "Unit 7", "The Old Granary")
STREETS_JA = ("桧町", "緑ケ丘", "若葉台", "本町", "栄町", "桜木", "青葉台", "美園", "朝日町", "千歳")
SECOND_LINES_JA = ("ひのき荘203号", "グリーンハイツ105", "コーポ若葉 2-B")
CITIES = {
    "US": (
        City("Portland", "OR", "972??", "America/Los_Angeles", "503"),
        City("Tucson", "AZ", "857??", "America/Phoenix", "520"),
        City("Boulder", "CO", "803??", "America/Denver", "303"),
        City("Madison", "WI", "537??", "America/Chicago", "608"),
        City("Savannah", "GA", "314??", "America/New_York", "912"),
        City("Honolulu", "HI", "968??", "Pacific/Honolulu", "808"),
    ),
    # The second half of a real postcode never holds C, I, K, M, O or V, so none of these exists.
    "GB": (
        City("Leeds", "", "LS? ?CV", "Europe/London"),
        City("Bristol", "", "BS? ?KO", "Europe/London"),
        City("Cardiff", "", "CF1? ?MC", "Europe/London"),
        City("Glasgow", "", "G? ?VI", "Europe/London"),
        City("Norwich", "", "NR? ?IK", "Europe/London"),
    ),
    "JP": (
        City("札幌市北区", "北海道", "001-0???", "Asia/Tokyo"),
        City("仙台市青葉区", "宮城県", "980-0???", "Asia/Tokyo"),
        City("横浜市中区", "神奈川県", "231-0???", "Asia/Tokyo"),
        City("名古屋市千種区", "愛知県", "464-0???", "Asia/Tokyo"),
        City("京都市左京区", "京都府", "606-8???", "Asia/Tokyo"),
        City("福岡市中央区", "福岡県", "810-0???", "Asia/Tokyo"),
    ),
}
SPENDING_EN = (
    "Groceries", "Card payment", "Bookshop", "Rail ticket", "Cash withdrawal", "Electricity", "Water", "Pharmacy",
    "Restaurant", "Mobile phone", "Gym membership", "Cinema", "Petrol", "Insurance premium", "Transfer out",
)  # fmt: skip
SPENDING_JA = (
    "カード利用", "スーパー", "書店", "定期券", "ATM出金", "電気料金", "水道料金", "ドラッグストア", "飲食店",
    "携帯電話料金", "ガス料金", "映画館", "駐車場", "保険料", "振込",
)  # fmt: skip
PAYEES_EN = (
    "Juniper Market",
    "Northern Lights Energy",
    "Copper Kettle Café",
    "",
    "",
    "Fenwick & Daughters",
    "Hill Rail",
)
PAYEES_JA = ("みどりマート", "北風電力", "喫茶こもれび", "", "", "文殊書房", "山手交通")

"""What a behaviour's fields mean, in Chinese; the settings classes hold the English."""

TITLES: dict[str, str] = {
    "What counts": "哪些目标算数",
    "Lowest score of a box that counts": "算数的目标框的最低置信度",
    "Lowest box height, share of the frame's": "目标框的最低高度，占画面高度的比例",
    "Armed at start; the hub can arm and disarm": "启动时布防；县级中枢可布防、撤防",
    "How long it must be inside": "须在区域内停留多久",
    "An absence up to this long does not end the stay": "离开不超过这么久仍算停留",
    "How long the same person must be inside": "同一人须在区域内停留多久",
    "How many at least": "至少多少人",
    "How long there must be so many": "人数须持续多久",
    "Fewer for up to this long do not end the crowd": "人数不足不超过这么久仍算聚集",
    "How long it must be alone": "须独自停留多久",
    "Who may lead it": "谁可以是牵引人",
    "How near, in widths of the person's box": "多近算在旁边，以人的目标框宽度计",
    "Unseen for up to so long it still stands there, unless it was seen to leave": (
        "看不见不超过这么久仍算停在原处，除非看到它离开"
    ),
    "How long it must stand": "须停放多久",
    "What it is made of": "由哪些物品组成",
    "Who keeps it": "谁是摊主",
    "Left alone for longer it is no stall": "无人照看超过这么久就不算摊点",
    "How long its owner must be away": "主人须离开多久",
    "Who may own it": "谁可以是主人",
    "How long they must lie": "须倒地多久",
    "Unseen or not lying for up to so long they still lie there": (
        "看不见或未躺着不超过这么久仍算倒地"
    ),
    "The while that is judged": "判断所看的时间段",
    "Share of its frames that must show it": "其中须出现烟火的画面比例",
    "How many must show it at least": "至少多少帧画面出现烟火",
    "Unseen for up to so long it still burns": "看不见不超过这么久仍算在燃烧",
}


def title_zh(english: str) -> str:
    """The Chinese of ``english``; itself where there is none."""
    return TITLES.get(english, english)

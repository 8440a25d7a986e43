"""Why a device drops frames, pictures and messages, with cause and fix in zh and en.

``CameraHealth.drops`` and ``Tombstone.cause`` hold the codes; ``edge-agent watch`` and ``doctor``
take the words from here. Most drops are as they should be, and their fix says so.
"""

import re

from linli_contract.faults import FAULTS, FaultText

DROPS: dict[str, FaultText] = {
    # frames of a camera
    "newest_wins": FaultText(
        "新画面到达时，前一帧还未处理",
        "a newer frame came before this one was looked at",
        "属正常：只看最新画面；若推理帧率太低，减少摄像头或换更快的模型",
        "as it should be: the newest counts; where too few are inferred, take fewer cameras or a"
        " faster model",
    ),
    "no_turn": FaultText(
        "等待推理期间到了更新的画面",
        "a newer frame came while this one waited for its turn at the detector",
        "属正常：各摄像头轮流使用加速器；若推理帧率太低，减少摄像头或换更快的模型",
        "as it should be: cameras share the detector in turn; where too few are inferred, take"
        " fewer cameras or a faster model",
    ),
    "replay": FaultText(
        "恢复解码时补看的画面，每秒只取几帧",
        "of what waited undecoded only a few frames a second are looked at",
        "属正常：摄像头从静止中恢复",
        "as it should be: the camera wakes from its rest",
    ),
    "decode_error": FaultText(
        "画面数据损坏，无法解码",
        "a frame was damaged and could not be decoded",
        "检查网线和信号；UDP 改为 transport: tcp；降低码率",
        "check cable and signal; set transport: tcp instead of udp; lower the camera's bit rate",
    ),
    "model_failed": FaultText(
        "检测器没有给出结果",
        "the detector gave no answer for it",
        FAULTS["model_failed"].fix_zh,
        FAULTS["model_failed"].fix_en,
    ),
    "privacy_failed": FaultText(
        "隐私区域无法遮挡，画面被丢弃",
        "its privacy areas could not be painted",
        FAULTS["privacy_failed"].fix_zh,
        FAULTS["privacy_failed"].fix_en,
    ),
    # pictures
    "picture_withheld": FaultText(
        "图片无法脱敏，没有随事件发送",
        "a picture could not be made private; its event went without",
        FAULTS["privacy_failed"].fix_zh,
        FAULTS["privacy_failed"].fix_en,
    ),
    "evidence_stream": FaultText(
        "主码流没有及时给出图片，改用检测码流",
        "the main stream gave no picture in time; one of the watched stream went instead",
        FAULTS["evidence_stream"].fix_zh,
        FAULTS["evidence_stream"].fix_en,
    ),
    "pictures_full": FaultText(
        "待发图片超过上限",
        "more pictures waited than may be kept",
        "恢复与县级中枢的连接，或增大 outbox.max_pictures",
        "bring the connection to the hub back, or raise outbox.max_pictures",
    ),
    "picture_file_missing": FaultText(
        "待发图片的文件不见了",
        "the file of a waiting picture is gone",
        "检查存储卡是否损坏，不要清理 data_dir",
        "check the memory card, and delete nothing in data_dir",
    ),
    "picture_refused": FAULTS["picture_refused"],
    # what waited for the hub
    "outbox_full": FaultText(
        "待发队列已满",
        "the outbox was full",
        FAULTS["outbox_full"].fix_zh,
        FAULTS["outbox_full"].fix_en,
    ),
    "too_old": FaultText(
        "等待上报的时间超过上限",
        "it waited for the hub for longer than may be",
        "恢复与县级中枢的连接，或增大 outbox.max_age",
        "bring the connection to the hub back, or raise outbox.max_age",
    ),
}


def explain_drop(cause: str, count: int, lang: str) -> str:
    """What was dropped ``count`` times and what to do, in ``zh`` or ``en``; an unknown code as it
    is.

    >>> explain_drop("too_old", 3, "en")[:58]
    'too_old 3: it waited for the hub for longer than may be: b'
    """
    words = DROPS.get(re.sub(r"_\d+$", "", cause))  # picture_refused_422: with the hub's HTTP code
    if words is None:
        return f"{cause} {count}"
    if lang == "zh":
        return f"{cause} {count}：{words.zh}：{words.fix_zh}"
    return f"{cause} {count}: {words.en}: {words.fix_en}"

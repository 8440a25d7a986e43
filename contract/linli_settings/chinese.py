"""What is said of a wrong configuration, in Chinese.

The English phrase is the key, as in gettext: the code that finds a mistake says it once. ``{}``
stands for what varies; it is put into the Chinese phrase in the same order, or by number.
"""

import re
from functools import cache
from typing import NamedTuple

PHRASES: dict[str, str] = {
    # any file
    "a readable UTF-8 YAML file": "可读的 UTF-8 YAML 文件",
    "a readable UTF-8 CSV file": "可读的 UTF-8 CSV 文件",
    "a readable file": "可读的文件",
    "valid YAML": "正确的 YAML",
    "valid YAML: {}": "正确的 YAML：{}",
    "look at this line and the one above it": "检查这一行和上一行",
    "settings": "配置内容",
    "an empty file": "空文件",
    "keys and values": "键和值",
    "one key: value a line": "每行写一个“键: 值”",
    "a list": "列表",
    "begin each item with '- '": "每一项以“- ”开头",
    "a value": "一个值",
    "nothing": "未填",
    "none": "没有",
    "no keys": "没有任何键",
    "the keys {}": "键 {}",
    "(hidden)": "（已隐藏）",
    "add {}": "请写入 {}",
    "a known key": "已知的键",
    "remove it": "请删除",
    "did you mean {}?": "是否想写 {}？",
    "each key once": "每个键只出现一次",
    "each name once": "每个名称只用一次",
    "each {} name once; more than once: {}": "每个 {} 名称只用一次；重复的有：{}",
    "each year once; more than once: {}": "每个年份只写一次；重复的有：{}",
    "{} has it already": "{} 已使用该名称",
    "a second one": "重复出现",
    "at least one": "至少一个",
    "No such file or directory": "没有此文件或文件夹",
    "{}: No such file or directory": "{}：没有此文件或文件夹",
    "[Errno 2] No such file or directory: {}": "没有此文件或文件夹：{}",
    "Permission denied": "没有读取权限",
    "{}: Permission denied": "{}：没有读取权限",
    "[Errno 13] Permission denied: {}": "没有读取权限：{}",
    "[Errno 21] Is a directory: {}": "这是文件夹：{}",
    # values
    "one of {}": "{} 之一",
    "put it in quotes": "请加引号",
    "put it in quotes: {}": "请加引号：{}",
    "a text": "文本",
    "a whole number": "整数",
    "a text of the pattern {}": "符合格式 {} 的文字",
    "a key that is text": "文字的键",
    "put it in quotes: YAML reads on, off, yes and no as true and false": (
        "请加引号：YAML 把 on、off、yes、no 读作真和假"
    ),
    "a number": "数字",
    "true or false": "true 或 false",
    "at least {}": "不小于 {}",
    "at most {}": "不大于 {}",
    "greater than {}": "大于 {}",
    "less than {}": "小于 {}",
    "a duration with a unit ({})": "带单位的时长（{}）",
    "a duration such as {}, with one of the units {}": "时长，例如 {}，单位为 {}",
    "a size with a unit ({})": "带单位的大小（{}）",
    "a size such as {}, with one of the units {}": "大小，例如 {}，单位为 {}",
    "a percentage with a unit ({})": "带百分号的比例（{}）",
    "a percentage such as {}, with one of the units {}": "比例，例如 {}，单位为 {}",
    "a duration up to 60s": "不超过 60s 的时长",
    "a percentage of at most 100%": "不超过 100% 的比例",
    "a name of 1-64 letters, digits, '_', '.' or '-'": "1–64 个字母、数字、“_”、“.”或“-”组成的名称",
    # secrets
    "a reference to a secret, file:/path or env:NAME (the secret itself never stands here)": (
        "密码的引用：file:/路径 或 env:变量名（密码本身绝不写在这里）"
    ),
    "a secret": "密码或令牌",
    "a secret's file": "存放密码的文件",
    "chmod 600 {}": "运行 chmod 600 {}",
    "set {}": "请设置环境变量 {}",
    "a file only its owner reads": "只有所有者可读的文件",
    # connections
    "an address such as https://hub.county, without user and password": (
        "地址，例如 https://hub.county，不含用户名和密码"
    ),
    "cert and key together": "cert 和 key 同时给出",
    "a username beside the password": "有密码时也要有用户名",
    # cameras
    "an address such as rtsp://10.0.0.8/ch1": "地址，例如 rtsp://10.0.0.8/ch1",
    "an address without user and password: they go to username and password": (
        "不含用户名和密码的地址：它们写在 username 和 password"
    ),
    "a user name without ':'": "不含“:”的用户名",
    "a picture size such as 1280x720": "画面尺寸，例如 1280x720",
    "either detector or detectors": "detector 和 detectors 只写一个",
    "one of the cameras {}": "摄像头 {} 之一",
    "a camera": "一个摄像头",
    "a picture": "一帧画面",
    # cameras that do not open
    "rtsp://{}: {}": "rtsp://{}：{}",
    "rtsps://{}: {}": "rtsps://{}：{}",
    "{} is damaged": "{} 已损坏",
    "{} is no video that can be decoded": "{} 不是能解码的视频",
    "{} is no device node": "{} 不是设备文件",
    "{}:{} does not answer within {} s": "{}:{} 在 {} 秒内没有应答",
    "{}:{} cannot be reached: {}": "连接不到 {}:{}：{}",
    "Connection refused": "连接被拒绝",
    "No route to host": "没有到该主机的路由",
    "Network is unreachable": "网络不可达",
    "{}:{} answers, but the stream cannot be opened": "{}:{} 有应答，但码流打不开",
    "the camera wants a username and a password": "摄像头需要用户名和密码",
    "the camera refuses this username or password": "摄像头拒绝了该用户名或密码",
    "the camera has no such stream: check the path": "摄像头没有这路码流：请检查路径",
    "the camera answers, but gives no video by {}": "摄像头有应答，但不以 {} 给出视频",
    "what answers there speaks no RTSP": "该处的应答不是 RTSP",
    "the camera answers with RTSP status {}": "摄像头的应答为 RTSP 状态 {}",
    "no picture within {} s": "{} 秒内没有画面",
    "{}; this decoder knows {}": "{}；本解码器只有 {}",
    # detectors
    "one of the detectors {}": "检测器 {} 之一",
    "a detector": "一个检测器",
    "add it to detectors, or name one that is there": "写入 detectors，或改用已有的检测器",
    "a model of the catalogue ({}) or a file": "目录中的模型（{}）或模型文件",
    "edge-agent models list shows them": "运行 edge-agent models list 查看",
    "a model that is here and is what the catalogue says": "本机已有且与目录一致的模型",
    "there is no file {}": "没有文件 {}",
    "{} is not on this machine: run `{}`": "本机没有 {}：请运行 `{}`",
    "labels that the detector {} gives ({})": "检测器 {} 能给出的类别（{}）",
    "take another model, or another label": "换一个模型，或换一个类别",
    # zones and lines
    "a polygon as a list of [x, y] points": "多边形：[x, y] 顶点的列表",
    "a polygon of at least 3 distinct points; distinct here: {}": (
        "至少有 3 个不同顶点的多边形；这里不同的有：{}"
    ),
    "a polygon of at most {} points; this one has {}": "最多 {} 个顶点的多边形；这里有 {} 个",
    "a polygon whose outline does not cross itself; the edges after points {} and {} meet": (
        "边界不自相交的多边形；第 {} 点和第 {} 点之后的两条边相交"
    ),
    "a line as two [x, y] points": "线：两个 [x, y] 点",
    "a line of two distinct points": "两端不同的线",
    "point {} as [x, y], fractions 0-1 of the frame's width and height": (
        "第 {} 点写作 [x, y]，为画面宽、高的 0–1"
    ),
    "point {} as [x, y], fractions 0-1 of the frame's width and height; it is {}": (
        "第 {} 点写作 [x, y]，为画面宽、高的 0–1；这里是 {}"
    ),
    "point {} as [x, y], fractions 0-1 of the frame's width and height; it has {}": (
        "第 {} 点写作 [x, y]，为画面宽、高的 0–1；这里有 {}"
    ),
    # schedules and holidays
    "a time of day in quotes, such as '22:00'": "带引号的时刻，例如 '22:00'",
    "a time of day from '00:00' to '24:00'": "'00:00' 到 '24:00' 的时刻",
    "a time zone such as {}": "时区，例如 {}",
    "from and to at two times; a whole day is '00:00' to '24:00'": (
        "from 和 to 为不同时刻；全天写作 '00:00' 到 '24:00'"
    ),
    "from before '24:00'; the next day begins at '00:00'": (
        "from 早于 '24:00'；次日从 '00:00' 开始"
    ),
    "ignore, for want of a holiday file": "ignore，因为没有节假日文件",
    "name the file with the year's holidays in holidays:": "在 holidays: 写明当年节假日的文件",
    "a last day not before {}": "不早于 {} 的最后一天",
    "make-up workdays on a Saturday or Sunday; {} is neither": "调休上班日为周六或周日；{} 不是",
    "a day either off or worked; {} is both": "一天或放假或上班；{} 两者都有",
    "days of {} only; {} is not": "只写 {} 年的日期；{} 不是",
    "the holidays of {}": "{} 年的节假日",
    "a file without them": "文件中没有",
    "copy the year's notice into it": "把当年的放假通知写入该文件",
    # sensors
    "two numbers": "两个数字",
    "finite numbers": "有限的数字",
    "offsets from 0 that grow": "从 0 开始递增的时间",
    "metric: one of {}": "metric：{} 之一",
    "unit {} for metric {}": "指标 {1} 的单位为 {0}",
    "range [low, high] with low < high": "range [低, 高]，低 < 高",
    "scale: a number other than 0": "scale：不为 0 的数字",
    "counter or offset": "counter 和 offset 只写一个",
    "both: the growth of a meter has no offset": "两者都有：累计表的增量没有偏移",
    "derive {} from a sensor of {}": "{} 由测量 {} 的传感器换算",
    "of {}": "测量 {} 的",
    "each metric once in a sensor; more than once: {}": (
        "一个传感器中每个指标只用一次；重复的有：{}"
    ),
    "metrics pm2_5 and pm10": "指标 pm2_5 和 pm10",
    "topic: a path without + and #": "topic：不含 + 和 # 的路径",
    "each register name once; more than once: {}": "每个寄存器名称只用一次；重复的有：{}",
    "one named {}": "名为 {} 的一个",
    # a clip and its truth
    "a file of comma-separated rows": "每行以逗号分隔的文件",
    "at least one row": "至少一行",
    "frame from 1, id, left, top, width, height as numbers, the box not empty": (
        "数字：从 1 开始的帧号、编号、左、上、宽、高，框不为空"
    ),
    "frames per second above 0": "大于 0 的每秒帧数",
    "a duration from 0s to 10s": "0s 到 10s 的时长",
    # a configuration wished from afar
    "change it in the device's file and start the agent again": "请在设备的文件中修改并重启代理",
    "it is the device's identity: {}": "它是设备的身份：{}",
    "it holds what is not yet delivered: {}": "其中有尚未上报的内容：{}",
    "a wrong one would cut the device off, and it names credentials: {}": (
        "写错会使设备失联，其中还有凭据：{}"
    ),
    "its bounds hold from the start on: {}": "其上限自启动时生效：{}",
    "it holds from the start on: {}": "自启动时生效：{}",
    "it is a file of the device: {}": "它是设备上的文件：{}",
    "how pictures are made private is decided at the device: {}": "图片如何脱敏由设备决定：{}",
    "it bounds what may be done from afar: {}": "它限定可以远程做什么：{}",
    "its port is opened at the start: {}": "其端口在启动时打开：{}",
    "a secret that the device's file gives to the same host": "设备文件中给同一主机的密码",
    "a program or file that the device's file names": "设备文件中写明的程序或文件",
    "put the secret on the device and name it in its file": "请把密码放到设备上，并在其文件中写明",
    "a {} that stands once": "只出现一次的 {}",
    "two of them": "出现两次",
    "an object, or null to take it away": "一个对象，或用 null 删除",
    # the outbox
    "the outbox of {}": "{} 的待发队列",
    "give this device its own data_dir, or name it as before": (
        "给本设备单独的 data_dir，或恢复原来的名称"
    ),
    "install the program that wrote it, or a newer one": "安装写入它的程序版本或更新的版本",
}


class _Phrase(NamedTuple):
    english: re.Pattern[str]
    chinese: str


@cache
def _phrases() -> tuple[_Phrase, ...]:
    """Those that begin with a word of their own first, and of these the ones with more words:
    ``one of the cameras {}`` before ``one of {}``."""
    keys = sorted(PHRASES, key=lambda key: (key.startswith("{}"), -len(key.replace("{}", ""))))
    return tuple(
        _Phrase(re.compile(re.escape(key).replace(r"\{\}", "(.+?)"), re.DOTALL), PHRASES[key])
        for key in keys
    )


def in_chinese(text: str) -> str:
    """``text`` in Chinese; as it is where it holds no phrase that is known.

    >>> in_chinese("at least 3")
    '不小于 3'
    """
    for phrase in _phrases():
        if found := phrase.english.fullmatch(text):
            return phrase.chinese.format(*map(in_chinese, found.groups()))
    return text

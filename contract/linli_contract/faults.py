"""Fault codes of a device, with cause and fix in zh and en.

``Health.faults`` and ``CameraHealth.fault`` hold ``code`` or ``code: detail``; whoever shows them
(the hub's device page, ``edge-agent doctor``) takes the words from here. The detail holds names
and numbers only, never a credential.
"""

from typing import NamedTuple


class FaultText(NamedTuple):
    """What is wrong and what to do, for a technician."""

    zh: str
    en: str
    fix_zh: str
    fix_en: str


FAULTS: dict[str, FaultText] = {
    "broker_unreachable": FaultText(
        "连接不到消息服务器",
        "the broker cannot be reached",
        "检查网线、broker.host 和 broker.port",
        "check the cable, broker.host and broker.port",
    ),
    "broker_tls": FaultText(
        "消息服务器的证书未通过验证",
        "the broker's certificate is not accepted",
        "检查 broker.tls 的证书、本机时间和 broker.host 的名称",
        "check the files in broker.tls, this device's clock and the name in broker.host",
    ),
    "broker_credentials": FaultText(
        "消息服务器拒绝了用户名或密码",
        "the broker refuses the user name or password",
        "检查 broker.username 和 broker.password，或重新登记本设备",
        "check broker.username and broker.password, or enrol this device again",
    ),
    "broker_not_authorised": FaultText(
        "消息服务器不允许本设备连接",
        "the broker does not let this device connect",
        "在消息服务器上登记 broker.username，或检查设备名 device",
        "give broker.username an account at the broker, or check the device's name",
    ),
    "broker_protocol": FaultText(
        "消息服务器不支持所设的 MQTT 版本",
        "the broker does not speak the MQTT version in broker.protocol",
        '把 broker.protocol 改为 "3.1.1" 或 "5"',
        'set broker.protocol to "3.1.1" or "5", whichever the broker speaks',
    ),
    "broker_refused": FaultText(
        "消息服务器拒绝连接",
        "the broker refuses the connection",
        "查看消息服务器的日志",
        "look into the broker's log",
    ),
    "broker_closed": FaultText(
        "消息服务器在应答之前关闭了连接",
        "the broker closed the connection before it answered",
        "它可能不支持 broker.protocol 的版本，或该端口需要 broker.tls",
        "it may not speak the version in broker.protocol, or the port may want broker.tls",
    ),
    "broker_no_answer": FaultText(
        "消息服务器接受了连接，但没有应答",
        "the broker takes the connection but does not answer",
        "它可能不支持 broker.protocol 的版本，或该端口不是 MQTT 端口",
        "it may not speak the version in broker.protocol, or the port may not be MQTT's",
    ),
    "broker_lost": FaultText(
        "与消息服务器的连接中断，正在重连",
        "the connection to the broker broke; it is tried again",
        "若反复出现，检查网络和消息服务器的日志",
        "if it returns, check the network and the broker's log",
    ),
    "broker_unsteady": FaultText(
        "与消息服务器的连接反复中断",
        "the connection to the broker breaks again and again",
        "可能有另一台设备使用相同的 device 名称；否则检查网络",
        "another client may use this device's name; else check the network",
    ),
    "broker_taken_over": FaultText(
        "另一台设备使用了相同的设备名",
        "another client connects under this device's name",
        "每台设备使用自己的 device 名称",
        "give every device its own name in device",
    ),
    "publish_refused": FaultText(
        "消息服务器的权限表拒绝本设备发布",
        "the broker's access list refuses what this device publishes",
        "允许该账号写 linli/v1/<county>/<device>/#；检查 county 和 device",
        "let the account write linli/v1/<county>/<device>/#; check county and device",
    ),
    "subscribe_refused": FaultText(
        "消息服务器的权限表拒绝本设备订阅",
        "the broker's access list refuses what this device subscribes to",
        "允许该账号读 linli/v1/<county>/<device>/#；检查 county 和 device",
        "let the account read linli/v1/<county>/<device>/#; check county and device",
    ),
    "hub_silent": FaultText(
        "县级中枢没有确认收到消息",
        "the hub does not confirm what was sent",
        "检查中枢是否在运行；MQTT 3.1.1 下权限拒绝也表现为此",
        "check that the hub runs; on MQTT 3.1.1 a refusal by the access list looks like this too",
    ),
    "hub_unreachable": FaultText(
        "图片无法送达县级中枢",
        "pictures cannot reach the hub",
        "检查 hub.url 和网络",
        "check hub.url and the network",
    ),
    "hub_token": FaultText(
        "县级中枢拒绝了本设备的令牌",
        "the hub refuses this device's token",
        "检查 hub.token，或重新登记本设备",
        "check hub.token, or enrol this device again",
    ),
    "picture_refused": FaultText(
        "县级中枢拒绝了一张图片",
        "the hub refused a picture",
        "检查存储卡是否损坏，并查看中枢的日志",
        "check the memory card, and look into the hub's log",
    ),
    "outbox_write": FaultText(
        "待发队列无法写入",
        "the outbox cannot be written",
        "检查磁盘空间和 data_dir 的权限；存储卡可能损坏",
        "check the free space and the rights of data_dir; the memory card may be worn out",
    ),
    "outbox_full": FaultText(
        "待发队列已满，丢弃了最旧的数据",
        "the outbox is full and drops its oldest data",
        "恢复与县级中枢的连接，或增大 outbox.max_size",
        "bring the connection to the hub back, or raise outbox.max_size",
    ),
    "clock_not_set": FaultText(
        "本机时间尚未校准",
        "this device's clock is not set",
        "检查 NTP 服务器或网络",
        "check the time server or the network",
    ),
    "clock_ahead": FaultText(
        "本机时间比县级中枢快",
        "this device's clock is ahead of the hub's",
        "检查 NTP 服务器、时区和硬件时钟",
        "check the time server, the time zone and the hardware clock",
    ),
    "messages_missing": FaultText(
        "有消息没有到达县级中枢，也没有声明丢弃",
        "messages did not reach the hub, and the device did not say that it dropped them",
        "检查存储卡是否更换或损坏，以及是否有两台设备使用同一名称",
        "see whether the card was replaced or is damaged, or two devices use one name",
    ),
    "disk_low": FaultText(
        "磁盘空间不足",
        "little disk space is left",
        "清理磁盘或换大卡",
        "free some, or fit a larger card",
    ),
    "too_hot": FaultText(
        "设备温度过高", "the device is too hot", "检查散热片和风扇", "check heat sink and fan"
    ),
    "throttled": FaultText(
        "处理器被降频",
        "the processor is slowed down",
        "检查电源是否足够（欠压），以及散热",
        "check the power supply (under-voltage) and the cooling",
    ),
    "decoder_hung": FaultText(
        "摄像头解码停住，已单独重启",
        "the camera's decoder hung and was started again by itself",
        "若反复出现，检查摄像头的固件和网络",
        "if it returns, check the camera's firmware and the network",
    ),
    "inference_hung": FaultText(
        "推理停住，已换用新的实例",
        "inference hung; a new instance took over",
        "若反复出现，检查加速器及其驱动",
        "if it returns, check the accelerator and its driver",
    ),
    "stalled": FaultText(
        "程序的一个部分停住了，即将由系统重启",
        "a part of the program makes no progress; the system will start it again",
        "查看日志",
        "look into the log",
    ),
    "twin_refused": FaultText(
        "保存的远程配置与配置文件不符，未采用",
        "the kept remote configuration does not fit the file any more and is not used",
        "在县级中枢重新下发配置",
        "send the configuration again from the hub",
    ),
    "metrics_failed": FaultText(
        "指标端口无法打开",
        "the metrics port cannot be opened",
        "检查 metrics.port 是否已被占用",
        "check whether metrics.port is taken",
    ),
    "cannot_open": FaultText(
        "摄像头打不开",
        "the camera cannot be opened",
        "检查地址、用户名、密码和网线",
        "check address, user name, password and cable",
    ),
    "no_frames": FaultText(
        "摄像头没有画面",
        "the camera gives no picture",
        "检查摄像头电源，并重启摄像头",
        "check the camera's power, and start it again",
    ),
    "ended": FaultText(
        "视频文件已播完",
        "the video file has ended",
        "需要循环播放时设 loop: true",
        "set loop: true to repeat it",
    ),
    "decoder_unavailable": FaultText(
        "设定的硬件解码不可用",
        "the hardware decoder that is set cannot be used",
        "把该摄像头的 hwaccel 改为 none，或安装相应驱动",
        "set the camera's hwaccel to none, or install the chip's driver",
    ),
    "picture_frozen": FaultText(
        "画面静止不变",
        "the picture is frozen",
        "重启摄像头",
        "start the camera again",
    ),
    "picture_black": FaultText(
        "画面全黑",
        "the picture is black",
        "检查镜头盖、红外灯和照明",
        "check the lens cap, the infrared lamp and the light",
    ),
    "picture_covered": FaultText(
        "镜头被遮挡",
        "the lens is covered",
        "到现场清除遮挡物或擦净镜头",
        "remove what covers it, or clean the lens",
    ),
    "picture_moved": FaultText(
        "摄像头被移动",
        "the camera was moved",
        "恢复原来的角度；或重新绘制区域后重启 edge-agent",
        "turn it back; or draw the zones anew and start edge-agent again",
    ),
    "evidence_stream": FaultText(
        "主码流取图失败，证据图来自检测码流",
        "the main stream gives no picture; evidence comes from the detection stream",
        "检查 cameras.evidence_source 的地址和密码",
        "check address and password of cameras.evidence_source",
    ),
    "model_failed": FaultText(
        "模型无法加载或运行",
        "the model cannot be loaded or run",
        "运行 edge-agent models verify",
        "run edge-agent models verify",
    ),
    "privacy_failed": FaultText(
        "隐私遮挡无法执行，画面已停用",
        "a picture cannot be masked; it is withheld",
        "运行 edge-agent models verify face，并检查 cameras.privacy 的多边形",
        "run edge-agent models verify face, and check the polygons in cameras.privacy",
    ),
    "tracking_failed": FaultText(
        "跟踪出错",
        "tracking fails",
        "查看日志，并重启 edge-agent",
        "look into the log, and start again",
    ),
    "behaviour_failed": FaultText(
        "行为判断出错",
        "a behaviour fails",
        "查看日志，并检查 cameras.zones",
        "look into the log, and check cameras.zones",
    ),
    "holidays_unknown": FaultText(
        "缺少当年的节假日安排，布防时段暂按星期执行",
        "the year's holidays are not known; schedules go by the day of the week meanwhile",
        "把当年放假通知写入 holidays 指定的文件",
        "copy the year's notice into the file named in holidays",
    ),
    "picture_failed": FaultText(
        "图片无法生成",
        "a picture cannot be made",
        "检查磁盘空间和 data_dir 的权限",
        "check the free space and the rights of data_dir",
    ),
    "opencv_missing": FaultText(
        "OpenCV 无法使用",
        "OpenCV cannot be used",
        "重新安装：pip install 'linli[edge]'，且只装一个 OpenCV",
        "install again: pip install 'linli[edge]', with one OpenCV only",
    ),
    "opencv_library": FaultText(
        "OpenCV 缺少系统库",
        "OpenCV lacks a library of the system",
        "在没有桌面的设备上改装 opencv-python-headless，"
        "或运行 sudo apt install libgl1 libglib2.0-0",
        "without a desktop install opencv-python-headless instead, or run"
        " sudo apt install libgl1 libglib2.0-0",
    ),
    "outbox_failed": FaultText(
        "事件无法写入待发队列",
        "an event cannot be kept in the outbox",
        "检查磁盘空间和 data_dir 的权限",
        "check the free space and the rights of data_dir",
    ),
    "flow_failed": FaultText(
        "摄像头处理流程出错",
        "the camera's flow fails",
        "查看日志，并重启 edge-agent",
        "look into the log, and start edge-agent again",
    ),
    "sensor_failed": FaultText(
        "传感器读不到数据",
        "a sensor gives no value",
        "检查接线和传感器设置",
        "check its wiring and its settings",
    ),
    "sensor_missing": FaultText(
        "找不到传感器",
        "a sensor is not there",
        "检查接线、电源、驱动和传感器的地址设置",
        "check its wiring, its power, its driver and its address in the settings",
    ),
    "sensor_busy": FaultText(
        "传感器的线路被另一个程序占用",
        "another program holds the sensor's line",
        "停止该程序；若正是运行中的 edge-agent，则一切正常",
        "stop it; if it is the running edge-agent itself, all is well",
    ),
    "sensor_silent": FaultText(
        "传感器没有应答",
        "a sensor does not answer",
        "检查电源和接线；Modbus 还要检查站号和波特率，节点检查无线网络",
        "check power and wiring; of Modbus also station and baud, of a node its radio",
    ),
    "sensor_garbled": FaultText(
        "传感器的数据有误",
        "a sensor's data is damaged",
        "检查接线、屏蔽和终端电阻，并核对型号",
        "check wiring, shield and terminating resistor, and that the model is the one set",
    ),
    "sensor_refused": FaultText(
        "传感器拒绝读取寄存器",
        "a sensor refuses to give a register",
        "按厂家说明核对寄存器表",
        "compare the register map with the vendor's sheet",
    ),
    "sensor_broker": FaultText(
        "无法从本机的节点消息服务器取得数据",
        "the broker of the nodes on this device gives no data",
        "检查本机 Mosquitto 是否在运行，以及 sensors.broker 的账号",
        "check that Mosquitto runs on this device, and the account in sensors.broker",
    ),
    "sensor_stuck": FaultText(
        "传感器的数值长时间不变",
        "a sensor's value has not changed for too long",
        "清洁或更换传感器；若属正常，增大 stuck_after",
        "clean or replace it; if that is normal, raise stuck_after",
    ),
    "sensor_state": FaultText(
        "传感器的累计值无法保存或读取",
        "a sensor's sums cannot be kept, or those of before cannot be read",
        "检查磁盘空间和 data_dir 的权限；存储卡可能损坏",
        "check the free space and the rights of data_dir; the memory card may be worn out",
    ),
    "part_failed": FaultText(
        "程序的一个部分出错",
        "a part of the program failed",
        "查看日志，并重启 edge-agent",
        "look into the log, and start edge-agent again",
    ),
}


def fault(code: str, detail: str = "") -> str:
    """``code`` or ``code: detail``.

    Raises:
        KeyError: the code is not in ``FAULTS``.
    """
    FAULTS[code]  # every code a device may report has words
    return f"{code}: {detail}" if detail else code


def explain(text: str, lang: str) -> str:
    """Cause and fix of ``code`` or ``code: detail`` in ``zh`` or ``en``; an unknown code as it is.

    >>> explain("disk_low: 12 MB", "en")
    'little disk space is left (12 MB): free some, or fit a larger card'
    """
    code, _, detail = text.partition(": ")
    if code not in FAULTS:
        return text
    words = FAULTS[code]
    cause, fix = (words.zh, words.fix_zh) if lang == "zh" else (words.en, words.fix_en)
    mark = "：" if lang == "zh" else ": "
    return f"{cause} ({detail}){mark}{fix}" if detail else f"{cause}{mark}{fix}"

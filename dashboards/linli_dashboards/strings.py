"""The words on the screen, in Chinese and English."""

from typing import Literal, NamedTuple

from linli_contract.event_types import EVENT_TYPES, Colour

Lang = Literal["zh", "en"]


class Words(NamedTuple):
    zh: str
    en: str

    def to(self, lang: Lang) -> str:
        """The word in ``lang``."""
        return self.zh if lang == "zh" else self.en


WORDS: dict[str, Words] = {
    "overview": Words("邻里 · 县域总览", "Linli · county overview"),
    "reported_today": Words("今日上报", "Reported today"),
    "handling": Words("处置中", "Being handled"),
    "on_time_closure_rate": Words("按期结案率", "On-time closure rate"),
    "overdue": Words("超期", "Overdue"),
    "devices_online_rate": Words("设备在线率", "Devices online"),
    "map": Words("未结案件分布", "Open incidents on the map"),
    "observations": Words("事件趋势", "Events over time"),
    "readings": Words("传感器读数（最高值）", "Sensor readings (highest)"),
    "handling_trend": Words("处置中趋势", "Being handled, over time"),
    "feed": Words("实时动态", "Live feed"),
    "ranking": Words("网格排名（处置中）", "Grids by incidents being handled"),
    "county": Words("县", "County"),
    "town": Words("乡镇/街道", "Town"),
    "community": Words("社区/村", "Community"),
    "grid": Words("网格", "Grid"),
    "time": Words("时间", "Time"),
    "number": Words("案件号", "Incident"),
    "type": Words("类型", "Type"),
    "colour": Words("等级", "Level"),
    "state": Words("状态", "State"),
}

STATES: dict[str, Words] = {
    "reported": Words("已上报", "Reported"),
    "pending_verify": Words("待核实", "To verify"),
    "pending_register": Words("待立案", "To register"),
    "pending_dispatch": Words("待派遣", "To dispatch"),
    "pending_handle": Words("待签收", "To acknowledge"),
    "handling": Words("处置中", "Being handled"),
    "handle_finish": Words("已处置", "Handled"),
    "pending_check": Words("待核查", "To check"),
    "closed": Words("已结案", "Closed"),
    "returned": Words("已回退", "Returned"),
    "not_accepted": Words("已作废", "Void"),
    "suspended": Words("已挂起", "Suspended"),
}

FINAL_STATES = ("closed", "not_accepted")

LEVELS: dict[Colour, Words] = {
    Colour.BLUE: Words("蓝色", "Blue"),
    Colour.YELLOW: Words("黄色", "Yellow"),
    Colour.ORANGE: Words("橙色", "Orange"),
    Colour.RED: Words("红色", "Red"),
}

TYPES: dict[str, Words] = {row.name: Words(row.zh, row.en) for row in EVENT_TYPES.values()}

METRICS: dict[str, Words] = {
    "gas_lel": Words("燃气 %LEL", "Gas %LEL"),
    "co": Words("一氧化碳 ppm", "CO ppm"),
    "water_depth": Words("积水 cm", "Water cm"),
    "laeq_10min": Words("噪声 dB(A)", "Noise dB(A)"),
    "aqi_1h": Words("空气质量指数", "AQI"),
    "pm2_5": Words("细颗粒物 µg/m³", "PM2.5 µg/m³"),
    "temperature": Words("气温 °C", "Temperature °C"),
    "fill": Words("垃圾满溢 %", "Bin fill %"),
    "tilt": Words("井盖倾角 °", "Cover tilt °"),
    "rain_3h": Words("3 小时雨量 mm", "Rain 3 h mm"),
}
"""Metrics of the rules and the demo; another one shows under its own name."""

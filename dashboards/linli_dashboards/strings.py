"""The words on the screen, in Chinese and English."""

from typing import Literal, NamedTuple

from linli_contract.event_types import EVENT_TYPES, Colour
from linli_contract.metrics import METRICS as UNITS

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

_METRICS: dict[str, Words] = {
    "smoke": Words("烟雾", "Smoke"),
    "gas_lel": Words("燃气", "Gas"),
    "co": Words("一氧化碳", "CO"),
    "co2": Words("二氧化碳", "CO2"),
    "water_depth": Words("积水", "Water"),
    "rain": Words("雨量", "Rain"),
    "rain_3h": Words("3 小时雨量", "Rain, 3 h"),
    "rain_6h": Words("6 小时雨量", "Rain, 6 h"),
    "rain_12h": Words("12 小时雨量", "Rain, 12 h"),
    "noise": Words("噪声", "Noise"),
    "laeq_10min": Words("10 分钟等效声级", "LAeq, 10 min"),
    "pm2_5": Words("细颗粒物", "PM2.5"),
    "pm10": Words("可吸入颗粒物", "PM10"),
    "aqi_1h": Words("空气质量指数", "Air quality"),
    "temperature": Words("气温", "Temperature"),
    "humidity": Words("湿度", "Humidity"),
    "wind_speed": Words("风速", "Wind"),
    "tilt": Words("井盖倾角", "Cover tilt"),
    "fill": Words("垃圾满溢", "Bin fill"),
    "water_meter": Words("水表", "Water meter"),
    "voltage": Words("电压", "Voltage"),
}
METRICS: dict[str, Words] = {
    name: Words(f"{_METRICS[name].zh} {unit}", f"{_METRICS[name].en} {unit}")
    for name, unit in UNITS.items()
}
"""What sensors measure, with its unit; a metric of the contract without words fails the build."""

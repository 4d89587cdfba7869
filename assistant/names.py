"""Whether a word names one place, body or person, for which no other can stand.

The tagger's lexicon takes 城市, 新建, 幼儿园 and 扎根 for places and 戴眼镜 for a person: in questions on other speeches, more
words than names. So a place is a well-known one or says what it is (某某县), a body says what it is, and a person has a
surname of one character and a given name of two.
"""

import re

from assistant.text import tagged

_PLACES = frozenset(
    # Provinces, and cities that are spoken of without 市.
    "北京 天津 上海 重庆 河北 山西 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北 湖南 广东 海南 四川 贵州 云南 陕西 甘肃 青海 "
    "台湾 内蒙古 广西 西藏 宁夏 新疆 香港 澳门 深圳 广州 南京 杭州 武汉 成都 西安 苏州 沈阳 大连 青岛 厦门 哈尔滨 长春 济南 郑州 长沙 福州 "
    "合肥 昆明 南宁 贵阳 兰州 太原 石家庄 南昌 海口 三亚 乌鲁木齐 拉萨 银川 西宁 呼和浩特 宁波 无锡 雄安 浦东 中南海 延安 井冈山 "
    # Regions and waters.
    "东北 华北 华东 华南 华中 西北 西南 京津冀 长三角 珠三角 大湾区 长江 黄河 珠江 淮河 太湖 南海 东海 黄海 渤海 亚洲 欧洲 非洲 美洲 北美 "
    "南美 拉美 大洋洲 亚太 东亚 东南亚 中亚 南亚 东非 北非 中东 欧盟 太平洋 大西洋 印度洋 "
    # Countries, which the tagger does not always know for places.
    "日本 韩国 朝鲜 蒙古 俄罗斯 印度 巴基斯坦 孟加拉 斯里兰卡 尼泊尔 缅甸 越南 老挝 柬埔寨 马来西亚 新加坡 印度尼西亚 印尼 菲律宾 哈萨克斯坦 "
    "乌兹别克斯坦 伊朗 伊拉克 以色列 沙特 叙利亚 土耳其 埃及 南非 尼日利亚 肯尼亚 埃塞俄比亚 阿尔及利亚 摩洛哥 坦桑尼亚 欧美 意大利 西班牙 葡萄牙 "
    "荷兰 比利时 瑞士 瑞典 挪威 芬兰 丹麦 波兰 乌克兰 希腊 匈牙利 奥地利 捷克 爱尔兰 加拿大 墨西哥 巴西 阿根廷 智利 秘鲁 古巴 澳大利亚 新西兰 "
    "美国 英国 法国 德国 泰国 英美 中美 中欧 中日 中俄".split()
)
_PLACE = re.compile(r"^..+(?:[省市县州镇乡村盟旗]|自治区|半岛|群岛|海峡)$")
_BODY = re.compile(
    r"(?:组织|联盟|集团|公司|中心|大学|学院|研究[院所]|协会|学会|联合会|委员会|理事会|安理会|联合国|共产党|[部局厅署]|法院|检察院|政治局|国务院|卫健委|发改委|证监会)$"
)
_GENERIC = re.compile(
    "^(?:[本全各某两几].?[省市县州镇乡村]|[大中小].?城市|.农村|边境县|贫困[县村]|城中村|自治[县州]|老城市"
    "|全会|代会|大会|中央|党委|政府|(?:人民)?法院|(?:人民)?检察院|机关|集团|公司|中心|大学|学院|协会|委员会|党组织|有关部门|公安局|财政厅)$"
)
"""Places and bodies of which there are many: 边境县, 哪一次中央全会."""
_SURNAMES = frozenset(
    "赵钱孙李周吴郑王冯陈褚卫蒋沈韩杨朱秦尤许何吕施张孔曹严华金魏陶姜戚谢邹喻苏潘葛范彭郎鲁韦马苗方俞任袁柳史唐费廉岑薛雷贺倪汤罗毕郝安常乐"
    "于傅齐康伍余元顾孟黄穆萧尹姚邵汪祁毛米戴宋庞熊纪舒项祝董梁杜阮蓝闵席季贾江童郭梅林钟徐邱骆高夏蔡田樊胡凌霍万柯卢莫房丁邓洪包石崔龚程"
    "裴陆翁侯段焦牧武刘景龙叶黎薄白易温庄晏柴习关欧聂曾沙"
)


def is_name(word: str, tag: str) -> bool:
    """Return whether a word in normal form, with the tagger's part of speech, names one place, body or person."""
    if word in _PLACES:
        return True
    if tag in ("ns", "nt"):
        return bool(_PLACE.search(word) or _BODY.search(word)) and not _GENERIC.search(word)
    return tag in ("nr", "nrfg") and len(word) == 3 and word[0] in _SURNAMES and not _is_thing(word[1:])


def _is_thing(given: str) -> bool:
    """Whether the tagger takes a given name for a thing: 眼镜."""
    return [tag for _, tag in tagged(given)] == ["n"]

"""Sentences that no model was trained on, and questions that they answer, or nearly answer."""

PARKING, SPORT, RIVER, CLINIC, WAGES, MUSEUM = SENTENCES = [
    "全市今年新建停车位一万二千个，老旧小区优先安排。",
    "中小学生每天在校体育活动时间不少于两小时。",
    "河道两岸一百米以内不得新建养殖场。",
    "村卫生室要配齐常用药品，让群众看病不出村。",
    "对拖欠工人工资的企业，列入失信名单并公开曝光。",
    "博物馆周一闭馆，其余六天免费开放。",
]

NEARLY = [
    (PARKING, "今年新建多少停车位？", "新建停车位花了多少钱？"),
    (SPORT, "学生每天在校锻炼多长时间？", "体育老师每周上几节课？"),
    (RIVER, "河边多大范围内不许新建养殖场？", "违规建养殖场罚多少钱？"),
    (CLINIC, "村卫生室要做到什么？", "村医一个月工资多少？"),
    (WAGES, "拖欠工资的企业会受到什么处理？", "去年有多少企业拖欠工资？"),
    (MUSEUM, "博物馆哪天不开门？", "博物馆几点开门？"),
]
"""A sentence, a question that it answers, and one that it nearly answers."""

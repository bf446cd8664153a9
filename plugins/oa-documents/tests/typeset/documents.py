"""Documents for these tests, written for them."""

import datetime as dt
from dataclasses import replace

from oa_documents.seal import seal_picture
from oa_documents.typeset import OfficialDocument, typeset

from .page import Pages

OFFICE = "云岭市人民政府办公室"
DAY = dt.date(2026, 3, 9)

#: of the shape of the yearly notice on holidays: a reason, run-in topics with dates, a last request
HOLIDAYS = (
    "经市政府同意，根据《云岭市政务服务条例》，自2026年4月1日起，市、县两级政务服务大厅实行错时延时服务，其中工作日午间延时服务"
    "2小时，双休日上午照常开放（如逢法定节假日则顺延至节后第一个双休日）。为方便群众办事，现将各大厅开放时间的具体安排通知如下。\n"
    "一、市政务服务大厅：周一至周五8:30至18:00开放，周六9:00至12:00开放，共6天。\n"
    "二、不动产登记大厅：周一（法定节假日除外）至周五开放，共5天。4月4日（周六）、4月26日（周日）上班。\n"
    "三、公积金服务大厅：4月1日（周三）至30日（周四）试行，不调休。\n"
    "各单位要妥善安排好值班和安全、保卫工作，遇有重大突发事件，要按规定及时报告并妥善处置，确保群众办事顺畅。"
)
LEVELS = (
    "为改进窗口作风，提高办事效率，现就有关事项通知如下。\n一、检查范围\n（一）市、县两级政务服务中心。检查期间对外服务的全部窗口都在检查之列。\n"
    "1. 首问负责制度落实情况。\n（1）窗口人员挂牌上岗情况。\n二、工作要求\n各单位要高度重视，12月20日前报送自查情况。"
)
NOTICE = OfficialDocument(
    title=f"{OFFICE}关于市县两级政务服务大厅开放时间安排的通知", body=HOLIDAYS, mark=f"{OFFICE}文件", number="云政办发〔2026〕12号",
    addressees=["各县（市、区）人民政府", "市政府各部门、各直属机构"], signature=OFFICE, date=DAY,
    cc=["市委办公室", "市人大常委会办公室", "市政协办公室"], printer=OFFICE, print_date=DAY, sealed=True,
    seal_picture=seal_picture(OFFICE),
)
UPWARD = replace(NOTICE, format="upward", kind="请示", title=f"{OFFICE}关于建设政务服务档案库房的请示",
                 addressees=["省人民政府办公厅"], signatory="高明德", note="联系人：林晓燕，电话：0888-1234567")
LETTER = replace(NOTICE, format="letter", kind="函", mark=OFFICE, title="关于商请共享政务服务数据的函", number="云政办函〔2026〕7号",
                 addressees=["市大数据局"])
ORDER = replace(NOTICE, format="order", kind="命令", mark=f"{OFFICE}令", number="第12号", title="", addressees=[], cc=[], printer="")
MINUTES = replace(NOTICE, format="minutes", kind="纪要", mark=f"{OFFICE}会议纪要", title="政务服务工作专题会议纪要", addressees=[],
                  attendance={"出席": ["高明德", "林晓燕"], "请假": ["周文"], "列席": ["吴敏"]})
HAN = "市县政务服务中心窗口作风检查工作安排"


def han(count):
    """So many characters without punctuation."""
    return (HAN * (count // len(HAN) + 1))[:count]


_made = {}


def made(document):
    """(Pages, Typeset) of a document, typeset once."""
    key = repr(document)
    if key not in _made:
        result = typeset(document)
        _made[key] = (Pages(result.pdf), result)
    return _made[key]


def pages(document):
    return made(document)[0]


__all__ = ["DAY", "HAN", "HOLIDAYS", "LETTER", "LEVELS", "MINUTES", "NOTICE", "OFFICE", "ORDER", "UPWARD", "han", "made",
           "pages", "replace"]

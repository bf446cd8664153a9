"""The fifteen kinds of official documents (文种) of the 2012 regulation, art. 8, and what each needs."""

from __future__ import annotations

from dataclasses import dataclass

from oa_kernel.errors import Invalid

#: formats of GB/T 9704-2012 by their names here
FORMATS = {"general": "一般格式（下行文、平行文）", "upward": "一般格式（上行文）", "letter": "信函格式",
           "order": "命令（令）格式", "minutes": "纪要格式"}

URGENCIES = ("", "加急", "特急")


@dataclass(frozen=True)
class Kind:
    """One 文种. ``addressees`` is ``one`` (exactly one 主送机关), ``some`` (at least one) or ``none`` (optional)."""

    name: str
    formats: tuple[str, ...]
    purpose: str
    addressees: str = "some"
    #: what it needs, said to who drafts it
    needs: tuple[str, ...] = ()
    #: text to start from; ``……`` is to be filled in
    title: str = ""
    body: str = ""

    @property
    def format(self) -> str:
        """The format it usually has."""
        return self.formats[0]


def _k(name: str, formats: str, purpose: str, addressees: str = "some", needs: tuple[str, ...] = (),
       title: str = "", body: str = "") -> Kind:
    return Kind(name, tuple(formats.split()), purpose, addressees, needs, title or f"关于……的{name}", body)


_ALL = (
    _k("通知", "general letter", "发布、传达要求下级机关执行和有关单位周知或者执行的事项，批转、转发公文",
       needs=("主送机关：要求执行或者周知的单位", "缘由和依据写在开头，用“现将有关事项通知如下”转入事项",
              "事项分条写明做什么、谁来做、何时完成", "结尾写执行要求，不另写客套话"),
       body="为……，根据……，现将有关事项通知如下。\n一、总体要求\n……\n二、主要任务\n（一）……。……\n（二）……。……\n"
            "三、工作要求\n……"),
    _k("函", "letter general", "不相隶属机关之间商洽工作、询问和答复问题、请求批准和答复审批事项",
       needs=("主送机关：对方单位，一般只写一个", "一函一事；商洽、询问的事项写具体",
              "复函先引来函的标题和文号", "结语用“请予函复”“特此函复”等"),
       body="你单位《关于……的函》（……〔2026〕1号）收悉。经研究，现函复如下。\n一、……\n二、……\n特此函复。"),
    _k("请示", "upward", "向上级机关请求指示、批准", "one",
       needs=("只写一个主送机关，不抄送下级机关", "一文一事，不得在一件请示里请求两件事",
              "标明签发人，附注写联系人和电话", "结语用“妥否，请批示”，不写进报告"),
       body="为……，根据……，拟……。现将有关情况请示如下。\n一、基本情况\n……\n二、请示事项\n……\n三、理由和依据\n……\n妥否，请批示。"),
    _k("报告", "upward", "向上级机关汇报工作、反映情况，回复上级机关的询问",
       needs=("主送机关：上级机关", "标明签发人", "不得夹带请示事项；需要批准的另行请示", "结语用“特此报告”"),
       body="根据……要求，现将……情况报告如下。\n一、工作开展情况\n（一）……。……\n二、存在的问题\n……\n三、下一步安排\n……\n特此报告。"),
    _k("纪要", "minutes", "记载会议主要情况和议定事项", "none",
       needs=("写明会议时间、地点、主持人和出席、请假、列席人员", "议定事项分条写，每条写明责任单位和时限",
              "不写主送机关，分送单位写在版记"),
       title="……会议纪要",
       body="2026年……月……日，……主持召开会议，研究……。现将会议议定事项纪要如下。\n一、关于……\n会议指出，……。会议议定，由……牵头，于……前完成。\n"
            "二、关于……\n会议议定，……。"),
    _k("决议", "general", "会议讨论通过的重大决策事项", "none",
       needs=("题下写明通过的会议和日期", "写会议审议了什么、决定了什么，不写主送机关", "结尾写号召或要求"),
       title="……关于……的决议",
       body="……会议审议了……。会议认为，……。会议决定，……。\n一、……\n二、……\n会议要求，……。"),
    _k("决定", "general", "对重要事项作出决策和部署、奖惩有关单位和人员、变更或者撤销下级机关不适当的决定事项", "none",
       needs=("先写依据和目的，用“现决定如下”转入事项", "奖惩决定写明事实、依据和奖惩内容", "普发的可以不写主送机关"),
       body="为……，根据……，现决定如下。\n一、……\n二、……\n本决定自……起施行。"),
    _k("命令", "order", "公布行政法规和规章、宣布施行重大强制性措施、批准授予和晋升衔级、嘉奖有关单位和人员", "none",
       needs=("标志是“发文机关名称＋令”，令号写“第×号”", "写明所公布的内容、通过的会议和日期、施行日期",
              "由签发人署职务和签名，不写主送机关"),
       title="……令", body="《……》已经……年……月……日……会议通过，现予公布，自……年……月……日起施行。"),
    _k("公报", "general", "公布重要决定或者重大事项", "none",
       needs=("公开发布，不写主送机关，不标密级", "写明会议或事项的时间、内容和结果"), title="……公报",
       body="……于……年……月……日在……召开。\n一、……\n二、……"),
    _k("公告", "general", "向国内外宣布重要事项或者法定事项", "none",
       needs=("公开发布，不写主送机关、抄送机关，不标密级", "写明依据、事项和施行日期", "结语用“现予公告”或“特此公告”"),
       body="根据……，现将……公告如下。\n一、……\n二、……\n特此公告。"),
    _k("通告", "general", "在一定范围内公布应当遵守或者周知的事项", "none",
       needs=("公开发布，不写主送机关，不标密级", "写明适用范围、应当遵守的事项、起止时间和违反的后果", "结语用“特此通告”"),
       body="为……，根据……，现将有关事项通告如下。\n一、……\n二、……\n本通告自……起施行。特此通告。"),
    _k("意见", "general upward", "对重要问题提出见解和处理办法",
       needs=("上行的按上行文格式，标明签发人；下行的写明执行要求", "先写目的和依据，用“现提出如下意见”转入"),
       body="为……，根据……，现提出如下意见。\n一、总体要求\n……\n二、主要措施\n（一）……。……\n三、组织实施\n……"),
    _k("通报", "general", "表彰先进、批评错误、传达重要精神和告知重要情况",
       needs=("事实、时间、地点写准确，评价有分寸", "表彰和批评要写明决定，最后写要求", "涉及个人的只写必要的信息"),
       body="……。现将有关情况通报如下。\n一、基本情况\n……\n二、处理决定\n……\n三、工作要求\n……"),
    _k("批复", "general letter", "答复下级机关请示事项", "one",
       needs=("主送请示的机关，只写一个", "开头引来文的标题和文号", "态度明确：同意、原则同意或者不同意"),
       body="你单位《关于……的请示》（……〔2026〕1号）收悉。现批复如下。\n一、……\n二、……\n此复。"),
    _k("议案", "general", "各级人民政府按照法律程序向同级人民代表大会或者人民代表大会常务委员会提请审议事项", "one",
       needs=("主送同级人民代表大会或者它的常务委员会", "一案一事，写明案由、依据和方案", "结语用“请予审议”"),
       title="关于提请审议……的议案",
       body="为……，根据……，拟定了《……》。该草案已经……年……月……日……会议讨论通过，现提请审议。\n一、……的必要性\n……\n二、主要内容\n……\n请予审议。"),
)

KINDS: dict[str, Kind] = {kind.name: kind for kind in _ALL}
_ALIASES = {"命令(令)": "命令", "命令（令）": "命令", "令": "命令", "会议纪要": "纪要"}


def get(name: str) -> Kind:
    """The kind by its name; raises Invalid naming those there are."""
    found = KINDS.get(_ALIASES.get(name, name))
    if found is None:
        reason = f"没有“{name}”这个文种。可用：{'、'.join(KINDS)}"
        raise Invalid(reason, errors={"kind": [reason]})
    return found

"""Sentences of headquarters' money: bank statements, deposits, months, the morning list."""

from agent.core.sentences_sync import office_sentence

SENTENCES = {
    "period.no_month": office_sentence(
        "这不是月份", "This is no month", "{text};写成 2026-10。", "{text}; like 2026-10."
    ),
    "period.entity_unknown": office_sentence(
        "没有这个公司",
        "No store belongs to this company",
        "{entity};用 storebox-hq store change --entity 设定。",
        "{entity}; storebox-hq store change --entity sets it.",
    ),
    "period.not_over": office_sentence(
        "这个月还没过完", "The month is not over", "{month} 过完才能结账。", "{month} can be closed once it is over."
    ),
    "period.closed_already": office_sentence(
        "这个月已经结账",
        "The month is closed already",
        "{entity} {month};什么也没变。",
        "{entity} {month}; nothing changed.",
    ),
    "period.not_closed": office_sentence(
        "这个月没有结账", "The month is not closed", "{entity} {month} 还开着。", "{entity} {month} is open."
    ),
    "period.not_asked": office_sentence(
        "还没有人申请反结账",
        "Nobody asked to reopen the month",
        "先由一个人申请 {entity} {month},再由另一个人批准。",
        "One person asks for {entity} {month}, then another one approves.",
    ),
    "bank.mapping_missing": office_sentence(
        "没有这个银行的列对照",
        "There is no mapping of that name",
        "需要文件 {file};照 config/bank/statement.toml 写。",
        "The file {file} is needed; config/bank/statement.toml shows how.",
    ),
    "bank.mapping_wrong": office_sentence(
        "列对照写错了", "The mapping is wrong", "{file}:{reason}", "{file}: {reason}"
    ),
    "bank.bad_account": office_sentence(
        "账号看不懂",
        "The account can't be read",
        "{text};在对照里用 constants.account 写明。",
        "{text}; name it in the mapping, as constants.account.",
    ),
    "bank.line_unknown": office_sentence(
        "没有这笔流水", "No such bank line", "{line};见 storebox-hq bank list。", "{line}; see storebox-hq bank list."
    ),
    "bank.line_taken": office_sentence(
        "这笔流水已经用掉了",
        "The line pays something already",
        "看新的情况再选;要改用 storebox-hq bank assign。",
        "See how it stands now; storebox-hq bank assign changes it all the same.",
    ),
    "bank.book_changed": office_sentence(
        "银行流水被人改过",
        "Bank lines were changed",
        "{book} 的 {place} 和导入时不同;用备份核对。",
        "{place} of {book} differs from its import; compare with a backup.",
    ),
    "bank.bad_place": office_sentence(
        "流水不能归到这里",
        "A bank line can't belong there",
        "{text};写 @平台:商户号、cash 或 other。",
        "{text}; @platform:merchant, cash or other.",
    ),
    "deposit.unknown": office_sentence(
        "没有这张缴款单",
        "No such deposit slip",
        "{reference};清单见 storebox-hq bank deposits。",
        "{reference}; see storebox-hq bank deposits.",
    ),
    "deposit.exists": office_sentence(
        "这张缴款单已经登记",
        "The slip was declared already",
        "{store} {reference};金额或日期不同,请核对。",
        "{store} {reference}, with another amount or day; look at both.",
    ),
    "deposit.bad_slip": office_sentence(
        "缴款单填错了",
        "The deposit slip is wrong",
        "单号不能有空格,金额要大于零。",
        "Its reference has no blanks, its amount is more than nothing.",
    ),
}

"""Sentences of headquarters' persons: logging in, rights, the second person."""

from agent.core.sentences_sync import office_sentence

SENTENCES = {
    "person.bad_name": office_sentence(
        "名字不能用", "This name can't be used", "1 到 40 个看得见的字。", "1 to 40 visible characters."
    ),
    "person.bad_role": office_sentence(
        "没有这个角色", "No such role", "{role};可用的:{known}。", "{role}; known: {known}."
    ),
    "person.exists": office_sentence(
        "这个人已经有了", "The person exists already", "{name};换一个名字。", "{name}; choose another name."
    ),
    "person.unknown": office_sentence(
        "没有这个人",
        "No such person",
        "{name};名单见 storebox-hq person list。",
        "{name}; see storebox-hq person list.",
    ),
    "person.bad_password": office_sentence(
        "密码太短或太好猜",
        "The password is too short or too easy",
        "{shortest} 到 {longest} 位,不能就是名字。",
        "{shortest} to {longest} characters, and not the name.",
    ),
    "person.wrong_password": office_sentence(
        "名字或密码不对", "Name or password is wrong", "再输一次;忘了请主管重置。", "Type again, or have it reset."
    ),
    "person.locked": office_sentence(
        "输错太多次,先等一等", "Too many wrong guesses", "{wait_s} 秒后再试。", "Try again in {wait_s} s."
    ),
    "person.log_in": office_sentence(
        "请先登录", "Please log in", "登录已过期或还没登录。", "Not logged in, or no longer."
    ),
    "person.change_password": office_sentence(
        "先改掉初始密码", "Change the first password", "改完就能用。", "Everything works once it is changed."
    ),
    "person.may_not": office_sentence(
        "您没有这个权限", "You may not do this", "{role} 不能 {act};请主管来做。", "{role} may not {act}; ask who may."
    ),
    "person.passwords_differ": office_sentence(
        "两次输的新密码不一样", "The new passwords differ", "再输一次。", "Type the new one twice again."
    ),
    "person.same_password": office_sentence(
        "新密码和现在的一样", "The new password is the present one", "换一个。", "Choose another."
    ),
    "person.not_yours": office_sentence(
        "这个人不归您管",
        "This is not yours to manage",
        "只能管权限和门店都不超过自己的人,也不能管自己。",
        "Only whose rights and stores are within your own, and never yourself.",
    ),
    "box.reason_missing": office_sentence(
        "请写明停用的原因",
        "Write down the reason",
        "{shortest} 到 {longest} 个字。",
        "{shortest} to {longest} characters.",
    ),
    "box.revoked_already": office_sentence(
        "这个盒子已经停用了", "The box is out of use already", "{store} 第 {epoch} 期。", "{store}, epoch {epoch}."
    ),
    "page.too_many_requests": office_sentence(
        "操作太快了", "Too many requests", "{retry_after_s} 秒后再试。", "Try again in {retry_after_s} s."
    ),
    "person.not_oneself": office_sentence(
        "要另一个人来批准", "Another person must approve", "自己不能批自己的。", "Nobody approves himself."
    ),
    "difference.unknown": office_sentence(
        "没有这条差异",
        "No such difference",
        "{difference};清单见差异页。",
        "{difference}; see the page of differences.",
    ),
    "difference.wrong_state": office_sentence(
        "这条差异现在不能这样办",
        "Not possible for this difference now",
        "它现在:{standing}。先看经过。",
        "It stands at: {standing}. See its history first.",
    ),
    "difference.changed_meanwhile": office_sentence(
        "刚才有人动过这条",
        "Somebody has just changed it",
        "看一眼新的情况再办。",
        "See how it stands now, then do it again.",
    ),
    "difference.reason_missing": office_sentence(
        "请写明原因", "Write down the reason", "{shortest} 到 {longest} 个字。", "{shortest} to {longest} characters."
    ),
    "difference.bad_settlement": office_sentence(
        "没有这种处理方式", "No such settlement", "可选:{known}。", "Known: {known}."
    ),
    "difference.assign_first": office_sentence(
        "先分给一家店,再按认领了结",
        "Assign it to a store first",
        "还不知道是哪家店的钱。",
        "Nobody has said which store the money belongs to.",
    ),
    "difference.not_theirs": office_sentence(
        "这个人办不了这条",
        "This person can't settle it",
        "{name} 没有处理的权限,或看不到这家店。",
        "{name} has no right to settle, or does not see the store.",
    ),
    "difference.not_proposed": office_sentence(
        "没有等批准的处理", "Nothing waits for approval", "先由一个人提出处理。", "Somebody must settle it first."
    ),
    "difference.book_changed": office_sentence(
        "差异和记录对不上",
        "A difference is not as it was noted",
        "{book} 的 {place} 被改过;从备份恢复,再查谁动过数据库。",
        "{place} of {book} was changed; restore a backup and find who changed the database.",
    ),
    "difference.bad_limits": office_sentence(
        "差异的限额设置不对",
        "The limits of differences are wrong",
        "改 {file}:{reason}。",
        "Correct {file}: {reason}.",
    ),
}

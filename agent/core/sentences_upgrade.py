"""Sentences for releases and upgrades. The shop goes on with the old release in every case: they say so first.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en.
"""

Texts = tuple[str, str, str, str, str, str]

_GOES_ON_ZH = "店里照常收银,用的还是原来的版本,账一条不少。"
_GOES_ON_EN = "The shop trades on with the release that it had, and no entry is missing."
_WAITS_ZH = "收银不受影响。等空下来盒子自己会换,不用守着。"
_WAITS_EN = "Selling is not affected. The box changes by itself in a quiet moment; nobody has to wait for it."
_NEW_STICK_ZH = "请总部重发升级包;U盘重新拷一份再用 storebox upgrade import。"
_NEW_STICK_EN = "Ask HQ for the bundle again; copy it to the stick anew, then storebox upgrade import."
_NOT_OURS_ZH = "别再用这个升级包,告诉总部它从哪里来。用 storebox release verify 可以再看一次。"
_NOT_OURS_EN = "Do not use this bundle again; tell HQ where it came from. storebox release verify looks once more."
_REPORT_ZH = "把诊断包发给总部:storebox bundle;经过看 storebox upgrade status。"
_REPORT_EN = "Send a bundle to HQ: storebox bundle; storebox upgrade status tells what happened."
_ROOT_ZH = "请技术员用 root 再做一次。"
_ROOT_EN = "Do it again as root."


def _kept(zh: str, en: str, remedy: tuple[str, str] = (_NEW_STICK_ZH, _NEW_STICK_EN)) -> Texts:
    return (zh, _GOES_ON_ZH, en, _GOES_ON_EN, *remedy)


def _foreign(zh: str, en: str) -> Texts:
    return _kept(zh, en, (_NOT_OURS_ZH, _NOT_OURS_EN))


def _back(zh: str, en: str) -> Texts:
    return _kept(zh, en, (_REPORT_ZH, _REPORT_EN))


def _waits(zh: str, en: str) -> Texts:
    return (zh, _WAITS_ZH, en, _WAITS_EN, "要马上换:storebox upgrade now。", "To change at once: storebox upgrade now.")


SENTENCES: dict[str, Texts] = {
    # A bundle that is not taken
    "release.malformed": _foreign("升级包写得不对", "The bundle is not written as it should be"),
    "release.not_a_bundle": _kept("这不是升级包", "This is no bundle"),
    "release.unreadable": _kept("升级包读不出来", "The bundle can't be read"),
    "release.truncated": _kept("升级包不完整", "The bundle is not complete"),
    "release.file_differs": _foreign("升级包里有文件被改过", "A file of the bundle was changed"),
    "release.hostile_entry": _foreign("升级包里有不该有的东西", "The bundle holds what no bundle may"),
    "release.none_here": _kept(
        "这里没有升级包",
        "No bundle is here",
        (
            "U盘上要有 storebox-bundle 文件夹,里面是 .bundle 文件;看过的地方:{folder}。",
            "The stick needs a folder storebox-bundle with a .bundle file; looked at: {folder}.",
        ),
    ),
    "release.one_signature": _foreign("升级包少一个签名", "A signature is missing on the bundle"),
    "release.unknown_key": _foreign("升级包的签名人不认识", "The bundle's signer is not known"),
    "release.wrong_signature": _foreign("升级包的签名不对", "The bundle's signature is wrong"),
    "release.key_list_not_signed": _foreign("升级包带来的钥匙表不可信", "The bundle's key list can't be trusted"),
    "release.no_keys": _kept(
        "盒子没有验签的钥匙表",
        "The box has no list of release keys",
        (
            "装好的版本里应有 release-keys.json;重装软件包,流水不会动。",
            "The installed release should hold release-keys.json; install the package again, the journal stays.",
        ),
    ),
    "release.other_product": _foreign("这是别的产品的升级包", "This bundle is of another product"),
    "release.other_machine": _kept(
        "升级包不是给这种机器的",
        "The bundle is for another kind of machine",
        ("要 {own} 的升级包,这个是 {arch} 的。", "A bundle for {own} is needed, this one is for {arch}."),
    ),
    "release.other_python": _kept(
        "升级包要别的 Python",
        "The bundle needs another Python",
        ("盒子是 Python {own},升级包要 {python};先升级系统。", "The box has Python {own}, the bundle wants {python}."),
    ),
    "release.not_newer": _kept(
        "升级包不比现在的新",
        "The bundle is not newer than what runs",
        (
            "盒子上是第 {installed} 号,升级包是第 {sequence} 号;要退回去,请总部开许可,或用 storebox upgrade return。",
            "The box has number {installed}, the bundle is number {sequence}; to go back HQ gives a permit, or storebox"
            " upgrade return.",
        ),
    ),
    "release.same_version": _kept(
        "这个版本已经装好了",
        "This version is installed already",
        ("{version} 正在用,不用再装。", "{version} runs; nothing is to be done."),
    ),
    "release.too_far": _kept(
        "要先升级到中间的版本",
        "A release in between comes first",
        (
            "盒子是第 {installed} 号,这个升级包至少要从第 {min_from} 号升上来。",
            "The box has number {installed}; this bundle can be taken from number {min_from} on.",
        ),
    ),
    "release.key_in_use": _kept(
        "这个名字已经有别的钥匙",
        "Another key has this name already",
        ("换一个文件名,别覆盖旧钥匙。", "Take another file; never overwrite an old key."),
    ),
    "release.no_such_ring": _kept(
        "没有这一环",
        "There is no such ring",
        ("环是 0、1、2:试验、少数、全部。", "Rings are 0, 1 and 2: test, few, all."),
    ),
    "release.unknown": _kept(
        "总部没有这个版本",
        "HQ has no such release",
        ("看有哪些:storebox-hq release list。", "See which there are: storebox-hq release list."),
    ),
    "release.other_bundle": _kept(
        "这个号已经是另一个包",
        "This number is another bundle already",
        (
            "同一个序号只能是同一个升级包;发布时换下一个序号。",
            "A sequence number is one bundle for ever; publish under the next one.",
        ),
    ),
    "release.bad_range": _kept("要的那一段不在包里", "The part asked for is not in the bundle"),
    # The box itself
    "upgrade.needs_root": _kept("这一步要 root 才能做", "This needs root", (_ROOT_ZH, _ROOT_EN)),
    "upgrade.no_release": _kept(
        "盒子没有装好的版本",
        "No release is installed here",
        (
            "{folder}/current 应指向 releases 里的一个版本;从源码跑的盒子不能这样升级。",
            "{folder}/current should name a release in releases; a box run from its sources is not upgraded this way.",
        ),
    ),
    "upgrade.no_room": _kept(
        "盒子地方不够,没有升级",
        "No room on the box, not upgraded",
        (
            "{folder} 要空出 {needed_mb} MB,现在有 {free_mb} MB;删旧日志和旧备份,流水不能删。",
            "{folder} needs {needed_mb} MB free and has {free_mb} MB; delete old logs and backups, never the journal.",
        ),
    ),
    "upgrade.not_written": _kept(
        "升级包写不到盘上",
        "The bundle can't be written to disk",
        ("看磁盘:storebox doctor;{folder}:{reason}。", "Look at the disk: storebox doctor; {folder}: {reason}."),
    ),
    "upgrade.under_way": _kept(
        "升级正在进行",
        "An upgrade is being carried out",
        ("稍等,再看 storebox upgrade status。", "Wait, then storebox upgrade status."),
    ),
    "upgrade.another_pending": _kept(
        "另一个升级还没完",
        "Another upgrade is not finished",
        ("{version} 还没换完;看 storebox upgrade status。", "{version} is under way; see storebox upgrade status."),
    ),
    "upgrade.nothing_pending": _kept(
        "没有要换的版本",
        "No upgrade is waiting",
        ("先 storebox upgrade import。", "storebox upgrade import comes first."),
    ),
    "upgrade.nothing_to_return_to": _kept(
        "没有可以退回的版本",
        "There is no release to return to",
        ("{version} 之前的版本已经不在盒子上。", "What ran before {version} is no longer on the box."),
    ),
    "upgrade.turned_away": _kept(
        "这个版本在这里试过,不行",
        "This release was tried here and proved bad",
        (
            "{version}(第 {sequence} 号)不会自己再试;一定要试,用 storebox upgrade import。",
            "{version} (number {sequence}) is not tried again by itself; storebox upgrade import tries it once more.",
        ),
    ),
    "upgrade.later_used_up": (
        "已经推迟过两次",
        "盒子空下来时会自己换版本,大约十秒,卖到一半的单子不会丢。",
        "It was put off twice already",
        "The box changes its release in a quiet moment, in about ten seconds; no sale in hand is lost.",
        "",
        "",
    ),
    "upgrade.damaged_file": _kept(
        "升级的记录读不出来",
        "The paper of the upgrade can't be read",
        (
            "看 /opt/storebox/upgrade/{file};确认 current 指向好的版本后删掉它。",
            "Look at /opt/storebox/upgrade/{file}; remove it once current names a good release.",
        ),
    ),
    "upgrade.not_shown": _kept(
        "升级经过没能写下来",
        "What the upgrade did could not be noted",
        ("看磁盘:storebox doctor;{file}:{reason}。", "Look at the disk: storebox doctor; {file}: {reason}."),
    ),
    "upgrade.no_such_step": _back("升级的步骤乱了", "A step of the upgrade was out of order"),
    "upgrade.supervisor_silent": _kept(
        "系统服务没有回应",
        "The service manager does not answer",
        ("手动试:{command}。", "Try by hand: {command}."),
    ),
    # The rehearsal
    "upgrade.rehearsal_ended": _back("新版本在排练时就停了", "The new release broke off in the rehearsal"),
    "upgrade.rehearsal_fault": _back("新版本排练时账对不上", "The rehearsal found the journal wrong"),
    "upgrade.rehearsal_differs": _back("新版本算出来的数不一样", "The new release counts otherwise"),
    "upgrade.rehearsal_other_journal": _back("排练时流水换了", "The journal was exchanged meanwhile"),
    # The way back
    "upgrade.keeps_dying": _back("新版本一启动就退,已退回", "The new release kept dying; gone back"),
    "upgrade.no_good_answer": _back("新版本没有好好回应,已退回", "No good answer of the new release; gone back"),
    "upgrade.other_version_answers": _back("启动的不是新版本,已退回", "Another version answered; gone back"),
    "upgrade.died_on_probation": _back("新版本跑了一会儿退了", "The new release died on probation; gone back"),
    "upgrade.fell_silent": _back("新版本没声音了,已退回", "The new release fell silent; gone back"),
    "upgrade.power_cut": _back("升级时断过电,已退回", "Power was cut in the upgrade; gone back"),
    "upgrade.broken_off": _back("升级几次被打断,已退回", "The upgrade was broken off often; gone back"),
    "upgrade.person_returned": _back("有人退回了旧版本", "A person went back to the old release"),
    # Waiting
    "upgrade.coming": _waits("新版本 {version} 等着换", "Release {version} waits"),
    "upgrade.put_off": _waits("收银说等一会儿再换", "The counter put it off"),
    "upgrade.waits_for_sale": _waits("等这一单卖完再换", "It waits for an open sale"),
    "upgrade.waits_for_payment": _waits("等付款有结果再换", "It waits for a payment"),
    "upgrade.waits_for_printer": _waits("等小票打完再换", "It waits for the printer"),
    "upgrade.waits_after_sale": _waits("刚卖过,空下来再换", "It waits for a quiet moment"),
    "upgrade.waits_for_history": _waits("等历史从总部取完再换", "It waits for the history from headquarters"),
    "upgrade.waits_for_box": _waits("盒子没有回应,等它", "It waits for the box to answer"),
}

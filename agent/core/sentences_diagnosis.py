"""Sentences for what `storebox doctor` finds: the machine, its disk and clock, device files, the line, certificates.

Each entry: title zh, detail zh, title en, detail en, remedy zh, remedy en. A title has at most 16 characters in
Chinese; the remedy is for the technician. Values stand in braces. What already has a code elsewhere (a printer without
paper, a full disk, headquarters that answer garbage) keeps it and stands there.
"""

from collections.abc import Callable

from agent.core.sentences_codes import Texts


def _with(detail_zh: str, detail_en: str) -> Callable[[str, str, str, str], Texts]:
    """Return a maker of texts whose detail, what this means for the money and the counter, is the same for all."""

    def made(zh: str, en: str, remedy_zh: str, remedy_en: str) -> Texts:
        return (zh, detail_zh, en, detail_en, remedy_zh, remedy_en)

    return made


_goes_on = _with(
    "照常卖,账都在盒子里。请告诉技术员。", "Trade goes on, the box keeps it all. Please tell the technician."
)
_stops = _with(
    "以前收的钱有记录,现在先别收。请叫技术员。",
    "Money taken before is on record; take none now. Please call the technician.",
)
_soon = _with("照常卖,账都在。今天请技术员来看。", "Trade goes on. Please have the technician look today.")
_device = _with(
    "钱都有记录,缺的只是这台设备。请叫技术员。", "Money is on record; only this device is missing. Call the technician."
)
_offline = _with(
    "照常卖:现金照收,账存在盒子里,线通了自动补传。",
    "Trade goes on: take cash, the box keeps the books and sends them later.",
)

SENTENCES: dict[str, Texts] = {
    # Asking for an examination
    "doctor.unknown_part": _goes_on(
        "没有这一项检查",
        "No such part to examine",
        "{part} 不认识;可以查:{known}。",
        "{part} is unknown; there are: {known}.",
    ),
    "doctor.at_work": (
        "正在检查,请等单子",
        "账和钱都没动。上一张检查单还没出来。",
        "The box is being examined",
        "Records and money are untouched. The slip of the last check is not out yet.",
        "等单子打出来再扫;一分钟还没有就看打印机。",
        "Scan again when the slip is out; after a minute without one look at the printer.",
    ),
    "doctor.unreadable": _goes_on(
        "有个读数看不懂",
        "A reading makes no sense",
        "{what} 读到 {reason}:这一项请人看,其余照常;把 storebox bundle 发给总部。",
        "{what} read {reason}: look at that by hand, the rest holds; send a storebox bundle to HQ.",
    ),
    "doctor.not_here": _goes_on(
        "这里不能检查盒子",
        "The box cannot be examined here",
        "练习和回放没有真盒子;在盒子上用 storebox doctor。",
        "Practice and replay have no real box; on the box: storebox doctor.",
    ),
    # Power
    "power.unclean_boots": _soon(
        "盒子被硬断过电",
        "The box lost its power hard",
        "{boots} 次开机前没有正常关机,最近一次 {last}:换插座或加 UPS;关机用电源键,别拔插头。",
        "{boots} starts without a shutdown before, the last {last}: another socket, or a UPS; shut down by the button.",
    ),
    "power.under_voltage": _soon(
        "盒子的电压不够",
        "The box gets too little voltage",
        "换原装电源和短粗的线,打印机别从盒子取电。依据:{source}。",
        "Use the original supply and a short thick cable; no printer fed by the box. Seen in {source}.",
    ),
    "power.on_battery": _goes_on(
        "盒子在用电池",
        "The box runs on its battery",
        "市电没进来:看插座、电源和 UPS 的输入;{source}。",
        "No mains power comes in: see socket, supply and the input of the UPS; {source}.",
    ),
    # Disk
    "disk.nearly_full": _soon(
        "盒子快存满了",
        "The box is nearly full",
        "只剩 {free}:清 /var/log 和别的文件(du -xh / | sort -h);journal.db 绝不能删。",
        "{free} left: clear /var/log and other files (du -xh / | sort -h); never delete journal.db.",
    ),
    "disk.no_inodes": _soon(
        "小文件太多,快满了",
        "Too many small files on the disk",
        "只剩 {free} 个文件位:用 du --inodes -x / | sort -n 找出是哪个目录,清掉。",
        "Room for {free} more files: find the folder by du --inodes -x / | sort -n, and clear it.",
    ),
    "disk.in_memory": _stops(
        "账本放在内存里",
        "The journal lies in memory",
        "{folder} 是 {kind},断电就没了:把状态目录移到真盘上(--state,或挂载 /var/lib/storebox)。",
        "{folder} is on {kind} and is gone without power: move the state folder to a disk.",
    ),
    "disk.slow": _soon(
        "盒子的盘很慢",
        "The disk is slow",
        "落盘一次要 {milliseconds} 毫秒:看 dmesg 有没有坏块,换固态盘。",
        "One flush takes {milliseconds} ms: see dmesg for bad blocks; use a solid-state disk.",
    ),
    "disk.flush_lies": _stops(
        "盘说存好了其实没有",
        "The disk says kept, but is not",
        "{flushes} 次落盘,盘上只写了 {writes} 次:去掉 eatmydata 之类(LD_PRELOAD)和挂载选项 nobarrier。",
        "{flushes} flushes, {writes} writes at the disk: remove eatmydata (LD_PRELOAD) and the option nobarrier.",
    ),
    "disk.worn": _soon(
        "盘快写坏了",
        "The disk is nearly worn out",
        "{device} 寿命用了 {percent}%:先备份,近日换盘;流水在总部有底。",
        "{device} has used {percent} % of its life: copy first, replace it within days.",
    ),
    "disk.unhealthy": _soon(
        "盘自检说快坏了",
        "The disk reports that it is dying",
        "{device}:{word}。先用U盘带出未上传的流水,今天换盘。",
        "{device}: {word}. Take the unsent journal out on a USB stick first, replace the disk today.",
    ),
    "state.missing": _stops(
        "找不到状态目录",
        "The state folder is not there",
        "{folder} 不存在:盘没挂上(看 /etc/fstab、mount),或 --state 指错了。",
        "{folder} does not exist: the disk is not mounted (see /etc/fstab, mount), or --state is wrong.",
    ),
    "state.not_permitted": _stops(
        "盒子读不了自己的文件",
        "The box may not use its own files",
        "{file}:{user} 用不了;chown -R storebox:storebox {folder}。",
        "{file}: {user} may not use it; chown -R storebox:storebox {folder}.",
    ),
    "state.unusable": _stops(
        "状态目录用不了",
        "The state folder cannot be used",
        "{file}:{reason}。看 dmesg 和 mount。",
        "{file}: {reason}. See dmesg and mount.",
    ),
    # Keys
    "key.open_to_others": _soon(
        "别的用户能读钥匙",
        "Other users can read a key",
        "{files}:chmod go-rwx {folder}/*;有人用过这台机器的话,换商户密钥。",
        "{files}: chmod go-rwx {folder}/*; if others used this machine, renew the merchant's keys.",
    ),
    "key.merchant_open": _soon(
        "商户密钥别人能读",
        "Others can read a merchant's key",
        "{files}:chmod 600;密钥可能已泄漏,请在商户平台更换。",
        "{files}: chmod 600; somebody may know the key, renew it in the portal.",
    ),
    "key.plain_file": _goes_on(
        "商户密钥在普通文件里",
        "A merchant's key lies in a plain file",
        "{files}:试用可以;营业时用 systemd 凭据:docs/platforms.md。",
        "{files}: good enough to try; in a shop use systemd credentials: docs/platforms.md.",
    ),
    # Journal
    "journal.never_verified": _goes_on(
        "账本还没整本核过",
        "Never verified as a whole",
        "夜里开着会自动核;现在就核:storebox ledger verify。",
        "A box that is on at night does it; now: storebox ledger verify.",
    ),
    "journal.verified_late": _goes_on(
        "账本好几天没核了",
        "Not verified for days",
        "上次 {day}。夜里开着会自动核;现在就核:storebox ledger verify。",
        "The last time was {day}. A box that is on at night does it; now: storebox ledger verify.",
    ),
    "journal.found_damaged": _soon(
        "核账时发现不对",
        "Verification found damage",
        "{day} 发现:{reason}。storebox ledger verify 看是哪一条;别清除数据,找总部对回执。",
        "On {day}: {reason}. See which entry by storebox ledger verify; wipe nothing, compare with HQ.",
    ),
    "journal.no_copy": _goes_on(
        "账本还没有备份",
        "No copy of the journal yet",
        "夜里开着会自动备份;白天开机十分钟后补做。一直没有就看盘满没满。",
        "A box that is on at night copies by itself, else ten minutes after its start. If not, see the disk's room.",
    ),
    "journal.copy_late": _goes_on(
        "账本备份是旧的",
        "The copy of the journal is old",
        "最新是 {day} 的:夜里别关盒子;看盘满没满。",
        "The newest is of {day}: leave the box on at night; see the disk's room.",
    ),
    # Clock
    "clock.years_off": _soon(
        "盒子的日期不可能",
        "The box's date cannot be",
        "{now}:断电太久或主板电池没电。连上网会自动对时;timedatectl set-time,再换电池。",
        "{now}: long without power, or a flat battery. Online it sets itself; timedatectl set-time, then a battery.",
    ),
    "clock.differs": _goes_on(
        "盒子的钟不准",
        "The box's clock is wrong",
        "与总部差 {seconds} 秒:timedatectl set-ntp true;网络要放行 NTP(UDP 123)。",
        "{seconds} s from HQ's: timedatectl set-ntp true; the network must let NTP (UDP 123) through.",
    ),
    "clock.unsynchronised": _goes_on(
        "盒子的钟没人校准",
        "Nobody sets the box's clock",
        "timedatectl 看 NTP;装 systemd-timesyncd,放行 UDP 123,或指定店内的时间服务器。",
        "See NTP in timedatectl; install systemd-timesyncd, let UDP 123 through, or name a time server of the site.",
    ),
    "clock.behind_journal": _goes_on(
        "钟比最后一笔账还早",
        "The clock is before the last entry",
        "现在 {now},最后一笔 {last}:timedatectl 对时;账按号排,不会乱。",
        "Now {now}, the last entry {last}: set it by timedatectl; entries are ordered by number.",
    ),
    "clock.no_battery": _goes_on(
        "断电后钟会不准",
        "No clock keeps time without power",
        "硬件钟 {found}:换主板电池(CR2032),再 hwclock --systohc。",
        "The hardware clock {found}: new battery (CR2032), then hwclock --systohc.",
    ),
    # Device files
    "node.missing": _device(
        "设备没插上",
        "A device is not plugged in",
        "{device} 的 {path} 不在:查电源和线,换口;换过设备就用 storebox device list 找新地址。",
        "{path} of {device} is not there: power, cable, another port; a new device: storebox device list.",
    ),
    "node.not_in_group": _device(
        "用户组不对,打不开",
        "The box's user lacks a group",
        "{device}:usermod -aG {group} {user},然后 systemctl restart storebox。",
        "{device}: usermod -aG {group} {user}, then systemctl restart storebox.",
    ),
    "node.not_permitted": _device(
        "设备文件不让用",
        "A device file is closed to the box",
        "{device}:{path} 是 {mode},{user} 打不开:装 config/udev 的规则,udevadm trigger。",
        "{device}: {path} is {mode}, closed to {user}: install the rules of config/udev, udevadm trigger.",
    ),
    "node.held": _device(
        "设备被别的程序占着",
        "Another program holds a device",
        "{device}:{holder} 占着 {path};关掉它(systemctl stop,或 kill {pid})。",
        "{device}: {holder} holds {path}; end it (systemctl stop, or kill {pid}).",
    ),
    "node.grabbed": _device(
        "扫码枪被独占了",
        "Somebody grabbed the scanner",
        "{device}:{path} 被别的程序独占(EVIOCGRAB);停掉图形桌面或另一套收银软件。",
        "{device}: {path} is grabbed by another program (EVIOCGRAB); end the desktop or the other till software.",
    ),
    "node.other_kind": _device(
        "地址指到别的东西",
        "An address leads to something else",
        "{device}:{path} 是{found_zh},不是{wanted_zh};用 storebox device list 里的地址。",
        "{device}: {path} is {found}, not {wanted}; take the address from storebox device list.",
    ),
    "node.usb_missing": _device(
        "USB上没有这台设备",
        "The USB device is not there",
        "{device}:没看到 {address};插好、换口,再 storebox device list。",
        "{device}: nothing called {address}; plug it in, try another port, then storebox device list.",
    ),
    "node.unreachable": _device(
        "网口打印机连不上",
        "A network printer does not answer",
        "{device}:{address} {reason}。看打印机电源、网线,自检页上的地址变没变。",
        "{device}: {address} {reason}. See its power and cable, and the address on its own test page.",
    ),
    # Pages
    "web.silent": _soon(
        "收银页面没有应答",
        "The till's page does not answer",
        "{address}:盒子在跑而页面不应:systemctl restart storebox;再看 journalctl -u storebox。",
        "{address}: the box runs, its page is mute: systemctl restart storebox; then journalctl -u storebox.",
    ),
    # The line, layer by layer
    "network.no_link": _offline(
        "网线没插好",
        "No cable, no Wi-Fi",
        "{seen}:插网线,看口上的灯;换一根线、换路由器的口;Wi-Fi 扫网络码。",
        "{seen}: plug the cable, look at the port's lamp; another cable, another port; for Wi-Fi scan a network code.",
    ),
    "network.no_address": _offline(
        "没有拿到IP地址",
        "No IP address",
        "{seen}:路由器的 DHCP 没给地址,或要登记 MAC {mac};固定地址请扫网络码。",
        "{seen}: the router's DHCP gave none, or wants MAC {mac} registered; for a fixed address scan a network code.",
    ),
    "network.self_assigned": _offline(
        "地址是自己编的",
        "The address is self-assigned",
        "{address}:路由器的 DHCP 没应;看网线接的是不是路由器,登记 MAC {mac}。",
        "{address}: no DHCP answered; does the cable lead to the router, is MAC {mac} registered?",
    ),
    "network.no_gateway": _offline(
        "没有网关,出不去",
        "No gateway, no way out",
        "{address} 没有默认路由:固定地址要写网关(扫网络码);DHCP 的问商场网管。",
        "{address} has no default route: a fixed address needs a gateway (network code); with DHCP ask the mall.",
    ),
    "network.dns_none": _offline(
        "没有配DNS",
        "No name server is set",
        "{file} 里没有 nameserver:扫网络码写上,或用路由器的地址。",
        "{file} names no nameserver: set it by a network code, or use the router's address.",
    ),
    "network.dns_silent": _offline(
        "DNS没有应答",
        "The name server does not answer",
        "{server} 不应:放行 UDP 53,或换一个(223.5.5.5、114.114.114.114)。",
        "{server} is mute: let UDP 53 through, or take another (223.5.5.5, 114.114.114.114).",
    ),
    "network.dns_no_name": _offline(
        "DNS不认识这个名字",
        "The name server does not know HQ",
        "{server} 说没有 {host}:核对地址;内网的话请网管加解析。",
        "{server} says there is no {host}: check the address; in an inner network ask for the name to be added.",
    ),
    "network.dns_lies": _offline(
        "DNS在说谎",
        "The name server lies",
        "{server} 给不存在的名字也编了地址 {answer}:商场登录页或运营商劫持;换DNS或请网管登记盒子。",
        "{server} made up {answer} for a name that cannot exist: a log-in page; change it, or have the box registered.",
    ),
    "network.dns_loopback": _offline(
        "DNS把总部指到了本机",
        "The name server hides HQ",
        "{server} 说 {host} 是 {answer}:被屏蔽了;请网管放行,或换DNS。",
        "{server} says {host} is {answer}: it is blocked; have it allowed, or change the name server.",
    ),
    "network.refused": _offline(
        "对方没开这个端口",
        "Nobody listens at that port",
        "{address} 拒绝连接:服务没在跑,或端口写错了;总部看 storebox-hq。",
        "{address} refuses: the service does not run, or the port is wrong; at HQ see storebox-hq.",
    ),
    "network.black_hole": _offline(
        "发出去没有回音",
        "Nothing comes back",
        "{address} {seconds} 秒没回音:防火墙丢包;把 storebox doctor network --form 交给网管。",
        "{address} gave no sign within {seconds} s: a firewall drops it; hand over storebox doctor network --form.",
    ),
    "network.no_route": _offline(
        "去对方的路不通",
        "No route to that address",
        "{address}:{reason}。看网关和网段写得对不对。",
        "{address}: {reason}. Check gateway and mask.",
    ),
    "network.proxy_refuses": _offline(
        "代理不让盒子过",
        "The proxy refuses the box",
        "代理 {proxy} 对 {host} 回了 {status}:请网管放行这台盒子 CONNECT {host};407 是代理要账号,请登记免登录。",
        "{proxy} answered {status} for {host}: have CONNECT {host} allowed for this box; 407: without log-in.",
    ),
    "network.captive_portal": _offline(
        "网络要先登录",
        "The network wants a log-in first",
        "回话的是登录页 {page}:请商场把盒子的 MAC 登记为免登录。",
        "A log-in page answers, {page}: have the mall let the box's MAC through without log-in.",
    ),
    "network.hq_unencrypted": _goes_on(
        "到总部没有加密",
        "The way to HQ is not encrypted",
        "{address} 是 http:内容谁都能看;改成 https。",
        "{address} is http: anybody on the way can read it; use https.",
    ),
    # Certificates
    "tls.expired": _offline(
        "对方的证书过期了",
        "The certificate has expired",
        "{host} 的证书到 {day}:先看盒子的日期(timedatectl);日期对就请总部换证书。",
        "That of {host} ended on {day}: first the box's date (timedatectl); if right, HQ renews it.",
    ),
    "tls.not_yet_valid": _offline(
        "证书还没到生效日",
        "The certificate is not valid yet",
        "{host} 的证书从 {day} 起:多半是盒子的日期太早,timedatectl 对时。",
        "That of {host} begins on {day}: most likely the box's date is too early, set it by timedatectl.",
    ),
    "tls.wrong_name": _offline(
        "证书不是这个名字的",
        "The certificate has another name",
        "{host} 拿出的证书写着 {names}:DNS 指错,或中间有登录页;也可能总部证书缺这个名字。",
        "{host} showed one for {names}: DNS is wrong or a log-in page is between; or HQ's lacks the name.",
    ),
    "tls.self_signed": _offline(
        "证书是自己签的",
        "A self-signed certificate",
        "{host}:多半是路由器或登录页在冒充;真是总部就换正式证书。",
        "{host}: most likely a router or log-in page; if it is HQ, it needs a proper certificate.",
    ),
    "tls.unknown_root": _offline(
        "签证书的机构不认识",
        "An unknown authority",
        "{host} 的证书由 {issuer} 签:有人在中间拆加密(商场防火墙),或总部用了私有机构;请网管放行不拆。",
        "That of {host} is by {issuer}: a firewall opens the encryption, or HQ's authority is private; exempt the box.",
    ),
    "tls.pin_mismatch": _offline(
        "服务器的钥匙不对",
        "Not the server's key",
        "{host} 拿出的钥匙({shown}…)不在总部清单上,什么都没发给它:有人在中间拆加密,请网管放行不拆;"
        "总部换了证书钥匙,就在总部补登:storebox-hq tls pin,盒子自己会跟上。",
        "{host} showed a key ({shown}…) that HQ does not list; nothing was sent to it: a firewall opens the "
        "encryption, exempt the box. If HQ changed its key: storebox-hq tls pin; the box follows by itself.",
    ),
    "tls.not_tls": _offline(
        "对方回的不是加密话",
        "The answer is not TLS",
        "{host}:这个端口不是 https,或中间有登录页;核对地址和端口。",
        "{host}: that port is no https, or a log-in page is between; check address and port.",
    ),
    "tls.handshake": _offline(
        "加密没谈拢",
        "No agreement on encryption",
        "{host}:{reason}。多半是防火墙不认加密;请网管放行。",
        "{host}: {reason}. Most likely a firewall breaks it; have the box let through.",
    ),
    "tls.expires_soon": _goes_on(
        "总部证书快到期了",
        "HQ's certificate ends soon",
        "{host} 的证书到 {day}:请总部续期。",
        "That of {host} ends on {day}: HQ renews it.",
    ),
    # Headquarters
    "hq.slow": _goes_on(
        "总部回话很慢",
        "HQ answers slowly",
        "一次要 {milliseconds} 毫秒:看线路忙不忙、4G 信号;总部看负载。",
        "One answer takes {milliseconds} ms: see the line's load or 4G signal; HQ sees its own load.",
    ),
    "hq.no_payments": _offline(
        "总部收款没有应答",
        "HQ's payments do not answer",
        "{urls}:检查网线、路由器和 [payments] pay_urls;总部看 storebox-hq pay 在不在跑。",
        "{urls}: check cable, router and [payments] pay_urls; at HQ see whether storebox-hq pay runs.",
    ),
    # Platforms
    "platform.unlisted_answer": _offline(
        "平台回了个生代码",
        "An unlisted answer of the platform",
        "{answer}:按这个代码查商户平台的文档。",
        "{answer}: look this code up in the platform's documentation.",
    ),
    # Versions
    "version.python_old": _stops(
        "程序环境太旧",
        "The Python in use is too old",
        "Python {found},要 3.11 以上:重装 storebox 的包,别用系统外的环境。",
        "Python {found}; 3.11 or newer is needed: install the package again.",
    ),
    # Bills
    "bill.not_come": _goes_on(
        "平台账单没来",
        "A bill has not come",
        "{day} 的还没有:storebox bill fetch;再看 storebox doctor platform。",
        "That of {day}: storebox bill fetch; then storebox doctor platform.",
    ),
    "bill.lines_differ": _goes_on(
        "账单有对不上的",
        "Lines of a bill do not agree",
        "{days} 有 {count} 笔:storebox bill differences。",
        "{count} lines of {days}: storebox bill differences.",
    ),
}

"""What the technician is told in each step of the drill: what it is, what to break, what to mend."""

from dataclasses import dataclass

from agent.core.drill import Step, StepState
from agent.diagnosis.finding import Said


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one step, Chinese and English."""

    title: Said
    break_it: Said
    mend_it: Said


WORDS: dict[Step, Words] = {
    Step.WAN: Words(
        ("断网", "Internet cut"),
        (
            "拔掉路由器通外面的线(店内的线不动)。盒子两分钟内会看到。",
            "Unplug the router's line to the outside, not the shop's own. The box notices within two minutes.",
        ),
        (
            "断网了,照常能卖。把线插回去,等到全部补传完。",
            "Offline, and the box sells. Plug it in again and wait until everything is sent.",
        ),
    ),
    Step.POWER: Words(
        ("断电", "Power cut"),
        (
            "拔掉盒子的电源,数五秒,再插上。扫码做的自己接着来;用命令做的,开机后再运行 storebox drill。",
            "Pull the plug, count to five, plug it in. By card it goes on by itself; else run storebox drill again.",
        ),
        ("断电了。插上电,等盒子自己起来。", "The power is cut. Plug it in and let the box start by itself."),
    ),
    Step.PAPER: Words(
        ("缺纸", "Paper out"),
        ("打开打印机,把纸拿出来,盖好盖子。", "Open the printer, take the paper out, close the cover."),
        (
            "没纸了,有一张单子在等。把纸装回去:它会自己打出来,只打一张。",
            "Out of paper, and a slip waits. Put the paper back: it comes out by itself, once.",
        ),
    ),
    Step.SCANNER: Words(
        ("拔扫码枪", "Scanner unplugged"),
        ("拔掉扫码枪的线。", "Unplug the scanner."),
        (
            "扫码枪断开了。插回去,换个口也行:不用重启。",
            "The scanner is gone. Plug it in again, another port will do: nothing is restarted.",
        ),
    ),
    Step.PLATFORM: Words(
        ("平台不回话", "Platform late"),
        (
            "卖一件,扫一个付款码,马上拔掉外网线:这笔就没有回话。",
            "Sell one thing, scan a payment code, pull the outside line at once: no answer comes.",
        ),
        (
            "这笔还没结果,没有再收一次。插回外网线,等它自己查清。",
            "Its outcome is open and nothing is charged again. Plug the line in: the box looks it up by itself.",
        ),
    ),
}

STATES: dict[StepState, Said] = {
    StepState.PLANNED: ("没做", "not done"),
    StepState.ASKED: ("没做完", "not finished"),
    StepState.BROKEN: ("没做完", "not finished"),
    StepState.PASSED: ("通过", "passed"),
    StepState.FAILED: ("没通过", "NOT passed"),
    StepState.LEFT_OUT: ("略过", "left out"),
}

PASSED: Said = ("演练通过", "DRILL PASSED")
NOT_PASSED: Said = ("演练没通过", "DRILL NOT PASSED")
STORE: Said = ("门店 {store}  盒子 {box}  第{epoch}段", "Store {store}  box {box}  epoch {epoch}")
TIME: Said = ("时间 {time}", "Time {time}")
SIGNED_BY_BOX: Said = ("盒子的签名:storebox drill verify", "Signed by the box: storebox drill verify")
SKIP: Said = ("做不了这一步:扫这个码", "Can't do this one: scan this")
TECHNICIAN: Said = ("技术员", "Technician")
MANAGER: Said = ("店长", "Manager")
NOT_FOR_CUSTOMERS: Said = ("不要交给顾客", "Not for customers")


def chosen(said: Said, language: str) -> str:
    """Return what is said in a language, `zh-CN` or `en`."""
    return said[0] if language.startswith("zh") else said[1]

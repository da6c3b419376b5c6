"""Plays one schedule in a time of its own; what went wrong is told with the whole story."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.simulation.money.bank import Bank
from tests.simulation.money.box import TILLS, Box, Incarnation
from tests.simulation.money.case import HOUSES, Case, Jump
from tests.simulation.money.checks import books_of, wrong_with
from tests.simulation.money.counter import Counter
from tests.simulation.money.headquarters import Headquarters, Office
from tests.simulation.money.line import BankPlatform, Weather
from tests.simulation.money.used_numbers import UsedNumbers
from tests.simulation.world import Task, World

SETTLES_WITHIN_S = 8 * 3_600.0
"""So long after nothing goes wrong any more, everything has its end."""
AFTERWARDS_S = 900.0
"""What is still on its way to a bank arrives within this time."""
SILENT_S = 3 * 3_600.0
"""Headquarters look after a box that is silent for two hours."""
LATE_MAX_S = {True: 40.0, False: 12.0}
"""How late a request may arrive: a bank that does not close what it never saw gets none after an undo."""
_TEST = "tests/simulation/test_no_double_charge.py::test_a_thousand_schedules"
Sabotage = Callable[["Play"], None]
Alter = Callable[[dict[str, Any]], dict[str, Any]]
Birth = Callable[[Incarnation], None]


class Play:
    """One schedule under way."""

    def __init__(self, case: Case, folder: Path, sabotage: Sabotage | None = None) -> None:
        self.case = case
        self.world = World()
        self.story: list[str] = []
        self.chance = random.Random(f"play {case.seed}")
        self.births: list[Birth] = []
        same_numbers = case.restore is not None and case.restore.same_numbers
        self.box = Box(self.world, folder, case.seed, same_numbers=same_numbers)
        self.used = UsedNumbers(self.world.monotonic_s, self.tell, self.box.has_open)
        self.houses = HOUSES
        self.banks = self.make_banks()
        self.weathers: list[Weather] = []
        self.headquarters: Headquarters | None = None
        self._to_hq = Weather(self.chance, case.spoilt, LATE_MAX_S[True])
        self.weathers.append(self._to_hq)
        self._direct = {
            name: self._platform(bank, case.spoilt) for name, bank in self.banks.items() if name not in case.through_hq
        }
        if case.through_hq:
            there = {
                name: self._platform(self.banks[name], case.spoilt / 3, at_headquarters=True)
                for name in case.through_hq
            }
            self.headquarters = Headquarters(self.world, self.box.identity, there)
        self.alter: Alter = lambda platforms: platforms
        self._cuts = list(case.cuts)
        self._office_cuts = list(case.office_cuts)
        self._looked: tuple[object, bool] = (None, True)
        self._replaced = False
        if sabotage is not None:
            sabotage(self)

    def play(self) -> list[str]:
        """Play to the end; returns what is wrong."""
        case = self.case
        self._plan()
        for office in self._offices:
            office.begin(self._office_cut(office))
        self._begin_life()
        people = [self._people(till, number) for number, till in enumerate(TILLS[: len(case.tills)])]
        self._run(lambda: all(one.ended for one in people) and self._settled(), case.fair_from_s + SETTLES_WITHIN_S)
        self._run(lambda: False, AFTERWARDS_S)
        self._run(self._settled, SETTLES_WITHIN_S)
        for bank in self.banks.values():
            bank.settle_all()
        self.box.switch_off()
        self._keeper_ends_the_rest()
        books = books_of(self.box.path, self.box.dead_journals)
        wrong = [f"{one.name} waits for ever" for one in people if not one.ended]
        return wrong + self.box.wrong + wrong_with(books, self.banks, self.used.heard)

    def _keeper_ends_the_rest(self) -> None:
        """The box stays away: what only a dead disk knew of is brought to its end by headquarters."""
        if self.headquarters is not None and self.box.dead_journals:
            self.world.run(lambda: False, SILENT_S)
            left = self.headquarters.without_end(self.box.clock.true_ms(self.world.now_s - SILENT_S))
            self.box.wrong += [f"headquarters never bring {number} to an end" for number in left]

    def make_banks(self) -> dict[str, Bank]:
        """Open the banks, as good and bad as the case says."""
        case, banks = self.case, {}
        for name, house in self.houses.items():
            bank = banks[name] = Bank(house, self.world.monotonic_s, self.tell)
            bank.poor, bank.refund_takes_s = case.poor_until_s > 0, case.refund_takes_s
            bank.says_again, bank.closes_after_s = case.says_again, case.closes_after_s
        return banks

    def tell(self, what: str) -> None:
        """Write the story on."""
        self.story.append(f"{self.world.now_s:9.1f}  {what}")

    @property
    def _offices(self) -> tuple[Office, ...]:
        return () if self.headquarters is None else self.headquarters.offices

    def _office_cut(self, office: Office) -> int | None:
        """Return at which step of its coming life a process of headquarters dies."""
        return next((cut.step for which, cut in self._office_cuts if self._offices[which] is office), None)

    def _connect(self) -> None:
        """Give the box its platforms, as the daemon does at each start."""
        platforms: dict[str, Any] = dict(self._direct)
        if self.headquarters is not None:
            through = self.case.through_hq
            platforms |= self.headquarters.platforms(self.box.identity, through, self._to_hq, self.tell)
        self.box.platforms = self.alter({name: self.used.watch(one) for name, one in platforms.items()})

    def _platform(self, bank: Bank, spoilt: float, *, at_headquarters: bool = False) -> Any:
        weather = Weather(self.chance, spoilt, LATE_MAX_S[bank.house.buries])
        self.weathers.append(weather)
        return self.make_platform(bank, weather, at_headquarters=at_headquarters)

    def make_platform(self, bank: Bank, weather: Weather, *, at_headquarters: bool) -> Any:
        """Return the port of a bank, for the box itself or for headquarters."""
        return BankPlatform(
            self.world,
            bank,
            weather,
            wall_ms=self.box.clock.true_ms,
            clock_off_s=(lambda: 0.0) if at_headquarters else (lambda: self.box.clock.off_s),
            before_sending=self.before_sending,
            tell=self.tell,
            life=lambda: len(self.box.dead_journals),
            at_headquarters=at_headquarters,
        )

    def before_sending(self, verb: str, number: str) -> None:
        """What the platform is about to hear of is on the box's disk."""
        if verb in ("pay", "offer") and not self.box.knows_attempt(number):
            self.box.wrong.append(f"{verb} {number} is sent and not on disk")

    def _people(self, till: str, number: int) -> Task:
        goods = self.case.same_goods
        counter = Counter(self.world, self.box, self.banks, till, self.tell, same_goods=goods)
        return self.world.spawn(f"till {till}", lambda: counter.serve(self.case.tills[number]))

    def _plan(self) -> None:
        case, world = self.case, self.world
        for begin_s, length_s in case.away:
            world.after(begin_s, lambda: self._away(True))
            world.after(begin_s + length_s, lambda: self._away(False))
        for jump in case.jumps:
            world.after(jump.at_s, lambda jump=jump: self._jump(jump))  # type: ignore[misc]
        world.after(case.poor_until_s, self.grow_rich)
        world.after(case.fair_from_s, self._fair)
        if case.restore is not None:
            world.after(case.restore.at_s, self._replace)

    def _away(self, away: bool) -> None:
        self.tell("the network is gone" if away else "the network is back")
        for weather in self.weathers:
            weather.away = away

    def _jump(self, jump: Jump) -> None:
        if self.world.now_s >= self.case.fair_from_s:
            return
        self.box.clock.off_s += jump.by_s
        self.tell(f"the clock steps by {jump.by_s:+.0f} s")

    def grow_rich(self) -> None:
        """The merchant has money for refunds again."""
        for bank in self.banks.values():
            bank.poor = False

    def _fair(self) -> None:
        self.tell("from now on nothing goes wrong")
        self._away(False)
        for weather in self.weathers:
            weather.share = 0.0
        self.box.clock.off_s = 0.0
        self._cuts.clear()
        self._office_cuts.clear()
        for office in self._offices:
            office.life.kill_at = None
        if self.box.now is not None:
            self.box.now.life.kill_at = None

    def _replace(self) -> None:
        self._replaced = True
        if self.box.now is not None:
            self.box.now.life.dead = True

    def _run(self, until: Callable[[], object], timeout_s: float) -> None:
        ends_s = self.world.now_s + timeout_s
        while True:
            self.world.run(lambda: self._dead or self._dead_office or until(), ends_s - self.world.now_s)
            office = self._dead_office
            if office is not None:
                self._bury_office(office)
            elif self._dead:
                self._rise_again()
            else:
                return

    @property
    def _dead(self) -> bool:
        return self.box.now is not None and self.box.now.life.dead

    @property
    def _dead_office(self) -> Office | None:
        return next((office for office in self._offices if office.up and office.life.dead), None)

    def _bury_office(self, office: Office) -> None:
        """A process of headquarters is gone; systemd starts the next one."""
        place = next((one for one in self._office_cuts if self._offices[one[0]] is office), None)
        off_s = 1.0 if place is None else place[1].off_s
        if place is not None:
            self._office_cuts.remove(place)
        self.tell(f"{office.name} dies; back after {off_s:.0f} s")
        office.end()
        self.world.after(off_s, lambda: office.begin(self._office_cut(office)))

    def _rise_again(self) -> None:
        off_s = self._cuts.pop(0).off_s if self._cuts and not self._replaced else 5.0
        self.tell(f"the power is cut; back after {off_s:.0f} s")
        self.box.switch_off()
        self.used.lost_with_the_power()
        back_s = self.world.now_s + off_s
        while self.world.now_s < back_s:
            self.world.run(lambda: self.world.now_s >= back_s or self._dead_office, back_s - self.world.now_s)
            if self._dead_office is not None:
                self._bury_office(self._dead_office)
        if self._replaced:
            self._replaced = False
            assert self.case.restore is not None
            self.tell("the box is replaced by one with last night's state")
            self.box.put_back(new_epoch=self.case.restore.new_epoch)
            if self.case.restore.new_epoch and self.headquarters is not None:
                self.headquarters.replace(self.box.identity)
        self._begin_life()

    def _begin_life(self) -> None:
        self._connect()
        life = self.box.switch_on(self._cuts[0].step if self._cuts else None)
        for birth in self.births:
            birth(life)

    def _settled(self) -> bool:
        box = self.box.now
        if box is None or self.world.now_s < self.case.fair_from_s:
            return False
        if self._looked[0] != (id(box), box.writer.runs):
            self._looked = ((id(box), box.writer.runs), box.unfinished() == 0)
        return self._looked[1]


def story_of(
    case: Case, sabotage: Sabotage | None = None, memory: Path | None = None, kind: type[Play] = Play
) -> tuple[list[str], list[str]]:
    """Play a schedule on a disk that is memory; returns what is wrong, and the story."""
    with tempfile.TemporaryDirectory(dir=memory) as folder:
        play = kind(case, Path(folder), sabotage)
        wrong = play.play()
        return wrong, play.story


def told(case: Case, wrong: list[str], story: list[str]) -> str:
    """Return a failure as somebody can read it."""
    return "\n    ".join((str(case), *story, *(f"WRONG: {one}" for one in wrong), again(case)))


def again(case: Case) -> str:
    """Return how to play a schedule alone."""
    return f"again: STOREBOX_MONEY_SCHEDULE={case.seed} pytest {_TEST}"

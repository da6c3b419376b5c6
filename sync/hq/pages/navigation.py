"""What stands in the head of each page, for whom. Who adds a page adds its line here and its router in `site.py`."""

from collections.abc import Sequence
from dataclasses import dataclass

from sync.hq.pages.texts import marked
from sync.hq.people.rights import Act, Person


@dataclass(frozen=True, slots=True)
class Section:
    """A page that can be gone to from everywhere; who lacks the right does not see it. `title` is a text's msgid."""

    path: str
    title: str
    act: Act


SECTIONS: tuple[Section, ...] = (
    Section("/", marked("Stores"), Act.READ),
    Section("/differences", marked("Differences"), Act.READ),
    Section("/bank", marked("Bank"), Act.READ),
    Section("/alarms", marked("Alarms"), Act.READ),
    Section("/fleet", marked("Fleet"), Act.FLEET),
    Section("/boxes", marked("Enrolment"), Act.BOXES),
    Section("/rollout", marked("Roll-out"), Act.BOXES),
    Section("/people", marked("People and programs"), Act.PEOPLE),
)


def sections_for(person: Person) -> Sequence[Section]:
    """Return the sections that a person may open."""
    return [section for section in SECTIONS if person.may(section.act)]

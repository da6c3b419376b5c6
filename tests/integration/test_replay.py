"""Recorded baskets rung up through the whole shop: box, printer, wallet and headquarters agree to the fen."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from agent.replay.surroundings import program
from agent.store import views
from agent.store.verify import verify
from sync.hq import registry
from tests.integration.running import storebox
from tests.surroundings import (
    ALL_BASKETS,
    OWN,
    SHARED,
    Around,
    Replay,
    around,
    baskets_of,
    money_of,
    needs_real_baskets,
    new_replay,
    same_entries,
)

__all__ = ["around"]
RECEIPT_LINE = "单号 "


def pulled(replay: Replay, *options: str) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Return rows and manifest of `storebox-hq pull --format jsonl` over HTTP."""
    office = replay.around.office
    with office.database.write() as connection:
        token = registry.make_access_token(connection, "accountant", [replay.store], office.now_ms())
    command = [program("storebox-hq"), "pull", "--url", replay.around.hq_url, "--format", "jsonl"]
    done = subprocess.run(
        [*command, "--store", replay.store, *options],
        capture_output=True,
        text=True,
        check=True,
        env={**os.environ, "STOREBOX_HQ_TOKEN": token},
    )
    *rows, last = [json.loads(line) for line in done.stdout.splitlines()]
    return rows, last["manifest"]


def check_everything(replay: Replay, summary: dict[str, Any]) -> None:
    """Compare file, journal, paper, headquarters and the accountant's pull."""
    baskets = baskets_of(replay.file)
    refused = {one["basket"] for one in summary["refused"]}
    recorded = [one for one in baskets if str(one["basket"]) not in refused]
    assert summary["baskets"] == len(baskets)
    assert summary["completed"] + summary["refunded"] + len(summary["refused"]) == len(baskets)
    assert summary["paid_fen"] == money_of(recorded)

    sales_fen = replay.one("SELECT sum(json_extract(body, '$.total_fen')) FROM journal WHERE kind = 'sale.completed'")
    back_fen = replay.one("SELECT sum(json_extract(body, '$.total_fen')) FROM journal WHERE kind = 'sale.refunded'")
    assert (sales_fen or 0) - (back_fen or 0) == money_of(recorded)
    assert replay.one("SELECT sum(amount_fen) FROM view_account") == 0

    assert summary["slips_printed"] + summary["slips_unconfirmed"] == len(recorded)
    assert summary["slips_unconfirmed"] == 0
    numbers = [line.split()[1] for slip in replay.printer.slips() for line in slip if line.startswith(RECEIPT_LINE)]
    sales = [number for (number,) in replay.query("SELECT sale FROM view_sale ORDER BY seq")]
    assert numbers == sales

    assert not list(same_entries(replay))
    assert summary["hq_acked"] == summary["journal_entries"] == len(replay.around.entries(replay.store))
    rows, manifest = pulled(replay)
    assert sum(row["amount_fen"] for row in rows) == money_of(recorded)
    assert manifest["total_fen"] == money_of(recorded)
    assert manifest["hidden"]["rows"] == 0
    assert manifest["unbalanced"] == manifest["unreadable"] == []
    known = manifest["stores"][replay.store]
    assert known["complete_up_to"] == summary["journal_entries"]
    assert known["chain_verified"] and not known["alarms"]

    report = verify(replay.journal, views)
    assert (report.fault, report.entries) == (None, summary["journal_entries"])
    assert report.seals > 0
    said = storebox("ledger", "verify", "--state", str(replay.state), "--json")
    assert said.returncode == 0, said.stderr
    assert json.loads(said.stdout)["entries"] == summary["journal_entries"]


def test_our_own_baskets_with_every_oddity(around: Around, tmp_path: Path) -> None:
    replay = new_replay(around, tmp_path, baskets_of(OWN))
    summary = replay.finish()
    check_everything(replay, summary)
    assert summary["refunded"] > 0
    again = replay.finish()
    assert again["known_before"] == summary["completed"] + summary["refunded"]
    assert {**again, "known_before": 0} == summary


def test_bad_baskets_are_named_and_the_others_recorded(around: Around, tmp_path: Path) -> None:
    good = baskets_of(OWN, 6)
    twice, below, far = {**good[0]}, {**good[1], "basket": "B1", "paid": -1}, {**good[2], "basket": "B2"}
    huge = {**good[3], "basket": "B3", "lines": [bigger(line) for line in good[3]["lines"]] * 40}
    huge["paid"] = sum(line["paid"] for line in huge["lines"])
    lines = [*good[:3], twice, below, {**far, "at": "9999-12-31T23:00:00"}, huge, *good[3:]]
    replay = new_replay(around, tmp_path, lines)
    with replay.file.open("ab") as file:
        file.write(b"{\n\xff\xfe\x00garbage\n" + json.dumps({**good[0], "basket": "B4"}).encode() + b"\n")
    summary = replay.finish()
    assert [(one["basket"], one["code"]) for one in summary["refused"]] == [
        (good[0]["basket"], "replay.duplicate"),
        ("B1", "replay.sum_differs"),
        ("B2", "replay.malformed"),
        ("B3", "tender.bad_amount"),
        ("", "replay.malformed"),
        ("", "replay.malformed"),
        ("B4", "replay.mixed_stores"),
    ]
    assert summary["completed"] + summary["refunded"] == 6
    assert summary["paid_fen"] == money_of(good)
    assert not list(same_entries(replay))
    again = replay.finish()  # what the shop's rules refused is tried again, and refused again
    same = ("baskets", "completed", "refunded", "refused", "paid_fen", "slips_printed")
    assert {key: again[key] for key in same} == {key: summary[key] for key in same}
    assert again["known_before"] == 6


def bigger(line: dict[str, Any]) -> dict[str, Any]:
    """Return a line at a price that no till takes, within what one line may cost."""
    return {**line, "list": 10**11, "member_discount": 0, "coupon": 0, "paid": 10**11}


@pytest.mark.slow
@needs_real_baskets
def test_a_part_of_the_real_baskets(around: Around, tmp_path: Path) -> None:
    replay = new_replay(around, tmp_path, baskets_of(SHARED, 150))
    summary = replay.finish()
    assert summary["refused"] == []
    check_everything(replay, summary)


@pytest.mark.torture
@needs_real_baskets
def test_the_whole_year_of_real_baskets(around: Around, tmp_path: Path) -> None:
    baskets = baskets_of(SHARED)
    assert len(baskets) == ALL_BASKETS
    replay = new_replay(around, tmp_path, baskets)
    summary = replay.finish(timeout_s=1_200)
    print(summary)
    check_everything(replay, summary)

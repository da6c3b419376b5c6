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


def test_our_own_baskets_with_every_oddity(around: Around, tmp_path: Path) -> None:
    replay = new_replay(around, tmp_path, baskets_of(OWN))
    summary = replay.finish()
    check_everything(replay, summary)
    assert summary["refunded"] > 0
    again = replay.finish()
    assert again["known_before"] == summary["completed"] + summary["refunded"]
    assert {**again, "known_before": 0} == summary


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

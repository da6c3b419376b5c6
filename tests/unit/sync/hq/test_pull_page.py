"""The page of the pull's columns is written from the code: `python -m tests.unit.sync.hq.test_pull_page` writes it."""

from pathlib import Path

from sync.hq.pull_columns import COLUMNS, Kind, Rows

PAGE = Path(__file__).parents[4] / "docs" / "ledger-pull.md"
PARQUET = {Kind.TEXT: "VARCHAR", Kind.NUMBER: "BIGINT", Kind.DAY: "DATE", Kind.MOMENT: "TIMESTAMPTZ (UTC)"}
HEAD = """# The ledger, pulled

`storebox-hq pull` and `GET /v1/ledger` give the same rows. Names and order of columns stay; new ones come at the end.

| form | what it is |
|---|---|
| `csv` | UTF-8 with byte order mark; ids that look like numbers end with a tab, so that spreadsheets keep all digits |
| `jsonl` | a JSON object a line; `{"manifest": …}` is the last one |
| `xlsx` | one sheet, ids are text; up to 1,048,575 rows |
| `parquet` | zstd, types as below |
| `beancount` | postings and books, one balanced transaction each a store and day; `bean-check` accepts it |

Which days: `--day-state` or `day_state=`.

| value | days that are shown |
|---|---|
| `matched` | the default: closed, and matched with the platforms' bills; closed days where there are no bills |
| `closed` | closed by the store, whatever became of the matching |
| `settled` | every platform's money and every deposit has its bank line |
| `any` | open days too |

Which stores: one (`--store`, `store=`), a group's (`--group`, `group=`; `storebox-hq group add north S001`), else
all that the token may read. A headquarters that never had a bill has nothing to match days with.

`--rows postings` is the double entry of trade, from the boxes' entries; `--rows books` that of headquarters: payouts
with their fees, deposits, settled differences, bank lines. With both, a platform's clearing account is at zero for each
day whose money the bank has; `storebox-hq ledger balance` and `GET /v1/ledger/balance` add them up. Rows of the books
have no day state: all are shown.

The manifest says what the rows add up to, what is hidden because of its day's state, and for each store up to which
entry it is complete, whether its chain is verified and when it was last seen. `unreadable` names entries of money whose
amounts can't be read or that name no day: their money is missing from the rows, whatever days were asked for. Beside a
file it is `FILE.manifest.json`.

Over the network a pull that breaks off goes on where it broke: with `cursors=true` there is `{"cursor": …}` after each
page; ask again with `after=` and the last one, and drop the rows that came behind it. A store's rows are
those that were here when its first one was read.
"""


def page() -> str:
    parts = [HEAD]
    for rows, title in (
        (Rows.TENDERS, "One row a tender"),
        (Rows.POSTINGS, "One row a posting"),
        (Rows.BOOKS, "One row a posting of headquarters"),
    ):
        parts.append(f"## {title} (`--rows {rows}`)\n\n| column | Parquet | meaning |\n|---|---|---|")
        parts.append(
            "\n".join(f"| `{one.name}` | {PARQUET[one.kind]} | {one.meaning} |" for one in COLUMNS[rows]) + "\n"
        )
    return "\n".join(parts)


def test_the_page_is_as_the_code_says() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), "run python -m tests.unit.sync.hq.test_pull_page"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")

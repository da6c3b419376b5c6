"""Above how much money a second person must approve: STATE/differences.toml; config/differences.toml shows how."""

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from agent.core.errors import Refused
from agent.core.reconcile.workflow import Limits

LIMITS_FILE = "differences.toml"
_USUAL = Limits()


class _Limits(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    second_person_above_fen: int = Field(_USUAL.second_person_above_fen, ge=0)
    write_off_above_fen: int = Field(_USUAL.write_off_above_fen, ge=0)


def limits_of(state: Path | None) -> Limits:
    """Return the limits of this headquarters, the usual ones without a file; refuses with `difference.bad_limits`."""
    if state is None:
        return _USUAL
    path = state / LIMITS_FILE
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8")) if path.is_file() else {}
        return Limits(**_Limits.model_validate(table).model_dump())
    except ValidationError as error:
        first = error.errors()[0]
        reason = f"{'.'.join(str(part) for part in first['loc'])}: {first['msg']}"
    except (ValueError, OSError) as error:
        reason = str(error)
    raise Refused("difference.bad_limits", file=LIMITS_FILE, reason=reason[:200])

"""What the system refuses, said like every other refusal: a code, a sentence, what to do."""

import errno

from pysqlite3 import dbapi2 as sqlite3

from agent.core.errors import Broken, Refused, StoreboxError, TryLater
from agent.store.failures import explained

_NO_RIGHTS = {errno.EACCES, errno.EPERM}
_NO_ROOM = {errno.ENOSPC, errno.EDQUOT}
_NOT_THERE = {errno.ENOENT, errno.ENOTDIR, errno.EISDIR}


def in_words(error: OSError | sqlite3.Error) -> StoreboxError:
    """Return an error of files, disks or SQLite as what a person is told."""
    if isinstance(error, sqlite3.Error):
        return explained(error) or Broken("command.store_differs", reason=str(error)[:120])
    path, reason = str(error.filename or "-")[-160:], error.strerror or type(error).__name__
    if error.errno in _NO_RIGHTS:
        return Refused("command.no_rights", path=path)
    if error.errno in _NO_ROOM:
        return TryLater("command.no_room", path=path)
    if error.errno in _NOT_THERE:
        return Refused("command.not_there", path=path, reason=reason)
    if error.errno == errno.EROFS:
        return Refused("command.read_only", path=path)
    return TryLater("command.system", path=path, reason=reason)

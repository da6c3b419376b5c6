"""The port of the till's page: ours while the box runs, free otherwise."""

import socket
from contextlib import closing

from agent.core.errors import StoreboxError
from agent.diagnosis.finding import Finding, failing, well
from agent.diagnosis.holders import listeners_on
from agent.diagnosis.site import Site


def pages(site: Site) -> Finding:
    """Ask the running box's page for its health; of a box that does not run, see whether the port is free."""
    host, port = site.settings.web.host, site.settings.web.port
    address = f"{host}:{port}"
    return _answering(site, host, port, address) if site.runs else _free(site, host, port, address)


def _answering(site: Site, host: str, port: int, address: str) -> Finding:
    from sync.session import HttpSession

    asked = "127.0.0.1" if host in ("0.0.0.0", "::") else host
    url = f"http://{f'[{asked}]' if ':' in asked else asked}:{port}"
    session = HttpSession(url, connect_timeout_s=site.within_s, read_timeout_s=site.within_s)
    with closing(session):
        try:
            answer = session.send("GET", "/health")
        except StoreboxError as error:
            return failing("web.silent", "pages", (error.code, error.code), address=address)
    if answer.status != 200:
        said = f"HTTP {answer.status}"
        return failing("web.silent", "pages", (said, said), address=address)
    return well("pages", f"{url} 有应答", f"{url} answers")


def _free(site: Site, host: str, port: int, address: str) -> Finding:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        socket.create_server((host, port), family=family).close()
    except OSError as error:
        holders = ", ".join(map(str, listeners_on(port, site.roots.proc)))
        reason = holders or str(error.strerror)
        return failing("web.address_taken", "pages", (reason, reason), host=host, port=port, reason=reason)
    return well("pages", f"盒子没在跑,{address} 空着", f"the box does not run, {address} is free")


EXAMINATIONS = (pages,)

"""`/health` for whoever watches the box, `/metrics` for Prometheus."""

from collections.abc import Iterator
from ipaddress import ip_address
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import Response

from agent.core.errors import Credentials
from agent.services import health as shop_health
from agent.services.figures import GOOD, figures, program_version
from agent.web.access import TheWeb, Web, known, web_of

router = APIRouter(tags=["health"])


@router.get("/health")
def health(request: Request, response: Response, web: TheWeb) -> dict[str, Any]:
    """Return status and version; with a session one line a part as well.

    `ok` and `degraded` sell. A box that may not sell any more says `stopped` with status 503, so that whoever changed
    its release takes it back.
    """
    lamps = shop_health.lamps(web.shop)
    stopped = web.shop.writer.stopped
    good = stopped is None and all(lamp.get("state") in GOOD for lamp in lamps.values())
    if stopped is not None:
        response.status_code = 503
    status = "stopped" if stopped is not None else "ok" if good else "degraded"
    answer: dict[str, Any] = {"status": status, "version": program_version()}
    if known(request) is None:
        return answer
    parts = {name: f"{lamp.get('state')} {lamp.get('code') or ''}".strip() for name, lamp in lamps.items()}
    for lamp in lamps.values():
        for name, state in lamp.get("devices", {}).items():
            parts[name] = f"{state} {lamp.get('models', {}).get(name, '')}".strip()
    parts["journal"] = "ok" if stopped is None else f"stopped {stopped}"
    waiting = shop_health.unsent(web.shop)
    parts["unsent"] = f"{waiting['entries']} entries, {waiting['amount_fen']} fen"
    return {**answer, "parts": parts}


@router.get("/metrics", include_in_schema=False)
def metrics(request: Request, web: TheWeb) -> Response:
    """Return figures in Prometheus' form; to this machine only, unless the settings open it."""
    if not request.app.state.metrics_everywhere and not _is_local(request):
        raise Credentials("act.not_allowed", act="metrics", role="")
    from prometheus_client import CONTENT_TYPE_LATEST, CollectorRegistry, generate_latest

    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Figures(web_of(request)))
    return Response(generate_latest(registry), media_type=CONTENT_TYPE_LATEST)


def _is_local(request: Request) -> bool:
    if request.client is None:
        return True
    try:
        return ip_address(request.client.host).is_loopback
    except ValueError:  # a UNIX socket or a test has no address
        return request.client.host in ("", "testclient")


class _Figures:
    """Reads the shop's figures when Prometheus asks."""

    def __init__(self, web: Web) -> None:
        self._web = web

    def collect(self) -> Iterator[Any]:
        from prometheus_client.core import GaugeMetricFamily

        for figure in figures(self._web.shop):
            labels = sorted({name for given, _ in figure.samples for name in given})
            metric = GaugeMetricFamily(figure.name, figure.about, labels=labels)
            for given, value in figure.samples:
                metric.add_metric([given[name] for name in labels], float(value))
            yield metric
        yield GaugeMetricFamily("storebox_live_streams", "Open pages", value=self._web.hub.streams)

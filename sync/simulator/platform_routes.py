"""The addresses of WeChat Pay and Alipay, all on one host: each request goes as it came to the desk that speaks it."""

from collections.abc import Callable

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from sync.simulator.alipay.desk import AlipayDesk
from sync.simulator.call import Call, call_of
from sync.simulator.wechat.v2 import WechatV2
from sync.simulator.wechat.v3 import WechatV3
from sync.simulator.who_pays import WhoPays, who_pays_routes
from sync.simulator.world import World

PLATFORM_PATHS = ("/v3/", "/pay/", "/secapi/", "/tools/", "/gateway.do", "/downloadBillFile.resource", "/sns/")
_METHODS = ["GET", "POST"]


def platform_routes(world: World) -> APIRouter:
    """Return the routes of both platforms."""
    router = APIRouter()
    who = WhoPays(world)
    v3, v2, alipay = WechatV3(world), WechatV2(world), AlipayDesk(world, who)
    router.include_router(who_pays_routes(who))

    def serve(path: str, desk: Callable[[Call], Response]) -> None:
        async def handle(request: Request) -> Response:
            return await run_in_threadpool(desk, await call_of(request))

        router.add_api_route(path, handle, methods=_METHODS, include_in_schema=False)

    serve("/v3/{rest:path}", v3.answer)
    for path in ("/pay/{rest:path}", "/secapi/{rest:path}", "/tools/{rest:path}"):
        serve(path, v2.answer)
    serve("/gateway.do", alipay.answer)
    serve("/downloadBillFile.resource", alipay.download)
    return router

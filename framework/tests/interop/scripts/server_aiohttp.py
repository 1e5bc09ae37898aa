"""A server on `aiohttp` that plays what the path says: `server_aiohttp.py PORT`."""

import asyncio
import sys
import time

from aiohttp import WSMsgType, web

DATA = (WSMsgType.TEXT, WSMsgType.BINARY)


def say(line):
    print(line, flush=True)


async def messages(ws):
    """Yields text and binary messages, and says how the connection was closed."""
    while True:
        message = await ws.receive()
        if message.type in DATA:
            yield message.data
        elif message.type == WSMsgType.CLOSE:
            say(f"closed {message.data} {message.extra}")
            return
        elif message.type in (WSMsgType.CLOSED, WSMsgType.CLOSING, WSMsgType.ERROR):
            return


async def until_closed(ws):
    async for _ in messages(ws):
        pass


async def echo(ws, _):
    async for message in messages(ws):
        await (ws.send_str if isinstance(message, str) else ws.send_bytes)(message)


async def headers(ws, request):
    await ws.send_str("|".join(request.headers.getall("X-Tag")))
    await until_closed(ws)


async def ping(ws, _):
    await ws.ping(b"are you there?")
    message = await ws.receive()
    if message.type == WSMsgType.PONG and message.data == b"are you there?":
        await ws.send_str("ponged")
    await until_closed(ws)


async def close(ws, request):
    await ws.close(code=int(request.query["code"]), message=request.query.get("reason", "").encode())


async def vanish(_, request):
    request.transport.abort()


async def numbers(ws, request):
    for number in range(int(request.query["count"])):
        await ws.send_str(str(number))
    await until_closed(ws)


async def count(ws, _):
    expected = 0
    async for message in messages(ws):
        if message == "done":
            await ws.send_str(f"{expected} in order")
        elif int(message) == expected:
            expected += 1
        else:
            await ws.send_str(f"{message} came where {expected} was expected")


async def log(ws, _):
    async for message in messages(ws):
        say("got " + message.rstrip())


async def first(ws, _):
    say("got " + await ws.receive_str())
    # Not asyncio's: nothing more is read.
    time.sleep(3600)


def route(play):
    async def handler(request):
        ws = web.WebSocketResponse(protocols=["chat.v2"], max_msg_size=0, autoping=play is not ping)
        ws.headers.add("X-Answer", "one")
        ws.headers.add("X-Answer", "two")
        await ws.prepare(request)
        try:
            await play(ws, request)
        except ConnectionError:
            pass
        return ws

    return web.get(f"/{play.__name__}", handler)


async def forbidden(_):
    return web.Response(status=403, text="not you")


async def main(port):
    app = web.Application()
    app.add_routes(map(route, [echo, headers, ping, close, vanish, numbers, count, log, first]))
    app.add_routes([web.get("/forbidden", forbidden)])
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", int(port)).start()
    say(f"listening on {runner.addresses[0][1]}")
    await asyncio.Event().wait()


asyncio.run(main(*sys.argv[1:]))

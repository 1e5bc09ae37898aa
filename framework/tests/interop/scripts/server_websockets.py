"""A server on `websockets` that plays what the path says: `server_websockets.py PORT [CERTIFICATE KEY]`."""

import asyncio
import http
import ssl
import sys
import time
from urllib.parse import parse_qs, urlsplit

from websockets.asyncio.server import serve
from websockets.exceptions import ConnectionClosed


def say(line):
    print(line, flush=True)


async def echo(ws, _):
    async for message in ws:
        await ws.send(message)


async def headers(ws, _):
    await ws.send("|".join(ws.request.headers.get_all("X-Tag")))
    await ws.wait_closed()


async def fragments(ws, _):
    await ws.send(["späť ", "", "☃ ", "end"])
    await ws.send([b"\x00", b"\xff\xfe"])
    await ws.wait_closed()


async def ping(ws, _):
    pong = await ws.ping("are you there?")
    await pong
    await ws.send("ponged")
    await ws.wait_closed()


async def close(ws, query):
    await ws.close(int(query["code"][0]), query.get("reason", [""])[0])


async def vanish(ws, _):
    ws.transport.abort()


async def numbers(ws, query):
    for number in range(int(query["count"][0])):
        await ws.send(str(number))
    await ws.wait_closed()


async def count(ws, _):
    expected = 0
    async for message in ws:
        if message == "done":
            await ws.send(f"{expected} in order")
        elif int(message) == expected:
            expected += 1
        else:
            await ws.send(f"{message} came where {expected} was expected")


async def log(ws, _):
    async for message in ws:
        say("got " + message.rstrip())


async def first(ws, _):
    say("got " + await ws.recv())
    # Not asyncio's: nothing more is read.
    time.sleep(3600)


PLAYS = {
    "/echo": echo, "/headers": headers, "/fragments": fragments, "/ping": ping, "/close": close, "/vanish": vanish,
    "/numbers": numbers, "/count": count, "/log": log, "/first": first,
}


async def play(ws):
    url = urlsplit(ws.request.path)
    try:
        await PLAYS[url.path](ws, parse_qs(url.query))
    except ConnectionClosed:
        pass
    await ws.wait_closed()
    say(f"closed {ws.close_code} {ws.close_reason}")


def refuse(connection, request):
    if request.path == "/forbidden":
        return connection.respond(http.HTTPStatus.FORBIDDEN, "not you")


def agree(_, offered):
    return "chat.v2" if "chat.v2" in offered else None


def answer(_, request, response):
    response.headers["X-Answer"] = "one"
    response.headers["X-Answer"] = "two"


async def main(port, certificate=None, key=None):
    context = None
    if certificate:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
    async with serve(
        play, "127.0.0.1", int(port), ssl=context, max_size=None, select_subprotocol=agree,
        process_request=refuse, process_response=answer,
    ) as server:
        say(f"listening on {server.sockets[0].getsockname()[1]}")
        await server.serve_forever()


asyncio.run(main(*sys.argv[1:]))

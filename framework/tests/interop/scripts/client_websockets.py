"""A client on `websockets` of an endpoint that echoes: `client_websockets.py URL`. Says `ok` or fails."""

import asyncio
import os
import sys

from websockets.asyncio.client import connect

SIZES = [1, 125, 126, 65535, 65536, 1024 * 1024]
FLOOD = 20_000


async def flood(ws):
    async def send():
        for number in range(FLOOD):
            await ws.send(str(number))

    sending = asyncio.create_task(send())
    for number in range(FLOOD):
        assert await ws.recv() == str(number)
    await sending


async def main(url):
    # The library's own client offers compression; the endpoint must do without, or do it right.
    async with connect(url, max_size=None, subprotocols=["chat.v1"]) as ws:
        for message in ["text", "späť ☃ 🦀", "", *map(os.urandom, SIZES)]:
            await ws.send(message)
            assert await ws.recv() == message
        await ws.send(["frag", "", "mented ☃"])
        assert await ws.recv() == "fragmented ☃"
        await (await ws.ping("are you there?"))
        await flood(ws)
        await ws.close(4001, "späť")
        assert (ws.close_code, ws.close_reason) == (4001, "späť"), (ws.close_code, ws.close_reason)
    print("ok", flush=True)


asyncio.run(main(*sys.argv[1:]))

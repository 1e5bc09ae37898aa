"""Python `websockets` under test: `client_websockets.py ADDRESS WORK SECONDS`. Says what it counted, as one line of JSON."""

import asyncio
import json
import resource
import sys
import time

from websockets.asyncio.client import connect
from websockets.exceptions import ConnectionClosed

SIZE = 128
BATCH = 256


def cpu():
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return usage.ru_utime + usage.ru_stime


async def echo(ws, size):
    messages = 0
    await ws.send(b"x" * size)
    async for message in ws:
        messages += 1
        try:
            await ws.send(message)
        except ConnectionClosed:
            break
    return messages


async def receive(ws, decode):
    messages = 0
    async for message in ws:
        if decode:
            json.loads(message)
        messages += 1
    return messages


async def send(ws, start, seconds):
    message, sent = b"x" * SIZE, 0
    while time.monotonic() - start < seconds:
        for _ in range(BATCH):
            await ws.send(message)
        sent += BATCH
    await ws.close()
    return sent


async def main(address, work, seconds):
    name, _, size = work.partition(":")
    compression = "deflate" if name == "compressed" else None
    async with connect(f"ws://{address}/", max_size=None, compression=compression, proxy=None) as ws:
        start, before = time.monotonic(), cpu()
        if name == "echo":
            messages = await echo(ws, int(size))
        elif name == "sink":
            messages = await send(ws, start, float(seconds))
        else:
            messages = await receive(ws, name in ("json", "compressed"))
        spent = time.monotonic() - start
        print(json.dumps({"messages": messages, "seconds": spent, "cpu": cpu() - before}), flush=True)


asyncio.run(main(*sys.argv[1:]))

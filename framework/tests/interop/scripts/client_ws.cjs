// A client on `ws` of an endpoint that echoes: `node client_ws.cjs URL`. Says `ok` or fails.
"use strict";

const assert = require("node:assert/strict");
const { randomBytes } = require("node:crypto");
const { once } = require("node:events");
const { WebSocket } = require("ws");

const SIZES = [1, 125, 126, 65535, 65536, 1024 * 1024];
const FLOOD = 20000;

async function echoed(ws, message) {
  const [data, binary] = await once(ws, "message");
  assert.equal(binary, typeof message !== "string");
  assert.deepEqual(binary ? data : data.toString(), message);
}

async function main(url) {
  const ws = new WebSocket(url);
  await once(ws, "open");
  for (const message of ["text", "späť ☃ 🦀", "", ...SIZES.map((size) => randomBytes(size))]) {
    ws.send(message);
    await echoed(ws, message);
  }
  ["frag", "", "mented ☃"].forEach((part, index) => ws.send(part, { fin: index === 2 }));
  await echoed(ws, "fragmented ☃");
  ws.ping("are you there?");
  const [pong] = await once(ws, "pong");
  assert.equal(pong.toString(), "are you there?");

  let expected = 0;
  const flooded = new Promise((resolve, reject) => {
    ws.on("message", (data) => {
      if (Number(data.toString()) !== expected) reject(new Error(`${data} came where ${expected} was expected`));
      expected += 1;
      if (expected === FLOOD) resolve();
    });
  });
  for (let number = 0; number < FLOOD; number += 1) ws.send(String(number));
  await flooded;

  ws.close(4001, "späť");
  const [code, reason] = await once(ws, "close");
  assert.deepEqual([code, reason.toString()], [4001, "späť"]);
  process.stdout.write("ok\n");
}

main(process.argv[2]).catch((error) => {
  console.error(error);
  process.exit(1);
});

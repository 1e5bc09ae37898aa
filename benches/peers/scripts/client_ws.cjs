// Node's `ws` under test: `node client_ws.cjs ADDRESS WORK SECONDS`. Says what it counted, as one line of JSON.
"use strict";

const { WebSocket } = require("ws");

const SIZE = 128;
const BATCH = 256;
// How many bytes may wait in its queue, which has no bound of its own.
const WAITING = 1 << 20;

const seconds = () => Number(process.hrtime.bigint()) / 1e9;
const cpu = () => {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
};

function main(address, work, duration) {
  const [name, size] = work.split(":");
  const ws = new WebSocket(`ws://${address}/`, { perMessageDeflate: name === "compressed" });
  let messages = 0;
  let start;
  let before;

  const flood = () => {
    while (ws.bufferedAmount < WAITING) {
      if (seconds() - start >= Number(duration)) {
        ws.close();
        return;
      }
      for (let sent = 0; sent < BATCH; sent += 1) ws.send(flood.message);
      messages += BATCH;
    }
    setImmediate(flood);
  };
  flood.message = Buffer.alloc(SIZE, "x");

  ws.on("open", () => {
    [start, before] = [seconds(), cpu()];
    if (name === "echo") ws.send(Buffer.alloc(Number(size), "x"));
    if (name === "sink") flood();
  });
  ws.on("message", (data) => {
    messages += 1;
    if (name === "echo") ws.send(data);
    if (name === "json" || name === "compressed") JSON.parse(data);
  });
  ws.on("close", () => {
    console.log(JSON.stringify({ messages, seconds: seconds() - start, cpu: cpu() - before }));
  });
}

main(...process.argv.slice(2));

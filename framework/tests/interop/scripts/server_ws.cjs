// A server on `ws` that plays what the path says: `node server_ws.cjs PORT`.
"use strict";

const http = require("node:http");
const { WebSocketServer } = require("ws");

const say = (line) => process.stdout.write(`${line}\n`);

const plays = {
  "/echo": (ws) => ws.on("message", (data, binary) => ws.send(data, { binary })),

  "/headers": (ws, request) => {
    const raw = request.rawHeaders;
    const values = raw.filter((_, index) => index % 2 === 1 && raw[index - 1].toLowerCase() === "x-tag");
    ws.send(values.join("|"));
  },

  "/fragments": (ws) => {
    ["späť ", "", "☃ ", "end"].forEach((part, index) => ws.send(part, { fin: index === 3 }));
    [[0x00], [0xff, 0xfe]].forEach((part, index) => ws.send(Buffer.from(part), { fin: index === 1 }));
  },

  "/ping": (ws) => {
    ws.on("pong", (payload) => payload.toString() === "are you there?" && ws.send("ponged"));
    ws.ping("are you there?");
  },

  "/close": (ws, _, query) => ws.close(Number(query.get("code")), query.get("reason") ?? ""),

  // A close frame without a code, which few servers send.
  "/leave": (ws) => ws.close(),

  "/vanish": (ws) => ws.terminate(),

  "/numbers": (ws, _, query) => {
    for (let number = 0; number < Number(query.get("count")); number += 1) ws.send(String(number));
  },

  "/count": (ws) => {
    let expected = 0;
    ws.on("message", (data) => {
      const text = data.toString();
      if (text === "done") ws.send(`${expected} in order`);
      else if (Number(text) === expected) expected += 1;
      else ws.send(`${text} came where ${expected} was expected`);
    });
  },

  // Blocks the only thread: nothing more is read.
  "/first": (ws) => ws.on("message", (data) => {
    say(`got ${data}`);
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
  }),

  "/log": (ws) => ws.on("message", (data) => say(`got ${data.toString().trimEnd()}`)),
};

const wss = new WebSocketServer({
  noServer: true,
  handleProtocols: (offered) => (offered.has("chat.v2") ? "chat.v2" : false),
});
wss.on("headers", (headers) => headers.push("X-Answer: one", "X-Answer: two"));

const server = http.createServer();
server.on("upgrade", (request, socket, head) => {
  const url = new URL(request.url, "ws://localhost");
  if (url.pathname === "/forbidden") {
    socket.end("HTTP/1.1 403 Forbidden\r\nContent-Length: 7\r\nConnection: close\r\n\r\nnot you");
    return;
  }
  wss.handleUpgrade(request, socket, head, (ws) => {
    ws.on("close", (code, reason) => say(`closed ${code} ${reason}`));
    plays[url.pathname](ws, request, url.searchParams);
  });
});
server.listen(Number(process.argv[2]), "127.0.0.1", () => say(`listening on ${server.address().port}`));

// The real engine.io-client against the echo server that the Go test started.
// Run by server/engineio/node_test.go; ENGINE_URL says where the server is.
import assert from "node:assert/strict";
import { test } from "node:test";
import { Socket } from "engine.io-client";

const url = process.env.ENGINE_URL;

const once = (socket, event) => new Promise((resolve) => socket.once(event, resolve));
const soon = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

async function open(options) {
  const socket = new Socket(url, { path: "/engine.io/", ...options });
  const closed = once(socket, "close").then((reason) => { throw new Error(`closed: ${reason}`); });
  closed.catch(() => {});
  await Promise.race([once(socket, "open"), closed]);
  return socket;
}

// collect resolves when count messages have come.
function collect(socket, count) {
  return new Promise((resolve, reject) => {
    const got = [];
    socket.on("message", (data) => {
      got.push(data);
      if (got.length === count) resolve(got);
    });
    socket.once("close", (reason) => reject(new Error(`closed after ${got.length}: ${reason}`)));
  });
}

const ways = {
  "polling then websocket": {},
  "polling only": { transports: ["polling"] },
  "websocket only": { transports: ["websocket"] },
  "websocket in base64": { transports: ["websocket"], forceBase64: true },
  "polling without upgrade": { upgrade: false },
};

for (const [name, options] of Object.entries(ways)) {
  test(`echo, ${name}`, async () => {
    const socket = await open(options);
    const sent = Array.from({ length: 300 }, (_, i) => `message ${i} é 👋`);
    const got = collect(socket, sent.length);
    for (const message of sent) socket.send(message);
    assert.deepEqual(await got, sent);
    socket.close();
  });

  test(`binary, ${name}`, async () => {
    const socket = await open(options);
    socket.binaryType = "arraybuffer";
    const got = collect(socket, 3);
    socket.send(Uint8Array.from([1, 2, 3, 4]));
    socket.send("between");
    socket.send(new Uint8Array(0));
    const [first, second, third] = await got;
    assert.deepEqual([...new Uint8Array(first)], [1, 2, 3, 4]);
    assert.equal(second, "between");
    assert.equal(new Uint8Array(third).length, 0);
    socket.close();
  });
}

test("clients live on heartbeats", async () => {
  await Promise.all(Object.values(ways).map(async (options) => {
    const socket = await open(options);
    let reason;
    socket.once("close", (r) => { reason = r; });
    await soon(2000); // four times what a silent client would get
    assert.equal(reason, undefined);
    const got = collect(socket, 1);
    socket.send("still here");
    assert.deepEqual(await got, ["still here"]);
    socket.close();
  }));
});

test("messages before, during and after the upgrade arrive once and in order", async () => {
  for (let round = 0; round < 20; round++) {
    const socket = await open({});
    const total = 120;
    const got = collect(socket, total);
    const upgraded = once(socket, "upgrade");
    let sent = 0;
    while (sent < total) {
      socket.send(String(sent++));
      if (sent % (3 + round) === 0) await soon(round % 3);
    }
    assert.deepEqual(await got, Array.from({ length: total }, (_, i) => String(i)));
    await upgraded;
    assert.equal(socket.transport.name, "websocket");
    socket.close();
  }
});

test("the server's end is seen", async () => {
  for (const transports of [["polling"], ["websocket"]]) {
    const socket = await open({ transports });
    const closed = once(socket, "close");
    socket.send("close me"); // the echo server of the Go test closes on this
    await closed;
  }
});

test("the client's end is clean", async () => {
  for (const transports of [["polling"], ["websocket"], ["polling", "websocket"]]) {
    const socket = await open({ transports });
    const closed = once(socket, "close");
    socket.close();
    assert.equal(await closed, "forced close");
  }
});

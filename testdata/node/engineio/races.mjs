// Requests of one client on two connections, in whichever order they arrive,
// many times over, with node's fetch and the ws package.
// Run by server/engineio/node_test.go; ENGINE_URL says where the server is.
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { test } from "node:test";

// ws comes with engine.io-client.
const require = createRequire(createRequire(import.meta.url).resolve("engine.io-client"));
const { WebSocket } = require("ws");

const rounds = Number(process.env.ENGINE_ROUNDS ?? 30);
const base = `${process.env.ENGINE_URL}/engine.io/?EIO=4&transport=`;

const poll = (sid) => fetch(`${base}polling&sid=${sid}`);
const post = (sid, body) => fetch(`${base}polling&sid=${sid}`, { method: "POST", body });
const handshake = async () => JSON.parse((await (await fetch(`${base}polling`)).text()).slice(1)).sid;

// connect opens a WebSocket whose messages can be awaited one by one. It has no
// error listener on purpose: an error after the 101 must not happen.
async function connect(sid) {
  const socket = new WebSocket(`${base.replace("http", "ws")}websocket&sid=${sid}`);
  const messages = [];
  const waiting = [];
  socket.on("message", (data) => {
    const text = data.toString();
    waiting.length ? waiting.shift()(text) : messages.push(text);
  });
  socket.next = () => (messages.length ? Promise.resolve(messages.shift()) : new Promise((r) => waiting.push(r)));
  socket.closed = new Promise((resolve) => socket.on("close", resolve));
  await new Promise((resolve) => socket.on("open", resolve));
  return socket;
}

async function probe(sid) {
  const socket = await connect(sid);
  socket.send("2probe");
  assert.equal(await socket.next(), "3probe");
  return socket;
}

async function echoes(socket) {
  socket.send("4hello");
  assert.equal(await socket.next(), "4hello");
  socket.close();
}

const repeat = (name, round) =>
  test(name, async () => {
    for (let i = 0; i < rounds; i++) await round();
  });

repeat("a poll and a closing post", async () => {
  const sid = await handshake();
  const [polled, posted] = await Promise.all([poll(sid), post(sid, "1")]);
  assert.equal(posted.status, 200);
  assert.equal(polled.status, 200);
  assert.equal(await polled.text(), "6");
  assert.equal((await poll(sid)).status, 400);
});

repeat("an upgrade and a poll", async () => {
  const sid = await handshake();
  const socket = await probe(sid);
  socket.send("5");
  assert.equal((await poll(sid)).status, 400);
  await echoes(socket);
});

repeat("a poll during the probe", async () => {
  const sid = await handshake();
  const socket = await probe(sid);
  const polled = await poll(sid);
  assert.equal(await polled.text(), "6");
  socket.send("5");
  await echoes(socket);
});

repeat("a second WebSocket", async () => {
  const sid = await handshake();
  const socket = await probe(sid);
  socket.send("5");
  const second = await connect(sid);
  await second.closed;
  await echoes(socket);
});

repeat("two polls", async () => {
  const sid = await handshake();
  const answers = await Promise.all([poll(sid), poll(sid)]);
  assert.deepEqual(answers.map((a) => a.status).sort(), [200, 400]);
  assert.equal(await answers.find((a) => a.status === 200).text(), "1");
  assert.equal((await poll(sid)).status, 400);
});

repeat("an aborted poll", async () => {
  const sid = await handshake();
  const controller = new AbortController();
  const aborted = fetch(`${base}polling&sid=${sid}`, { signal: controller.signal }).catch(() => {});
  await new Promise((resolve) => setTimeout(resolve, 5));
  controller.abort();
  await aborted;
  assert.equal((await poll(sid)).status, 400);
});

test("silent clients", async () => {
  await Promise.all(Array.from({ length: rounds }, async () => {
    const sid = await handshake();
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await poll(sid)).status, 400);
  }));
});

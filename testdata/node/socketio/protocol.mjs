// The Socket.IO protocol, revision 5, packet by packet, as the public suite asks for it: one message is awaited at a
// time, with a listener that is gone after it.
import assert from "node:assert/strict";
import { test } from "node:test";
import { base, WebSocket } from "./site.mjs";

const wsBase = base.replace("http", "ws");

function next(socket, type = "message", patience = 8000) {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`no ${type} within ${patience} ms`)), patience);
    socket.addEventListener(type, (event) => { clearTimeout(timer); resolve(event.data); }, { once: true });
  });
}

// answer is the next message that is not a ping; a busy machine may let one come between.
async function answer(socket) {
  for (;;) {
    const data = await next(socket);
    if (data !== "2") return data;
    socket.send("3");
  }
}

async function open() {
  const socket = new WebSocket(`${wsBase}/socket.io/?EIO=4&transport=websocket`);
  socket.binaryType = "arraybuffer";
  assert.match(await answer(socket), /^0\{/);
  return socket;
}

async function enter() {
  const socket = await open();
  socket.send("40");
  assert.match(await answer(socket), /^40\{"sid":"[^"]+"\}$/);
  assert.equal(await answer(socket), '42["auth",{}]');
  return socket;
}

function collect(socket, count) {
  const packets = [];
  return new Promise((resolve) => {
    socket.addEventListener("message", function listener({ data }) {
      if (data === "2") return socket.send("3");
      packets.push(typeof data === "string" ? data : [...new Uint8Array(data)]);
      if (packets.length < count) return;
      socket.removeEventListener("message", listener);
      resolve(packets);
    });
  });
}

const connections = [
  ["main namespace", "40", "40", '42["auth",{}]'],
  ["main namespace, payload", '40{"token":"123"}', "40", '42["auth",{"token":"123"}]'],
  ["custom namespace", "40/custom,", "40/custom,", '42/custom,["auth",{}]'],
  ["custom namespace, no comma", "40/custom", "40/custom,", '42/custom,["auth",{}]'],
  ["custom namespace, payload", '40/custom,{"token":"abc"}', "40/custom,", '42/custom,["auth",{"token":"abc"}]'],
];
for (const [name, packet, prefix, auth] of connections) {
  test(`connect: ${name}`, async () => {
    const socket = await open();
    socket.send(packet);
    const text = await answer(socket);
    assert.ok(text.startsWith(prefix), text);
    const handshake = JSON.parse(text.substring(prefix.length));
    assert.deepEqual(Object.keys(handshake), ["sid"]);
    assert.equal(typeof handshake.sid, "string");
    assert.equal(await answer(socket), auth);
    socket.close();
  });
}

test("connect: unknown namespace", async () => {
  const socket = await open();
  socket.send("40/random");
  assert.equal(await answer(socket), '44/random,{"message":"Invalid namespace"}');
  socket.close();
});

test("connect: garbage closes", async () => {
  const socket = await open();
  socket.send("4abc");
  await next(socket, "close");
});

test("connect: silence closes after the connect timeout", async () => {
  const start = Date.now();
  const socket = await open();
  socket.addEventListener("message", ({ data }) => { if (data === "2") socket.send("3"); });
  await next(socket, "close");
  const took = Date.now() - start;
  assert.ok(took > 900, `closed after ${took} ms, the timeout is 1000`);
});

test("disconnect: the connection stays and pings go on", async () => {
  const socket = await enter();
  socket.send("41");
  assert.equal(await next(socket), "2");
  socket.close();
});

test("disconnect: a custom namespace leaves the main one alone", async () => {
  const socket = await enter();
  assert.equal(await next(socket), "2");
  socket.send("3");
  socket.send("40/custom");
  assert.match(await answer(socket), /^40\/custom,\{"sid":/);
  assert.equal(await answer(socket), '42/custom,["auth",{}]');
  socket.send("41/custom");
  socket.send('42["message","to the main namespace"]');
  assert.equal(await answer(socket), '42["message-back","to the main namespace"]');
  socket.close();
});

test("message: text and ack", async () => {
  const socket = await enter();
  socket.send('42["message",1,"2",{"3":[true]}]');
  assert.equal(await answer(socket), '42["message-back",1,"2",{"3":[true]}]');
  socket.send('42456["message-with-ack",1,"2",{"3":[false]}]');
  assert.equal(await answer(socket), '43456[1,"2",{"3":[false]}]');
  socket.close();
});

test("message: binary and binary ack", async () => {
  const socket = await enter();
  const args = '{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]';
  let packets = collect(socket, 3);
  socket.send('452-["message",' + args);
  socket.send(Uint8Array.from([1, 2, 3]));
  socket.send(Uint8Array.from([4, 5, 6]));
  assert.deepEqual(await packets, ['452-["message-back",' + args, [1, 2, 3], [4, 5, 6]]);
  packets = collect(socket, 3);
  socket.send('452-789["message-with-ack",' + args);
  socket.send(Uint8Array.from([1, 2, 3]));
  socket.send(Uint8Array.from([]));
  assert.deepEqual(await packets, ["462-789[" + args, [1, 2, 3], []]);
  socket.close();
});

for (const packet of ["4abc", "42{}", '42abc["message-with-ack",1,"2",{"3":[false]}]', '42["disconnect"]', '451-["a",{"_placeholder":true,"num":7}]']) {
  test(`invalid: ${packet}`, async () => {
    const socket = await enter();
    socket.send(packet);
    await next(socket, "close");
  });
}

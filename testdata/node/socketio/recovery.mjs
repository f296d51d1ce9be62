// Connection state recovery as socket.io-client 4 does it: pid, offset, the recovered flag, and rooms.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, closeAll, connect, io, once, pause, start, until } from "./site.mjs";

after(closeAll);

for (const transports of [["websocket"], ["polling"], ["polling", "websocket"]]) {
  test(`recovered over ${transports}: what was missed comes before connect, rooms are back`, async () => {
    const room = `room of ${transports}`;
    const events = [];
    const socket = start(io, "/lab/", { transports, auth: { name: "ann" } });
    for (const name of ["connect", "disconnect", "connected", "said"]) socket.on(name, (value) => events.push([name, value]));
    await once(socket, "connected");
    assert.equal(socket.recovered, false);
    const id = socket.id;
    const other = await connect(io, "/lab/", { auth: { name: "bob" }, transports: ["websocket"] });
    await ask(socket, "join", room);
    await ask(other, "say", room, "one");
    await until(socket, "said", () => events.at(-1)[1] === "one");

    const gone = once(socket, "disconnect");
    socket.io.reconnectionDelay(300);
    socket.io.engine.close(); // the transport, not the namespace
    await gone;
    for (const text of ["two", "three"]) await ask(other, "say", room, text);
    await once(socket, "connected");
    await ask(other, "say", room, "four");
    await until(socket, "said", () => events.at(-1)[1] === "four");

    assert.equal(socket.recovered, true);
    assert.equal(socket.id, id);
    const names = events.map(([name, value]) => (name === "said" || name === "connected" ? `${name} ${value}` : name));
    assert.deepEqual(names, [
      "connect", "connected false", "said one", "disconnect",
      // The client hands out what came before the CONNECT answer, then says "connect".
      "said two", "said three", "connect", "connected true", "said four",
    ]);
    socket.close();
    other.close();
  });
}

test("not recovered: another person with the same pid", async () => {
  const ann = await connect(io, "/lab/", { auth: { name: "ann" }, transports: ["websocket"] });
  await ask(ann, "join", "secret room");
  const pid = ann._pid;
  const offset = ann._lastOffset;
  assert.ok(pid && offset, "the first event gives an offset from the start");
  ann.io.reconnection(false);
  ann.io.engine.close();
  const mallory = start(io, "/lab/", { auth: { name: "mallory", pid, offset }, transports: ["websocket"] });
  await once(mallory, "connected");
  assert.notEqual(mallory._pid, pid);
  mallory.close();
});

test("not recovered: the client left by itself", async () => {
  const socket = await connect(io, "/lab/", { auth: { name: "ann" }, transports: ["websocket"] });
  const id = socket.id;
  socket.disconnect();
  socket.connect();
  await once(socket, "connect");
  assert.equal(socket.recovered, false);
  assert.notEqual(socket.id, id);
  socket.close();
});

test("recovered under load: every event once and in order over many losses", async () => {
  const socket = start(io, "/lab/", { auth: { name: "ann" }, transports: ["websocket"], randomizationFactor: 0 });
  const got = [];
  let losses = 0;
  let recovered = 0;
  socket.on("said", (i) => got.push(i));
  socket.on("connect", () => { if (socket.recovered) recovered++; });
  await once(socket, "connected");
  await ask(socket, "join", "stream");
  const other = await connect(io, "/lab/", { auth: { name: "bob" }, transports: ["websocket"] });
  const count = 400;
  for (let i = 0; i < count; i++) {
    other.emit("say", "stream", i);
    // A manager whose engine is closed while it opens waits for its own timeout of 20 s.
    if (i % 40 === 20 && socket.io.engine.readyState === "open") {
      losses++;
      socket.io.engine.close();
      await pause(15);
    }
    if (i % 10 === 0) await ask(other, "echo", i);
  }
  await until(socket, "said", () => got.length >= count).catch((error) => {
    assert.fail(`${error}: got ${got.length}, ${losses} losses, recovered ${recovered} times, connected ${socket.connected}`);
  });
  assert.deepEqual(got, Array.from({ length: count }, (_, i) => i));
  assert.ok(recovered >= 5, `recovered ${recovered} times`);
  socket.close();
  other.close();
});

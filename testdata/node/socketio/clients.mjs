// The unmodified clients, 4 and 3, over every way to connect.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { ask, clients, closeAll, connect, once, pause, start, until } from "./site.mjs";

after(closeAll);

const ways = { polling: ["polling"], websocket: ["websocket"], upgrade: ["polling", "websocket"] };
const upgraded = (socket) => socket.io.engine.transport.name === "websocket" ? undefined : once(socket.io.engine, "upgrade");

for (const [version, client] of Object.entries(clients)) {
  for (const [way, transports] of Object.entries(ways)) {
    const open = (options = {}) => connect(client, "/plain/", { transports, ...options });

    test(`${version}, ${way}: events, acks and binary both ways`, async () => {
      const socket = await open({ auth: { name: "ann" } });
      const back = once(socket, "echo");
      socket.emit("echo", 1, "zwei", { drei: [true, null] }, "é<&>\u2028", Buffer.from([0, 1, 255]), { deep: [Buffer.from("x")] });
      const [one, two, three, text, bytes, deep] = await back;
      assert.deepEqual([one, two, three, text], [1, "zwei", { drei: [true, null] }, "é<&>\u2028"]);
      assert.deepEqual([...bytes], [0, 1, 255]);
      assert.equal(Buffer.from(deep.deep[0]).toString(), "x");

      const answer = await ask(socket, "echo", 7, Buffer.from("ack"), { a: 1 });
      assert.equal(answer[0], 7);
      assert.equal(Buffer.from(answer[1]).toString(), "ack");
      assert.deepEqual(answer[2], { a: 1 });
      assert.deepEqual(await ask(socket, "unknown event"), []);

      socket.on("question", (n, bytes, reply) => reply(n + 1, Buffer.concat([Buffer.from(bytes), Buffer.from("!")])));
      const [told] = await ask(socket, "ask me");
      assert.deepEqual(told, { number: 42, text: "hi!" });
      if (way === "upgrade") {
        await upgraded(socket);
        assert.deepEqual(await ask(socket, "echo", "after the upgrade"), ["after the upgrade"]);
      }
      socket.close();
    });

    test(`${version}, ${way}: nothing lost, doubled or out of order under load`, async () => {
      const socket = await open();
      const count = 2000;
      const got = [];
      socket.on("n", (i) => got.push(i));
      const returned = [];
      socket.on("echo", (i) => returned.push(i));
      const acks = [];
      socket.emit("burst", count); // the server sends while the client sends, and while it upgrades
      for (let i = 0; i < count; i++) {
        socket.emit("echo", i);
        if (i % 100 === 0) {
          acks.push(ask(socket, "echo", "ack", i));
          await pause(0);
        }
      }
      const answers = await Promise.all(acks);
      await ask(socket, "echo", "last");
      await until(socket, "n", () => got.length >= count);
      const expected = Array.from({ length: count }, (_, i) => i);
      assert.deepEqual(got, expected);
      assert.deepEqual(returned, expected);
      assert.deepEqual(answers.map(([, i]) => i), expected.filter((i) => i % 100 === 0));
      if (way === "upgrade") await upgraded(socket);
      socket.close();
    });
  }

  test(`${version}: several namespaces on one connection`, async () => {
    const main = start(client, "/plain/", { transports: ["websocket"] });
    const other = main.io.socket("/other", { auth: { name: "other" } });
    other.connect?.();
    await Promise.all([once(main, "connect"), once(other, "connect")]);
    assert.deepEqual(await ask(other, "echo", "there"), ["there"]);
    assert.deepEqual(await ask(main, "echo", "here"), ["here"]);
    other.close();
    assert.deepEqual(await ask(main, "echo", "still here"), ["still here"]);
    const unknown = main.io.socket("/unknown");
    unknown.connect?.();
    const [error] = await once(unknown, "connect_error");
    assert.equal(error.message, "Invalid namespace");
    main.close();
  });

  test(`${version}: refused with words and data, or closed to try again`, async () => {
    const refused = start(client, "/plain/", { auth: { name: "refused" }, transports: ["websocket"] });
    let refusals = 0;
    refused.on("connect_error", () => refusals++);
    const [error] = await once(refused, "connect_error");
    assert.equal(error.message, "Sign in again.");
    assert.deepEqual(error.data, { code: "TOKEN_EXPIRED" });
    let attempts = 0;
    const later = start(client, "/plain/", { auth: (give) => give({ name: ++attempts < 3 ? "later" : "now" }), transports: ["websocket"] });
    await once(later, "connect");
    assert.equal(attempts, 3, "the client came back by itself until it was let in");
    assert.equal(refused.connected, false);
    assert.equal(refusals, 1, "after a CONNECT_ERROR it does not");
  });

  test(`${version}: comes back after a lost transport, stays away after a disconnect`, async () => {
    const socket = await connect(client, "/plain/", {});
    // Clients that lose their WebSocket while they are moving to it only notice by the next missing ping.
    await upgraded(socket);
    const before = socket.id;
    const gone = once(socket, "disconnect");
    const back = once(socket, "connect");
    socket.emit("drop me");
    assert.match((await gone)[0], /transport (close|error)/);
    await back;
    assert.notEqual(socket.id, before);
    assert.deepEqual(await ask(socket, "echo", 1), [1]);
    const kicked = once(socket, "disconnect");
    socket.emit("kick me");
    assert.equal((await kicked)[0], "io server disconnect");
    await pause(100);
    assert.equal(socket.connected, false);
    socket.connect();
    await once(socket, "connect");
    assert.deepEqual(await ask(socket, "echo", 2), [2]);
    socket.close();
  });

  test(`${version}: rooms`, async () => {
    const [ann, bob, eve] = await Promise.all([1, 2, 3].map(() => connect(client, "/plain/", {})));
    const room = `room of ${version}`;
    await ask(ann, "join", room);
    await ask(bob, "join", room);
    const heard = [once(ann, "said"), once(bob, "said")];
    eve.on("said", () => assert.fail("eve is not in the room"));
    await ask(eve, "say", room, { text: "hello" });
    for (const said of heard) assert.deepEqual(await said, [{ text: "hello" }]);
    assert.deepEqual(await ask(eve, "echo", "end"), ["end"]);
    for (const socket of [ann, bob, eve]) socket.close();
  });
}

test("retries: each event is taken once and in order, though acks and connections are lost", async () => {
  const { "socket.io-client 4": io } = clients;
  const socket = await connect(io, "/plain/", { retries: 20, ackTimeout: 100, transports: ["websocket"] });
  const sent = Array.from({ length: 8 }, (_, i) => i);
  // "flaky" forgets to answer now and then, and drops the connection now and then; it takes each number once.
  const answers = await Promise.all(sent.map((i) => socket.emitWithAck("flaky", i)));
  assert.deepEqual(answers, sent);
  const taken = await socket.emitWithAck("taken");
  assert.deepEqual(taken, sent);
  socket.close();
});

// A transport is lost and the client comes back to the same server.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Person, apply, clients, closeAll, direct, io, slowBeginning, ways } from "./site.mjs";

after(closeAll);

for (const [way, transports] of Object.entries(ways)) {
  test(`recovered, ${way}: what was missed, then connect, then connected, then what follows`, async () => {
    const person = await Person.register();
    const conversationId = await person.conversation({ coach: "off" });
    const line = await person.connect(io, { transports, reconnectionDelay: 300, reconnectionDelayMax: 300 });
    if (way === "default") await line.upgraded();
    await line.must("join_conversation", conversationId);
    const { id } = line.socket;
    const from = line.events.length;
    await line.drop();
    for (const content of ["one", "two"]) await person.api("POST", "/api/messages", { conversationId, content });
    const [greeting] = await line.next("connected");
    assert.equal(greeting.recovered, true);
    assert.equal(line.socket.recovered, true);
    assert.equal(line.socket.id, id);
    await person.api("POST", "/api/messages", { conversationId, content: "three" });
    await line.next("new_message", ({ message }) => message.content === "three");
    const told = line.events.slice(from).filter((e) => e.name !== "conversation_updated").map(({ name, args }) => (name === "new_message" ? args[0].message.content : name));
    assert.deepEqual(told, ["disconnect", "one", "two", "connect", "connected", "three"]);
    line.close();
  });
}

test("recovered in the middle of an answer: the whole text once, then what follows", async () => {
  const person = await Person.register();
  const conversationId = await person.conversation();
  const line = await person.connect(io, { reconnectionDelay: 300, reconnectionDelayMax: 300, transports: ["websocket"] });
  await line.must("send_message", { conversationId, content: "Slowly: what of wheat?" });
  await line.next("ai_delta");
  await line.drop();
  await direct("say", "unheard");
  const [whole] = await line.next("ai_delta"); // it may come just before connected
  assert.equal(line.socket.recovered, true);
  assert.equal(whole.offset, 0);
  assert.equal(whole.text, `${slowBeginning}unheard`);
  await direct("say", ", heard");
  await direct("end");
  const [{ message }] = await line.next("ai_response");
  const text = line.events.filter((e) => e.name === "ai_delta").reduce((text, e) => apply(text, e.args[0]), "");
  assert.equal(text, message.content);
  line.close();
});

test("signed out while away: turned away, not recovered", async () => {
  const person = await Person.register();
  const line = await person.connect(io, { reconnectionDelay: 300, reconnectionDelayMax: 300, transports: ["websocket"] });
  await line.drop();
  await person.api("POST", "/api/auth/logout");
  const [error] = await line.next("connect_error");
  assert.deepEqual(error.data, { code: "SESSION_REVOKED" });
  line.close();
});

test("another's session is not given to who knows its pid and offset", async () => {
  const [ann, eve] = [await Person.register(), await Person.register()];
  const conversationId = await ann.conversation({ coach: "off" });
  const line = await ann.connect(io, { transports: ["websocket"], reconnection: false });
  await line.must("join_conversation", conversationId);
  const { _pid: pid, _lastOffset: offset } = line.socket;
  assert.ok(pid && offset);
  await line.drop();
  await ann.api("POST", "/api/messages", { conversationId, content: "for my eyes" });
  const thief = await eve.connect(io, { transports: ["websocket"], auth: { token: eve.token, pid, offset } });
  assert.equal(thief.greeting.recovered, false);
  assert.equal(thief.greeting.userId, eve.id);
  assert.equal((await thief.ask("join_conversation", conversationId)).code, "NOT_FOUND");
  assert.ok(!JSON.stringify(thief.events).includes("for my eyes"));
  thief.close();
});

test("socket.io-client 3 knows of no recovery: it comes back afresh, and sync gives what was missed", async () => {
  const person = await Person.register();
  const conversationId = await person.conversation({ coach: "off" });
  const line = await person.connect(clients["socket.io-client 3"], { reconnectionDelay: 300, reconnectionDelayMax: 300, transports: ["websocket"] });
  const { lastRev } = await line.must("join_conversation", conversationId);
  await line.drop();
  for (const content of ["one", "two"]) await person.api("POST", "/api/messages", { conversationId, content });
  const [greeting] = await line.next("connected");
  assert.equal(greeting.recovered, false);
  const { conversations } = await line.must("sync", { conversations: [{ id: conversationId, afterRev: lastRev }] });
  assert.deepEqual(conversations[0].messages.map((m) => m.content), ["one", "two"]);
  line.close();
});

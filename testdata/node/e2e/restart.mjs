// The server ends and begins again on its port; the clients come back by themselves and miss nothing.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Person, apply, clients, closeAll, direct, slowBeginning, ways } from "./site.mjs";

after(closeAll);

for (const [version, client] of Object.entries(clients)) {
  for (const [way, transports] of Object.entries(ways)) {
    test(`${version}, ${way}: back after a restart, and sync gives what was missed`, async () => {
      const person = await Person.register();
      const conversationId = await person.conversation({ coach: "off" });
      const line = await person.connect(client, { transports });
      if (way === "default") await line.upgraded();
      const { message } = await line.must("send_message", { conversationId, content: "before" });
      const { lastRev } = await line.must("join_conversation", { conversationId, afterRev: message.rev });

      await direct("stop");
      const [{ reconnectAfterMs }] = await line.next("server_draining");
      assert.ok(reconnectAfterMs >= 0);
      assert.notEqual((await line.next("disconnect"))[0], "io server disconnect", "a reason to come back");
      await line.next("connect_error");
      await direct("start");
      for (const content of ["missed 1", "missed 2"]) await person.api("POST", "/api/messages", { conversationId, content });
      const [greeting] = await line.next("connected");
      assert.equal(greeting.recovered, false);

      const { conversations } = await line.must("sync", { conversations: [{ id: conversationId, afterRev: lastRev }] });
      assert.deepEqual(conversations.map((c) => c.messages.map((m) => m.content)), [["missed 1", "missed 2"]]);
      assert.equal(conversations[0].complete, true);
      // And it is in the room again.
      await person.api("POST", "/api/messages", { conversationId, content: "live again" });
      assert.equal((await line.next("new_message"))[0].message.content, "live again");
      line.close();
    });
  }

  test(`${version}: an answer that a restart cut short is begun anew`, async () => {
    const person = await Person.register();
    const conversationId = await person.conversation();
    const line = await person.connect(client);
    await line.must("send_message", { conversationId, content: "Slowly: what of oil?" });
    const [{ messageId, attempt }] = await line.next("ai_delta");
    await direct("say", "A first try");
    await direct("stop");
    await direct("start");
    await line.next("connected");
    await line.must("sync", { conversations: [{ id: conversationId, afterRev: 0 }] });
    const [again] = await line.next("ai_delta", (d) => d.attempt > attempt);
    assert.equal(again.messageId, messageId);
    assert.equal(again.offset, 0);
    await direct("say", "A second try");
    await direct("end");
    const [{ message }] = await line.next("ai_response");
    assert.equal(message.content, `${slowBeginning}A second try`);
    const text = line.events.filter((e) => e.name === "ai_delta").reduce((text, e) => apply(text, e.args[0]), "");
    assert.equal(text, message.content, "a client that replaces from offset has the new text");
    line.close();
  });
}

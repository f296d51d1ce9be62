// Served with recovery off: nobody sees an offset, and who comes back comes afresh.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Person, clients, closeAll } from "./site.mjs";

after(closeAll);

for (const [version, client] of Object.entries(clients)) {
  test(`${version}: without recovery no event carries more than its payload`, async () => {
    const person = await Person.register();
    const conversationId = await person.conversation();
    const line = await person.connect(client, { transports: ["websocket"] });
    const { lastRev } = await line.must("join_conversation", conversationId);
    await line.drop();
    await person.api("POST", "/api/messages", { conversationId, content: "missed" });
    const [greeting] = await line.next("connected");
    assert.equal(greeting.recovered, false);
    assert.ok(!line.socket.recovered);
    const { conversations } = await line.must("sync", { conversations: [{ id: conversationId, afterRev: lastRev }] });
    assert.equal(conversations[0].messages[0].content, "missed");
    await line.must("send_message", { conversationId, content: "again" });
    await line.next("ai_response");
    for (const { name, args } of line.events) {
      if (!["connect", "disconnect"].includes(name)) assert.equal(args.length, 1, name);
    }
    line.close();
  });
}

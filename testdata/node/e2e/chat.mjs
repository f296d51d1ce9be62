// A trader writes, and the coach answers, over every way to connect.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Person, apply, clients, closeAll, direct, io, sentence, slowBeginning, ways } from "./site.mjs";

after(closeAll);

for (const [version, client] of Object.entries(clients)) {
  for (const [way, transports] of Object.entries(ways)) {
    test(`${version}, ${way}: the sentence is answered with a verdict, streamed`, async () => {
      const person = await Person.register();
      const conversationId = await person.conversation();
      const line = await person.connect(client, { transports });
      const { message } = await line.must("send_message", { conversationId, content: sentence, clientMessageId: "1" });
      assert.equal(message.seq, 1);
      assert.equal((await line.next("ai_response"))[0].message.parentMessageId, message.id);

      const seen = line.events.filter((e) => !["connect", "connected", "message_sent", "conversation_updated"].includes(e.name));
      const order = seen.map((e) => e.name).filter((name, i, all) => name !== all[i - 1]);
      assert.deepEqual(order, ["new_message", "ai_thinking", "ai_delta", "ai_response"]);
      const text = seen.filter((e) => e.name === "ai_delta").reduce((text, e) => apply(text, e.args[0]), "");
      const answer = seen.at(-1).args[0].message;
      assert.equal(text, answer.content, "the pieces are the answer");
      assert.equal(answer.status, "completed");
      assert.equal(answer.verdict, "diamond");
      assert.match(answer.content, /\b2 R\b/);
      assert.match(answer.content, /\b8 contracts\b/);
      assert.ok(line.events.some((e) => e.name === "message_sent" && e.args[0].id === message.id));

      // What can be replayed carries an offset. Every version hands it on as one more argument, harmlessly.
      for (const e of seen) {
        const extra = e.name === "ai_delta" ? 0 : 1;
        assert.equal(e.args.length, 1 + extra, e.name);
        if (extra) assert.equal(typeof e.args[1], "string");
      }
      line.close();
    });

    test(`${version}, ${way}: who joins in the middle of an answer gets all of it`, async () => {
      const person = await Person.register();
      const conversationId = await person.conversation();
      const first = await person.connect(client, { transports });
      await first.must("send_message", { conversationId, content: "Slowly: what of gold?" });
      await first.next("ai_delta", (d) => d.offset + d.text.length >= slowBeginning.length);
      await direct("say", "It shines ✨");
      await first.next("ai_delta", (d) => d.text.includes("✨"));

      const second = await person.connect(client, { transports });
      const { messages } = await second.must("join_conversation", conversationId);
      assert.deepEqual(messages.map((m) => m.status).at(-1), "streaming");
      const [whole] = await second.next("ai_delta");
      assert.equal(whole.offset, 0);
      assert.equal(whole.text, `${slowBeginning}It shines ✨`);
      await direct("say", " and falls.");
      await direct("end");
      const want = `${slowBeginning}It shines ✨ and falls.`;
      for (const line of [first, second]) {
        const [{ message }] = await line.next("ai_response");
        assert.equal(message.content, want);
        const text = line.events.filter((e) => e.name === "ai_delta").reduce((text, e) => apply(text, e.args[0]), "");
        assert.equal(text, want);
        line.close();
      }
    });
  }

  test(`${version}: stopped by another device, what was written stays`, async () => {
    const person = await Person.register();
    const conversationId = await person.conversation();
    const [first, second] = [await person.connect(client), await person.connect(client)];
    await second.must("join_conversation", { conversationId });
    await first.must("send_message", { conversationId, content: "Slowly: what of silver?" });
    const [{ messageId }] = await second.next("ai_delta");
    await second.must("stop_ai", { messageId });
    for (const line of [first, second]) {
      const [{ message }] = await line.next("ai_response");
      assert.equal(message.status, "stopped");
      assert.equal(message.content, slowBeginning);
      line.close();
    }
  });

  test(`${version}: everything is acknowledged, whatever it is`, async () => {
    const person = await Person.register();
    const line = await person.connect(client);
    const odd = [
      ["no_such_event", {}], ["no_such_event"], ["send_message"], ["send_message", null], ["send_message", [1]], ["send_message", "hi"],
      ["send_message", { conversationId: 7 }], ["send_message", Buffer.from([0, 1])], ["send_message", { conversationId: Buffer.from("x"), content: "hi" }],
      ["edit_message", { messageId: "../etc" }], ["sync", { conversations: {} }], ["join_conversation", { conversationId: { deep: [] } }],
      ["mark_read", { conversationId: "x", seq: 1e400 }], ["__proto__", { __proto__: {} }], ["constructor"], ["typing", true],
    ];
    for (const args of odd) {
      const answer = await line.ask(...args);
      assert.equal(answer.success, false, JSON.stringify(args));
      assert.ok(["VALIDATION_ERROR", "NOT_FOUND"].includes(answer.code), `${JSON.stringify(args)}: ${JSON.stringify(answer)}`);
      assert.equal(answer.retryable, false);
    }
    assert.equal(line.socket.connected, true);
    assert.deepEqual(await line.ask("ping", Buffer.from("x")).then((b) => [...b]), [0x78], "binary is echoed too");
    line.close();
  });
}

test("retries: each message is stored once and in order, though every third one loses its connection before its ack", async () => {
  const person = await Person.register();
  const conversationId = await person.conversation({ coach: "off" });
  const line = await person.connect(io, { retries: 50, ackTimeout: 300, transports: ["websocket"] });
  let written = 0;
  const cut = () => {
    const { engine } = line.socket.io;
    engine.on("packetCreate", ({ data }) => {
      if (String(data).includes("send_message") && ++written % 3 === 0) setImmediate(() => engine.close()); // it still leaves
    });
  };
  cut();
  line.socket.io.on("open", cut);
  const contents = Array.from({ length: 20 }, (_, i) => `message ${i}`);
  const answers = await Promise.all(contents.map((content, i) =>
    line.socket.emitWithAck("send_message", { conversationId, content, clientMessageId: `retry-${i}` })));
  assert.deepEqual(answers.map((a) => a.message?.content), contents);
  assert.ok(answers.filter((a) => a.duplicate).length >= 3, "acks were lost and the messages sent again");
  const { messages } = await person.api("GET", `/api/conversations/${conversationId}/messages`);
  assert.deepEqual(messages.map((m) => m.content), contents);
  assert.deepEqual(messages.map((m) => m.seq), contents.map((_, i) => i + 1));
  line.close();
});

// How a stranger gets in, and how one is turned away.
import assert from "node:assert/strict";
import { after, test } from "node:test";
import { Line, Person, clients, closeAll, pause, ways } from "./site.mjs";

after(closeAll);

for (const [version, client] of Object.entries(clients)) {
  for (const [way, transports] of Object.entries(ways)) {
    test(`${version}, ${way}: let in by auth.token, header or query`, async () => {
      const person = await Person.register();
      const keys = {
        auth: { auth: { token: person.token } },
        header: { auth: {}, extraHeaders: { Authorization: `Bearer ${person.token}` } },
        query: { auth: {}, query: { token: person.token } },
      };
      for (const [key, options] of Object.entries(keys)) {
        const line = new Line(client, { transports, ...options });
        const [greeting] = await line.next("connected");
        assert.equal(greeting.userId, person.id, key);
        assert.equal(greeting.recovered, false);
        assert.equal(greeting.limits.tier, "free");
        assert.ok(Math.abs(Date.parse(greeting.serverTime) - Date.now()) < 60_000);
        assert.deepEqual(line.events.slice(0, 2).map((e) => e.name), ["connect", "connected"], "connected is the first event");
        if (way === "default") await line.upgraded();
        assert.equal(line.socket.io.engine.transport.name, way === "polling" ? "polling" : "websocket");
        // The first ack of a connection has the id 0.
        assert.equal(await line.ask("ping"), "pong");
        assert.equal(await line.ask("ping", 42), 42);
        line.close();
      }
    });

    test(`${version}, ${way}: turned away with a code, and stays away`, async () => {
      const person = await Person.register();
      const revoked = person.token;
      await person.api("POST", "/api/auth/logout");
      const cases = { TOKEN_MISSING: {}, TOKEN_INVALID: { token: "x.y.z" }, SESSION_REVOKED: { token: revoked } };
      for (const [code, auth] of Object.entries(cases)) {
        const line = new Line(client, { transports, auth });
        let attempts = 0;
        line.socket.io.on("reconnect_attempt", () => attempts++);
        const [error] = await line.next("connect_error");
        assert.deepEqual(error.data, { code });
        assert.match(error.message, /^[A-Z].*\.$/, "a plain sentence");
        await pause(100);
        assert.equal(line.socket.connected, false);
        assert.equal(attempts, 0, "after a CONNECT_ERROR the client does not come back by itself");
        line.close();
      }
    });
  }

  test(`${version}: after signing in again the same socket is let in`, async () => {
    const person = await Person.register();
    const tokens = ["x.y.z", person.token];
    const line = new Line(client, { auth: (give) => give({ token: tokens.shift() }) });
    await line.next("connect_error");
    line.socket.connect();
    await line.next("connected");
    line.close();
  });

  test(`${version}: signed out elsewhere: session_expired, and no way back`, async () => {
    const person = await Person.register();
    const line = await person.connect(client);
    await line.upgraded(); // version 3 does not hear a disconnect that comes while it upgrades
    let attempts = 0;
    line.socket.io.on("reconnect_attempt", () => attempts++);
    await person.api("POST", "/api/auth/logout");
    assert.deepEqual((await line.next("session_expired"))[0], { code: "SESSION_REVOKED" });
    assert.equal((await line.next("disconnect"))[0], "io server disconnect");
    await pause(200);
    assert.equal(line.socket.connected, false);
    assert.equal(attempts, 0);
    line.socket.connect();
    assert.deepEqual((await line.next("connect_error"))[0].data, { code: "SESSION_REVOKED" });
    line.close();
  });
}

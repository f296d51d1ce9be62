// Starts and stops a coach for tests that use it as its users do: by the binary alone.
import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createServer } from 'node:net';

// freePort asks the system for one. It is free again when this returns, so a test must take it soon.
export function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer().on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

// A Coach keeps its port and its data from one start to the next, as a machine does.
export class Coach {
  // make takes settings beside those of the command line: {OPENAI_BASE_URL: …}.
  static async make(binary, settings = {}) {
    const coach = new Coach();
    coach.settings = settings;
    coach.binary = binary;
    coach.port = await freePort();
    coach.dir = await mkdtemp(join(tmpdir(), 'coach-'));
    coach.url = `http://127.0.0.1:${coach.port}`;
    return coach;
  }

  // start returns when the server says that it is ready, and fails with what it printed if it ends first.
  async start() {
    const args = ['serve', '--host', '127.0.0.1', '--port', String(this.port), '--data-dir', this.dir];
    // Nothing of the machine's own configuration may reach the test.
    const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => ['PATH', 'HOME', 'TMPDIR', 'SystemRoot'].includes(name)));
    Object.assign(env, this.settings); // what the test itself wants to be different
    const child = spawn(this.binary, args, { cwd: this.dir, env: { ...env, ...this.settings }, stdio: ['ignore', 'pipe', 'pipe'] });
    this.child = child;
    this.ended = new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
    let printed = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (piece) => (printed += piece));
    this.printed = () => printed;
    let over = false;
    this.ended.then(() => (over = true));
    while (!over) {
      const ready = await fetch(`${this.url}/api/health/ready`, { signal: AbortSignal.timeout(5_000) }).catch(() => null);
      if (ready?.ok) return;
      await Promise.race([this.ended, new Promise((resolve) => setTimeout(resolve, 50))]);
    }
    throw new Error(`coach ended before it was ready:\n${printed}`);
  }

  async kill(signal = 'SIGKILL') {
    this.child?.kill(signal);
    return this.ended;
  }

  async remove() {
    await this.kill();
    await rm(this.dir, { recursive: true, force: true });
  }
}

// Runs the code of docs/frontend.md, word for word, against a fresh server.
//
//	node guide.mjs <coach binary> node|missed|react|page   the files on standard input, as JSON by name
//
// node runs try.js; missed leaves more changes to a client than one answer holds; react runs useConversation.js on a stand-in for React's three functions; page opens index.html in a
// browser, served from another origin, and sends across a restart of the server.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { fileURLToPath } from 'node:url';
import { extname, join } from 'node:path';
import { Coach } from './coach.mjs';

const [binary, how] = process.argv.slice(2);
const here = fileURLToPath(new URL('.', import.meta.url));
const coach = await Coach.make(binary);
const folder = mkdtempSync(join(here, 'guide-')); // beside node_modules, where modules find their packages
let web;
try {
  web = await serve(folder);
  coach.settings = { RATE_LIMITS: how === 'missed' ? 'off' : 'on', FRONTEND_URL: `http://localhost:${web.address().port}` };
  await coach.start();
  const files = Object.entries(JSON.parse(readFileSync(0, 'utf8'))).map(([name, text]) => [name, text.replaceAll('http://localhost:3001', coach.url)]);
  for (const [name, text] of files) writeFileSync(join(folder, name), text);
  writeFileSync(join(folder, 'package.json'), '{"type": "module"}');
  if (how === 'node') await run('try.js');
  if (how === 'missed') await missed();
  if (how === 'react') await react();
  if (how === 'page') await page();
} finally {
  await coach.remove();
  web?.close();
  web?.closeAllConnections();
  rmSync(folder, { recursive: true, force: true });
}

function run(file) {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [join(folder, file)], { timeout: 60_000, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`${file} ended with ${code}`))));
  });
}

// missed has a client come back to hundreds of changes while others go on writing.
async function missed() {
  writeFileSync(
    join(folder, 'missed.js'),
    `import { call, Conversation } from './coach.js';
     const url = '${coach.url}';
     const { token } = await call(url, 'POST', '/api/auth/register', { email: 'emil@example.com', username: 'emil', password: 'Plan-the-trade-1' });
     const { id } = await call(url, 'POST', '/api/conversations', { coach: 'off' }, token);
     let written = 0;
     const write = async () => { await call(url, 'POST', '/api/messages', { conversationId: id, content: 'one more' }, token); written++; };
     const conversation = new Conversation(url, token);
     const has = () => conversation.snapshot().messages.length;
     const until = async (holds) => {
       for (const end = Date.now() + 10_000; !holds(); await new Promise((resolve) => setTimeout(resolve, 20))) {
         if (Date.now() > end) throw new Error('the client has ' + has() + ' of ' + written + ' messages');
       }
     };
     await write();
     await conversation.open(id);
     await until(() => has() === 1);
     conversation.close();
     for (let i = 0; i < 250; i++) await write();
     let more = true;
     const writing = (async () => { while (more) await write(); })();
     await conversation.open(id);
     await until(() => has() > 150);
     more = false;
     await writing;
     await until(() => has() === written);
     console.log('everything');
     conversation.close();`,
  );
  await run('missed.js');
}

// react calls the hook as React would: render, effects, and again when the store says so.
async function react() {
  mkdirSync(join(folder, 'node_modules', 'react'), { recursive: true });
  writeFileSync(join(folder, 'node_modules', 'react', 'package.json'), '{"name": "react", "type": "module", "exports": "./index.js"}');
  writeFileSync(
    join(folder, 'node_modules', 'react', 'index.js'),
    `export const effects = [];
     const memo = new Map();
     export const useMemo = (make, on) => { const key = JSON.stringify(on); if (!memo.has(key)) memo.set(key, make()); return memo.get(key); };
     export const useEffect = (effect) => { effects.push(effect); };
     export const useSyncExternalStore = (subscribe, snapshot) => { subscribe(globalThis.again); return snapshot(); };`,
  );
  writeFileSync(
    join(folder, 'hook.js'),
    `import { effects } from 'react';
     import { call } from './coach.js';
     import { useConversation } from './useConversation.js';
     const url = '${coach.url}';
     const { token } = await call(url, 'POST', '/api/auth/register', { email: 'dora@example.com', username: 'dora', password: 'Plan-the-trade-1' });
     const { id } = await call(url, 'POST', '/api/conversations', {}, token);
     let done;
     const answered = new Promise((resolve) => (done = resolve));
     let state;
     globalThis.again = () => {
       state = useConversation(url, token, id);
       const answer = state.messages.find((m) => m.type === 'ai' && m.status === 'completed');
       if (answer) done(answer);
     };
     globalThis.again();
     const leave = effects[0]();
     await state.send('long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%');
     console.log((await answered).verdict);
     leave();`,
  );
  await run('hook.js');
}

// serve gives a folder an address, as any static server does; its packages are the tests' own.
function serve(root) {
  const types = { '.html': 'text/html', '.js': 'text/javascript' };
  const server = createServer((request, reply) => {
    const name = new URL(request.url, 'http://x').pathname.slice(1) || 'index.html';
    try {
      const body = readFileSync(join(name.startsWith('node_modules/') ? here : root, name));
      reply.writeHead(200, { 'Content-Type': types[extname(name)] }).end(body);
    } catch {
      reply.writeHead(404).end();
    }
  });
  return new Promise((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', () => resolve(server)));
}

async function page() {
  const { launch } = await import('./browser/browser.mjs');
  const chromium = await launch();
  try {
    await chromium.page.goto(coach.settings.FRONTEND_URL);
    await chromium.page.locator('#state', { hasText: /^$/ }).waitFor({ state: 'attached' });
    await chromium.page.getByLabel('Your idea').fill('long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%');
    await chromium.page.getByRole('button', { name: 'Send' }).click();
    await chromium.page.locator('li.ai', { hasText: '💎' }).waitFor();
    await coach.kill(); // what is sent now is sent when the server is back
    await chromium.page.locator('#state', { hasText: 'Offline' }).waitFor();
    await chromium.page.getByLabel('Your idea').fill('and what if I risk 5%?');
    await chromium.page.getByRole('button', { name: 'Send' }).click();
    await coach.start();
    await chromium.page.locator('li.user').nth(1).waitFor({ timeout: 40_000 });
    await chromium.page.locator('li.ai').nth(1).waitFor();
    if (chromium.problems.length) throw new Error(chromium.problems.join('\n'));
    console.log('diamond');
  } finally {
    await chromium.close();
  }
}

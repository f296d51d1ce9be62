// Runs one example of README.md against a fresh server.
//
//	node readme.mjs <coach binary> <sh|js>   the example on standard input
//
// What the example prints is passed on, and so is its exit code.
import { spawn } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { Coach } from './coach.mjs';

const [binary, language] = process.argv.slice(2);
const coach = await Coach.make(binary);
await coach.start();
let code = 1;
try {
  const text = readFileSync(0, 'utf8').replaceAll('http://localhost:3001', coach.url);
  code = await (language === 'sh' ? run('sh', ['-c', text]) : runModule(text));
} finally {
  await coach.remove();
}
process.exit(code);

function run(command, args) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { timeout: 60_000, stdio: ['ignore', 'inherit', 'inherit'] });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code ?? 1));
  });
}

// A module finds its packages from where it lies, so it is laid beside them for the while.
async function runModule(text) {
  const file = join(fileURLToPath(new URL('.', import.meta.url)), `readme-example-${process.pid}.mjs`);
  writeFileSync(file, text);
  try {
    return await run(process.execPath, [file]);
  } finally {
    rmSync(file);
  }
}

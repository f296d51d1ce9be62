// The pages of plan, journal, statistics and account, as their user sees them.
//
//	node records.mjs <coach binary> [folder for pictures]
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Coach } from '../coach.mjs';
import { launch } from './browser.mjs';
import { openPage } from './open.mjs';
import { stepsOn } from './steps.mjs';

const [binary, pictures] = process.argv.slice(2);
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const password = 'Plan-the-trade-1';

// trades are a month of a trader's: 36, of which one in three wins twice what the others lose.
const trades = () => {
  const emotions = ['calm', 'anxious', 'fomo', ''];
  const rows = [];
  for (let i = 0; i < 36; i++) {
    const day = new Date(Date.now() - (40 - i) * 86_400_000).toISOString().slice(0, 10);
    const exit = i % 3 === 0 ? 6000 + 12 + (i % 5) : 6000 - (i % 4) - 2;
    rows.push(`MES,long,2,6000,${exit},${day}T${String(14 + (i % 6)).padStart(2, '0')}:30:00Z,${day}T${String(14 + (i % 6)).padStart(2, '0')}:55:00Z,5994,opening range,${emotions[i % 4]}`);
  }
  return ['instrument,side,quantity,entry,exit,openedAt,closedAt,stop,setup,emotion', ...rows];
};

const coach = await Coach.make(binary);
let chromium;
try {
  await coach.start();
  chromium = await launch();
  const { page, problems } = chromium;
  let session;
  session = await call('POST', '/api/auth/register', { email: 'ana@example.com', username: 'ana', password });
  const second = await call('POST', '/api/auth/login', { identifier: 'ana', password });

  const step = stepsOn(page);
  const open = (name) => openPage(page, coach.url, session, name);

  await step('a plan is changed in the form', async () => {
    await open('plan');
    await page.getByLabel('Risk per trade').first().fill('0.5');
    await page.getByLabel('Hours for futures').fill('09:30-16:00');
    await page.getByLabel('Equity').fill('25,000');
    await page.getByRole('button', { name: 'Save plan' }).click();
    await page.getByText('Version 1, saved').waitFor();
    const { plan } = await call('GET', '/api/plan');
    assert.deepEqual([plan.risk.perTradePct, plan.account.equity, plan.session.windows.futures], ['0.5', '25000', [{ from: '09:30', to: '16:00' }]]);
  });

  await step('a finding stands at its field', async () => {
    await page.getByLabel('Time zone').fill('Mars/Olympus');
    await page.getByRole('button', { name: 'Save plan' }).click();
    await page.getByText('Nothing was saved').waitFor();
    assert.equal(await page.getByLabel('Time zone').getAttribute('aria-invalid'), 'true');
    assert.equal((await call('GET', '/api/plan')).version, 1);
    await page.getByRole('button', { name: 'Discard changes' }).click();
    assert.equal(await page.getByLabel('Time zone').inputValue(), 'America/New_York');
  });

  await step('YAML is checked by line', async () => {
    await page.getByRole('button', { name: 'YAML' }).click();
    const area = page.getByLabel('The plan as YAML');
    const text = await area.inputValue();
    assert.match(text, /perTradePct: 0\.5/);
    await area.fill(text.replace('  perTradePct: 0.5', '  perTradePct: 0.5\n  luck: 7'));
    await page.getByRole('button', { name: 'Save plan' }).click();
    const line = text.split('\n').findIndex((l) => l.includes('perTradePct: 0.5')) + 2;
    await page.getByText(`Line ${line}`, { exact: true }).waitFor();
    assert.equal(await page.locator('.gutter .bad').innerText(), String(line));
    await check('plan with a finding');
    await area.fill(text.replace('perTradePct: 0.5', 'perTradePct: 0.25'));
    await page.getByRole('button', { name: 'Save plan' }).click();
    await page.getByText('Version 2, saved').waitFor();
    assert.equal(await area.inputValue(), text.replace('perTradePct: 0.5', 'perTradePct: 0.25'), 'what is stored reads another way');
    await page.getByRole('button', { name: 'Form', exact: true }).click();
    assert.equal(await page.getByLabel('Risk per trade').first().inputValue(), '0.25');
  });

  await step('a looser rule waits', async () => {
    await page.getByLabel('Risk per trade').first().fill('2');
    await page.getByRole('button', { name: 'Save plan' }).click();
    await page.getByText(/Made looser, and in force from .*risk\.perTradePct/).waitFor();
    await check('plan');
  });

  await step('a trade is added, changed and deleted', async () => {
    await open('journal');
    await page.getByText('No trades yet').waitFor();
    await page.getByRole('button', { name: 'Add trade' }).first().click();
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('dialog').getByRole('alert').getByText(/trade needs|instrument/i).first().waitFor();
    await page.getByLabel('Instrument').last().fill('MES');
    await page.getByLabel('Size').fill('2');
    await page.getByLabel('Entry').fill('6000.25');
    await page.getByLabel('Stop').fill('5994');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('button', { name: 'MES long' }).click();
    await page.getByLabel('Exit').fill('6012.25');
    await page.getByLabel('Closed', { exact: true }).fill(new Date(Date.now() + 60_000).toISOString().slice(0, 19));
    await page.getByLabel('Emotion').fill('calm');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('cell', { name: '$120.00' }).waitFor();
    await page.getByRole('button', { name: 'MES long' }).click();
    await page.getByRole('button', { name: 'Delete' }).click();
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.getByText('No trades yet').waitFor();
  });

  await step('a file is looked through, then imported', async () => {
    const rows = trades();
    rows.splice(3, 0, 'MES,sideways,2,6000,6010,2026-03-02T14:30:00Z,,,,');
    await page.getByRole('button', { name: 'Import CSV' }).first().click();
    const [chooser] = await Promise.all([page.waitForEvent('filechooser'), page.getByText('Choose a file').click()]);
    await chooser.setFiles({ name: 'trades.csv', mimeType: 'text/csv', buffer: Buffer.from(rows.join('\n')) });
    await page.getByText('trades.csv, 37 rows').waitFor();
    await page.getByRole('button', { name: 'Look through it' }).click();
    await page.getByRole('row', { name: /^4 side/ }).waitFor();
    assert.equal((await call('GET', '/api/trades')).items.length, 0, 'looking stored something');
    await check('journal, a file looked through');
    await page.getByRole('button', { name: 'Import 36 trades' }).click();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'MES long' }).nth(35).waitFor();
    await check('journal');
  });

  await step('the journal is filtered and exported', async () => {
    await page.getByLabel('Instrument').fill('NQ');
    await page.getByLabel('Instrument').press('Enter');
    await page.getByText('No trade fits these filters.').waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Export' }).click()]);
    const lines = readFileSync(await file.path(), 'utf8').trim().split('\n');
    assert.equal(lines.length, 37);
  });

  await step('statistics say from how many trades', async () => {
    await open('stats');
    const { total } = await call('GET', `/api/stats?from=${new Date(Date.now() - 90 * 86_400_000).toISOString().slice(0, 10)}`);
    assert.equal(total.trades, 36);
    await page.locator('.figure', { hasText: 'Winners' }).getByText(`${Math.round(total.winRate.value * 100)} %`, { exact: true }).waitFor();
    await page.locator('.figure', { hasText: 'Winners' }).getByText(/^n = 36, \d+–\d+ %$/).waitFor();
    assert.equal(await page.locator('svg.chart').count(), 4, 'equity, R, a group and verdicts');
    await page.getByRole('button', { name: 'Emotion' }).click();
    await page.getByRole('rowheader', { name: 'fomo' }).waitFor();
    assert.match(await page.getByRole('row', { name: /^fomo/ }).innerText(), /^fomo\s+9\s/);
    await page.getByText('too few to trust').first().waitFor({ state: 'detached' });
    await check('statistics');
  });

  await step('limits, and another device signed out', async () => {
    await open('account');
    await page.getByRole('meter', { name: 'Answers of the coach' }).waitFor();
    await page.getByRole('button', { name: /^Sign out/ }).last().click();
    await page.getByText('is signed out').waitFor();
    await assert.rejects(call('GET', '/api/auth/me', undefined, second.token), /SESSION_REVOKED/);
    await check('account');
  });

  await step('the password is changed, the account exported and deleted', async () => {
    await page.getByLabel('Current password').fill('Wrong-guess-1');
    await page.getByLabel('New password').fill('Other-Horse-10');
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.locator('[name="currentPassword"][aria-invalid="true"]').waitFor();
    await page.getByLabel('Current password').fill(password);
    await page.getByRole('button', { name: 'Change password' }).click();
    await page.getByText('The password is changed').waitFor();
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Download my account' }).click()]);
    assert.equal(readFileSync(await file.path()).subarray(0, 2).toString(), 'PK');
    await page.getByRole('button', { name: 'Delete my account' }).click();
    await page.getByLabel('Your password').fill('Other-Horse-10');
    await page.getByRole('button', { name: 'Delete for good' }).click();
    await page.waitForFunction(() => localStorage.getItem('coach.session') === null);
    await assert.rejects(call('GET', '/api/auth/me'), /TOKEN|SESSION/);
  });

  assert.deepEqual(problems, [], 'the pages had errors');

  // check looks at a page as it is now: nothing serious by axe, nothing wider than the screen; with a folder, pictures
  // at three widths and in both themes.
  async function check(name) {
    await page.addScriptTag({ content: axe }).catch(() => page.evaluate(axe)); // the page's policy forbids the tag
    const { violations } = await page.evaluate(() => globalThis.axe.run(document, { resultTypes: ['violations'] }));
    const serious = violations.filter((v) => ['serious', 'critical'].includes(v.impact));
    assert.deepEqual(serious.map((v) => `${v.id}: ${v.nodes.map((n) => n.html).join(' | ').slice(0, 300)}`), [], `axe about ${name}`);
    problems.splice(0, problems.length, ...problems.filter((text) => !/inline script/.test(text))); // the tag above
    const was = page.viewportSize();
    for (const [width, colorScheme] of [[375, 'light'], [820, 'dark'], [1440, 'light'], [1440, 'dark']]) {
      await page.setViewportSize({ width, height: 900 });
      await page.emulateMedia({ colorScheme });
      const over = await page.evaluate(() => Math.max(...[document.documentElement, document.querySelector('.page')].map((box) => box.scrollWidth - box.clientWidth)));
      assert.ok(over <= 0, `${name} is ${over} pixels wider than its place on a screen of ${width}`);
      if (pictures) await page.screenshot({ path: join(pictures, `${name.replaceAll(/\W+/g, '-')}-${width}-${colorScheme}.png`), animations: 'disabled' });
    }
    await page.setViewportSize(was);
    await page.emulateMedia({ colorScheme: null });
  }

  async function call(method, path, body, token = session?.token) {
    const reply = await fetch(coach.url + path, { method, headers: { 'Content-Type': 'application/json', ...(token && { Authorization: `Bearer ${token}` }) }, body: body && JSON.stringify(body) });
    const { success, data, error, code } = await reply.json();
    if (!success) throw new Error(`${code}: ${error}`);
    return data;
  }
} catch (error) {
  if (pictures) await chromium?.page.screenshot({ path: join(pictures, 'failed.png') }).catch(() => {});
  console.error(error, '\nthe server printed:\n', coach.printed?.().slice(-3000));
  process.exitCode = 1;
} finally {
  await chromium?.close();
  await coach.remove();
}

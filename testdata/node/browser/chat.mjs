// The chat as its users work with it: pictures, tabs, hostile words, the keyboard alone, a session ended elsewhere, what
// axe finds, and pictures at three widths in both themes.
//
//	node chat.mjs <coach binary> [folder for pictures]
import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { Coach } from '../coach.mjs';
import { launch } from './browser.mjs';
import { answerAt, say, sentence, signUp, stepsOn } from './steps.mjs';

const [binary, pictures] = process.argv.slice(2);
const axe = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const widths = { phone: [375, 780], tablet: [820, 1100], wide: [1440, 900] };

// A picture of 160 × 100 that the browser itself draws.
const drawn = (page) =>
  page.evaluate(async () => {
    const canvas = new OffscreenCanvas(160, 100);
    const paper = canvas.getContext('2d');
    paper.fillStyle = '#123456';
    paper.fillRect(0, 0, 160, 100);
    const bytes = new Uint8Array(await (await canvas.convertToBlob()).arrayBuffer());
    return [...bytes];
  });

// Give the page a file as a paste or a drop does.
const give = (page, bytes, name, how) =>
  page.evaluate(
    ([data, fileName, kind]) => {
      const files = new DataTransfer();
      files.items.add(new File([new Uint8Array(data)], fileName, { type: 'image/png' }));
      const target = document.getElementById('text');
      if (kind === 'paste') target.dispatchEvent(new ClipboardEvent('paste', { clipboardData: files, bubbles: true, cancelable: true }));
      else for (const step of ['dragenter', 'dragover', 'drop']) target.dispatchEvent(new DragEvent(step, { dataTransfer: files, bubbles: true, cancelable: true }));
    },
    [bytes, name, how],
  );

// check fails for what axe calls serious or critical.
async function check(page, where) {
  await page.waitForFunction(() => document.getAnimations().every((a) => a.playState !== 'running' || a.effect.getTiming().iterations === Infinity));
  if (!(await page.evaluate(() => 'axe' in window))) await page.evaluate(axeSource);
  const found = await page.evaluate(async () => (await window.axe.run(document, { resultTypes: ['violations'] })).violations.map((v) => ({ id: v.id, impact: v.impact, nodes: v.nodes.slice(0, 3).map((n) => `${n.html.slice(0, 120)} ${n.any[0]?.message || ''}`) })));
  const bad = found.filter((v) => ['serious', 'critical'].includes(v.impact));
  assert.deepEqual(bad, [], `axe on ${where}`);
}
const axeSource = await import('node:fs').then((fs) => fs.readFileSync(axe, 'utf8'));

const coach = await Coach.make(binary);
let chromium;
try {
  await coach.start();
  chromium = await launch();
  const { page, context, problems, browser } = chromium;
  const step = stepsOn(page, pictures);

  await step('the door has no serious finding', async () => {
    await page.goto(coach.url);
    await page.getByLabel('E-mail').waitFor();
    console.log(`interactive after ${await page.evaluate(() => Math.round(performance.getEntriesByName('coach-interactive')[0].startTime))} ms`);
    await check(page, 'the door');
  });

  await step('signed up with the keyboard alone', async () => {
    await page.keyboard.type('keys@example.com');
    await page.keyboard.press('Tab');
    await page.keyboard.type('keys');
    await page.keyboard.press('Tab');
    await page.keyboard.type('Plan-the-trade-1');
    await page.keyboard.press('Enter');
    await page.locator('.lamp[data-state="live"]').waitFor();
    await page.waitForFunction(() => document.activeElement?.id === 'text');
    await page.keyboard.type(sentence);
    await page.keyboard.press('Enter');
    await answerAt(page, 2).locator('.verdict[data-verdict="diamond"]').waitFor();
  });

  await step('edited with the arrow', async () => {
    await page.keyboard.press('ArrowUp');
    await page.locator('.composer-editing').waitFor();
    await page.keyboard.press('End');
    await page.keyboard.type(' today');
    await page.keyboard.press('Enter');
    await page.locator('.message[data-seq="1"] .about').getByText('edited').waitFor();
    assert.match(await page.locator('.message[data-seq="1"] .text').innerText(), / today$/);
  });

  await step('what would fix it goes into the field', async () => {
    await page.keyboard.type('long 2 MES at 6000, stop 5994, targets 6007.5 and 6012, account 25k');
    await page.keyboard.press('Enter');
    const card = answerAt(page, 4).locator('.verdict[data-verdict="fire"]');
    await card.getByText('What would fix it').waitFor();
    assert.match(await card.getByRole('img', { name: /Price ladder/ }).getAttribute('aria-label'), /Target 2 6,012, 2 R.*Better entry 5,999\.25/);
    await card.getByRole('button', { name: 'Try it' }).click();
    await page.keyboard.press('Enter');
    await answerAt(page, 6).locator('.verdict[data-verdict="diamond"]').waitFor();
  });

  await step('the palette opens a new conversation', async () => {
    await page.keyboard.press('Control+k');
    await page.keyboard.type('new conv');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'What are you about to do?' }).waitFor();
  });

  await step('a chart is pasted and another dropped', async () => {
    const bytes = await drawn(page);
    await give(page, bytes, 'pasted.png', 'paste');
    await page.locator('.tile.done').waitFor();
    await give(page, bytes, 'dropped.png', 'drop');
    await page.locator('.tile.done').nth(1).waitFor();
    await page.getByLabel('Remove dropped.png').click();
    await say(page, 'What do you see?');
    const image = page.locator('.message.user[data-seq="1"] img[alt="pasted.png"]');
    await image.waitFor();
    await page.waitForFunction((node) => node.complete && node.naturalWidth > 0, await image.elementHandle());
    await page.locator('.message.ai[data-seq="2"]:not([data-status="writing"])').waitFor();
    await page.getByRole('button', { name: 'Open pasted.png' }).click();
    await page.getByRole('dialog', { name: 'pasted.png' }).waitFor();
    await page.keyboard.press('Escape');
  });

  await step('what is no picture is refused in words', async () => {
    await page.locator('#choose-images').setInputFiles({ name: 'notes.txt', mimeType: 'text/plain', buffer: Buffer.from('x') });
    await page.locator('#composer-error').getByText('notes.txt is not a picture').waitFor();
  });

  await step('hostile words stay words', async () => {
    const hostile = '<img src=x onerror="window.hit=1"> [click](javascript:window.hit=1) <script>window.hit=1</script> \u202Eevil';
    await say(page, hostile);
    const row = page.locator('.message.user[data-seq="3"]');
    await row.waitFor();
    assert.equal(await row.locator('.text').evaluate((n) => n.textContent), hostile);
    assert.equal(await row.locator('.text *').count(), 0, 'markup came out of words');
    await answerAt(page, 4).waitFor();
    await say(page, 'שלום, קניתי שני חוזים');
    const rtl = page.locator('.message.user[data-seq="5"] .text');
    await rtl.waitFor();
    assert.equal(await rtl.evaluate((n) => getComputedStyle(n).direction), 'rtl');
    await answerAt(page, 6).waitFor();
    await say(page, 'W'.repeat(10_000));
    await page.locator('.message.user[data-seq="7"]').waitFor();
    await answerAt(page, 8).waitFor();
    assert.equal(await page.evaluate(() => window.hit), undefined, 'a script ran');
    assert.ok(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), 'the page is wider than the window');
    assert.equal(await page.locator('.message a').count(), 0, 'words became links');
    await page.getByLabel('Your message').fill('W'.repeat(10_001));
    await page.getByLabel('Your message').press('Enter');
    await page.locator('#composer-error').getByText('at most 10,000 characters').waitFor();
    await page.getByLabel('Your message').fill('');
  });

  await step('found by its words', async () => {
    await page.getByLabel('Your message').blur();
    await page.keyboard.press('/');
    await page.keyboard.type('6007.5');
    const hit = page.locator('.hit').filter({ hasText: 'targets' }).first();
    await hit.locator('mark').first().waitFor();
    const seq = (await hit.getAttribute('href')).split('/').at(-1);
    await hit.click();
    await page.locator(`.message[data-seq="${seq}"].found-here`).waitFor();
    await page.getByLabel('Search conversations').fill('');
  });

  await step('put into the archive and back', async () => {
    const before = await page.locator('.conversations a').count();
    await page.getByRole('button', { name: 'More' }).click();
    await page.getByRole('menuitem', { name: 'Archive', exact: true }).click();
    await page.waitForFunction((n) => document.querySelectorAll('.conversations a').length === n, before - 1);
    await page.getByRole('button', { name: 'Archived' }).click();
    await page.locator('.conversations a').waitFor();
    await page.getByRole('button', { name: 'Undo' }).click();
    await page.getByText('Nothing is archived.').waitFor();
    await page.getByRole('button', { name: 'Active' }).click();
  });

  await step('two tabs are in step', async () => {
    const second = await context.newPage();
    await second.goto(page.url()); // the message found above, from a cold start
    await second.locator(`.message[data-seq="${page.url().split('/').at(-1)}"].found-here`).waitFor();
    await answerAt(second, 6).waitFor();
    await second.getByLabel('Your message').fill('what is my risk per trade?');
    await second.getByLabel('Your message').press('Enter');
    await answerAt(page, 8).waitFor();
    await second.close();
  });

  await step('a friend is invited and seen typing', async () => {
    const other = await browser.newContext();
    const friend = await other.newPage();
    await signUp(friend, coach.url, 'mentor');
    await page.getByRole('button', { name: 'Share' }).click();
    await page.getByLabel('E-mail or username').fill('mentor');
    await page.getByRole('button', { name: 'Invite' }).click();
    await page.locator('.members').getByText('mentor').waitFor();
    await page.keyboard.press('Escape');
    await friend.locator('.conversations a').first().click();
    await answerAt(friend, 8).waitFor();
    await friend.getByLabel('Your message').pressSequentially('I would');
    await page.locator('.typing').getByText('mentor is typing').waitFor();
    await page.locator('.presence[data-status="online"]').waitFor();
    await other.close();
  });

  await step('pictures at three widths without a serious finding', async () => {
    for (const scheme of ['light', 'dark']) {
      await page.emulateMedia({ colorScheme: scheme });
      for (const [name, [width, height]] of Object.entries(widths)) {
        await page.setViewportSize({ width, height });
        await page.locator('.thread-scroll').evaluate((n) => (n.scrollTop = 0));
        await page.locator('.message[data-seq="2"] .verdict').waitFor();
        if (name !== 'tablet') await check(page, `${scheme}, ${name}`);
        if (pictures) await page.screenshot({ path: join(pictures, `chat-${name}-${scheme}.png`) });
      }
    }
    await page.emulateMedia({ colorScheme: 'light' });
    await page.keyboard.press('Control+k');
    await check(page, 'the palette');
    await page.keyboard.press('Escape');
  });

  await step('a session that is ended elsewhere is over here', async () => {
    const token = await page.evaluate(() => JSON.parse(localStorage.getItem('coach.session')).token);
    const reply = await fetch(`${coach.url}/api/auth/sessions`, { headers: { authorization: `Bearer ${token}` } });
    const { data } = await reply.json();
    const here = (data.sessions || data).find((s) => s.current);
    await page.getByLabel('Your message').fill('not sent yet');
    const ended = await fetch(`${coach.url}/api/auth/sessions/${here.id}`, { method: 'DELETE', headers: { authorization: `Bearer ${token}` } });
    assert.equal(ended.status, 200);
    await page.locator('#signin').waitFor();
    await page.locator('#signin-error').waitFor();
    await page.getByLabel('E-mail or username').fill('keys');
    await page.getByLabel('Password').fill('Plan-the-trade-1');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.waitForFunction(() => document.getElementById('text')?.value === 'not sent yet');
  });

  assert.deepEqual(problems, [], 'the page had errors');
} catch (error) {
  if (pictures) await chromium?.page.screenshot({ path: join(pictures, 'failed-chat.png') }).catch(() => {});
  console.error(error, '\nthe server printed:\n', coach.printed?.());
  process.exitCode = 1;
} finally {
  await chromium?.close();
  await coach.remove();
}

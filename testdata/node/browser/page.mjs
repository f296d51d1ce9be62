// The plain page, as a stranger uses it: sign up, say the sentence, see the verdict; the server is killed and comes back.
//
//	node page.mjs <coach binary> [folder for pictures]
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { join } from 'node:path';
import { Coach } from '../coach.mjs';
import { launch } from './browser.mjs';
import { sentence, stepsOn } from './steps.mjs';

const [binary, pictures] = process.argv.slice(2);

const coach = await Coach.make(binary);
let chromium;
try {
  await coach.start();
  chromium = await launch();
  const { page, problems } = chromium;
  const step = stepsOn(page, pictures);

  await step('a refused sign-up says what is wrong', async () => {
    await page.goto(coach.url);
    await page.getByLabel('E-mail').fill('ana@example.com');
    await page.getByLabel('Username').fill('ana');
    await page.getByLabel('Password', { exact: true }).fill('short');
    await page.getByRole('button', { name: 'Sign up' }).click();
    const text = await page.locator('#signin-error').textContent({ timeout: 10_000 });
    await page.locator('#signin-error').waitFor({ state: 'visible' });
    assert.match(await page.locator('#signin-error').textContent(), /password|character/i, text);
  });

  await step('sign up', async () => {
    await page.getByLabel('Password', { exact: true }).fill('Plan-the-trade-1');
    await page.getByRole('button', { name: 'Sign up' }).click();
    await page.locator('#app').waitFor({ state: 'visible' });
  });

  await step('the sentence gets its verdict', async () => {
    await page.getByLabel('Your message').fill(sentence);
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('.verdict[data-verdict="diamond"]').waitFor();
    const card = await page.locator('.verdict').innerText();
    assert.match(card, /\b2\.00 R\b/, `the card names no 2.00 R: ${card}`);
    const answer = await page.locator('.message.ai .text').innerText();
    assert.match(answer, /\b8 contracts\b/, `the answer does not name the 8 contracts: ${answer}`);
    assert.ok((await page.locator('.message.ai tbody tr').count()) > 0, 'no checks are shown');
    assert.equal(await page.locator('[data-draft]').count(), 0, 'the message still counts as not sent');
  });

  await step('a killed server shows a banner and keeps what is written', async () => {
    await coach.kill();
    await page.locator('#banner').waitFor({ state: 'visible' });
    await page.getByLabel('Your message').fill('and short 1 MES at 6010, stop 6016, target 5998');
    await page.getByRole('button', { name: 'Send' }).click();
    await page.locator('[data-draft]').waitFor();
  });

  await step('the server comes back and the page goes on by itself', async () => {
    await coach.start();
    await page.locator('#banner').waitFor({ state: 'hidden' });
    await page.locator('[data-draft]').waitFor({ state: 'detached' });
    await page.locator('.message.ai[data-seq="4"][data-status="completed"]').waitFor();
    assert.equal(await page.locator('.message[data-seq="3"] .text').innerText(), 'and short 1 MES at 6010, stop 6016, target 5998');
  });

  await step('a reload shows the same', async () => {
    const before = await page.locator('.message[data-seq="4"]').innerText();
    await page.reload();
    await page.locator('.message[data-seq="4"]').waitFor();
    assert.equal(await page.locator('.message[data-seq="4"]').innerText(), before);
    assert.equal(await page.locator('.message.user[data-seq="5"]').count(), 0);
  });

  await step('a second device sees what the first sends', async () => {
    const second = await chromium.context.newPage();
    await second.goto(page.url());
    await second.locator('.message.ai[data-seq="4"]').waitFor();
    await page.getByLabel('Your message').fill('what is my risk per trade?');
    await page.getByRole('button', { name: 'Send' }).click();
    await second.locator('.message.user[data-seq="5"]').waitFor();
    await second.close();
  });

  await step('signing out ends the session', async () => {
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.locator('#signin').waitFor({ state: 'visible' });
    assert.equal(await page.evaluate(() => localStorage.getItem('coach.session')), null);
  });

  await step('a one-time link sets a new password, once', async () => {
    const { stdout } = await promisify(execFile)(binary, ['user', 'reset-link', 'ana', '--json', '--data-dir', coach.dir], { cwd: coach.dir });
    const { code } = JSON.parse(stdout);
    await page.goto(`${coach.url}/#reset=${code}`);
    await page.getByLabel('New password').fill('short');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.locator('#reset-error').waitFor({ state: 'visible' });
    await page.getByLabel('New password').fill('Plan-the-trade-2');
    await page.getByRole('button', { name: 'Set password' }).click();
    await page.locator('#signin').waitFor({ state: 'visible' });
    assert.ok(!page.url().includes(code), 'the used code is still in the address');
    await page.getByLabel('E-mail or username').fill('ana');
    await page.getByLabel('Password', { exact: true }).fill('Plan-the-trade-2');
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.locator('#app').waitFor({ state: 'visible' });
    problems.splice(0, problems.length, ...problems.filter((text) => !/status of 400/.test(text))); // the short one
  });

  assert.deepEqual(problems, [], 'the page had errors');
} catch (error) {
  if (pictures) await chromium?.page.screenshot({ path: join(pictures, 'failed.png') }).catch(() => {});
  console.error(error, '\nthe server printed:\n', coach.printed?.());
  process.exitCode = 1;
} finally {
  await chromium?.close();
  await coach.remove();
}

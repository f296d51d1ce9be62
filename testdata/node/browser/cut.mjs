// Bad days in the middle of an answer: the network is cut for twenty seconds, the server is killed, the reader stops it.
//
//	node cut.mjs <coach binary> [folder for pictures]
import assert from 'node:assert/strict';
import { Coach } from '../coach.mjs';
import { launch } from './browser.mjs';
import { Model } from './model.mjs';
import { answerAt, say, signUp, stepsOn } from './steps.mjs';
import { Wire } from './wire.mjs';

const [binary, pictures] = process.argv.slice(2);
const cutFor = Number(process.env.COACH_TEST_CUT_SECONDS || 20) * 1000;

const model = await Model.start();
model.begin = 'The first half, ';
const coach = await Coach.make(binary, { OPENAI_BASE_URL: model.url, OPENAI_API_KEY: 'sk-test', OPENAI_MODEL: 'slow' });
let chromium, wire;
try {
  await coach.start();
  wire = await Wire.to(coach.port);
  chromium = await launch();
  const { page, context, problems } = chromium;
  const step = stepsOn(page, pictures);
  await signUp(page, wire.url, 'cut');

  await step('an answer is seen while it is written', async () => {
    await say(page, 'Tell me about patience.');
    await page.locator('.message.ai[data-status="writing"]').getByText('The first half,').waitFor();
    await page.getByRole('button', { name: 'Stop the answer' }).waitFor();
  });

  await step('the network is cut in the middle', async () => {
    wire.cut();
    await context.setOffline(true);
    await page.locator('#banner').waitFor();
    model.say('the second half.');
    model.end();
    await say(page, 'And written while I was away.');
    await page.locator('[data-draft]').waitFor();
    model.begin = 'The other answer.';
    const ended = new Promise((resolve) => setTimeout(resolve, cutFor)); // the length of the cut is what is tested
    await ended;
    assert.equal(await page.locator('[data-draft]').count(), 1, 'what was written is not kept');
  });

  await step('it is back and nothing is lost', async () => {
    wire.mend();
    await context.setOffline(false);
    await page.locator('#banner').waitFor({ state: 'hidden' });
    await answerAt(page, 2).getByText('The first half, the second half.').waitFor();
    await page.locator('.message.user[data-seq="3"]').getByText('And written while I was away.').waitFor();
    await page.locator('[data-draft]').waitFor({ state: 'detached' });
    await page.locator('.message.ai[data-seq="4"]').getByText('The other answer.').waitFor();
    model.end();
    await answerAt(page, 4).waitFor();
  });

  await step('the server is killed in the middle of an answer', async () => {
    model.begin = 'A beginning that is thrown away, ';
    await say(page, 'And discipline?');
    await page.locator('.message.ai[data-seq="6"]').getByText('thrown away').waitFor();
    await coach.kill();
    await page.locator('#banner').waitFor();
    model.begin = 'A new attempt';
    await coach.start();
    await page.locator('#banner').waitFor({ state: 'hidden' });
    await page.locator('.message.ai[data-seq="6"]').getByText('A new attempt').waitFor({ timeout: 60_000 });
    model.say(' that ends.');
    model.end();
    await answerAt(page, 6).getByText('A new attempt that ends.').waitFor();
    assert.equal(await page.locator('.message.ai[data-seq="6"]').getByText('thrown away').count(), 0);
  });

  await step('an answer is stopped and asked for again', async () => {
    model.begin = 'This much was written';
    await say(page, 'And losses?');
    await page.locator('.message.ai[data-seq="8"]').getByText('This much').waitFor();
    await page.getByRole('button', { name: 'Stop the answer' }).click();
    await page.locator('.message.ai[data-seq="8"][data-status="stopped"]').getByText('This much was written').waitFor();
    model.begin = 'Another answer.';
    await page.locator('.message.ai[data-seq="8"]').hover();
    await page.locator('.message.ai[data-seq="8"]').getByRole('button', { name: 'Answer again' }).click();
    await page.locator('.message.ai[data-seq="9"]').getByText('Another answer.').waitFor();
    model.end();
    await answerAt(page, 9).waitFor();
  });

  assert.deepEqual(problems, [], 'the page had errors');
} catch (error) {
  if (pictures) await chromium?.page.screenshot({ path: `${pictures}/failed-cut.png` }).catch(() => {});
  console.error(error, '\nthe server printed:\n', coach.printed?.());
  process.exitCode = 1;
} finally {
  await chromium?.close();
  wire?.close();
  await coach.remove();
  model.close();
}

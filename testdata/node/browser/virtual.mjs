// Ten thousand messages: all of them can be reached, few of them are in the document, and scrolling stays smooth.
//
//	node virtual.mjs <coach binary> [folder for pictures]
import assert from 'node:assert/strict';
import { Coach } from '../coach.mjs';
import { launch } from './browser.mjs';
import { signUp, stepsOn } from './steps.mjs';

const [binary, pictures] = process.argv.slice(2);
const many = 10_000;

const coach = await Coach.make(binary);
let chromium;
try {
  await coach.start();
  chromium = await launch();
  const { page, problems } = chromium;
  const step = stepsOn(page, pictures);
  await signUp(page, coach.url, 'virtual');

  await step('ten thousand rows are few elements', async () => {
    // The rows go into the page's own list and its own elements; only the network is left out.
    await page.evaluate(async (count) => {
      const folder = document.querySelector('script[type="module"]').src.replace(/app\.js$/, '');
      const [{ VirtualList }, { messageRow }] = await Promise.all([import(`${folder}virtual.js`), import(`${folder}chat/message.js`)]);
      const rows = new Map();
      for (let seq = 1; seq <= count; seq++) {
        const content = `message ${seq} ` + 'some words of it '.repeat(1 + ((seq * 7) % 40));
        rows.set(`m${seq}`, { id: `m${seq}`, seq, type: seq % 2 ? 'user' : 'ai', userId: 'me', content, status: seq % 2 ? 'sent' : 'completed', uploads: [], createdAt: '2026-11-26T10:00:00.000Z' });
      }
      const scroller = document.querySelector('.thread-scroll').cloneNode(false);
      const list = document.createElement('ol');
      list.className = 'messages';
      scroller.append(list);
      document.querySelector('.thread-frame').replaceChildren(scroller);
      const desk = { me: { id: 'me' }, nameOf: () => '', textOf: (m) => m.content, canWrite: () => true };
      window.virtual = new VirtualList(scroller, list, { render: (key) => messageRow(rows.get(key), desk) });
      window.virtual.set([...rows.keys()]);
      window.virtual.toEnd();
    }, many);
    await page.getByText(`message ${many} `).waitFor();
    assert.ok((await page.locator('.thread-scroll .message').count()) < 60);
  });

  await step('scrolling through is smooth', async () => {
    const frames = await page.evaluate(async () => {
      const scroller = document.querySelector('.thread-scroll');
      const spent = [];
      for (let i = 0; i < 90; i++) {
        const begun = performance.now();
        scroller.scrollTop -= 900;
        scroller.dispatchEvent(new Event('scroll'));
        await new Promise((resolve) => requestAnimationFrame(() => {
          const inFrame = performance.now();
          queueMicrotask(() => spent.push(performance.now() - inFrame));
          resolve();
        }));
        spent[spent.length - 1] = performance.now() - begun;
        if (document.querySelectorAll('.thread-scroll .message').length > 80) throw new Error('rows pile up');
      }
      return spent.sort((a, b) => a - b);
    });
    const middle = frames[Math.floor(frames.length / 2)];
    console.log(`a step takes ${middle.toFixed(1)} ms in the middle, ${frames.at(-1).toFixed(1)} ms at most`);
    assert.ok(middle < 100, `a step of scrolling takes ${middle} ms`); // a frame is 17; other tests run beside this one
  });

  await step('what is read stays where it is when more comes before it', async () => {
    const moved = await page.evaluate(async () => {
      const settled = () => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve)));
      window.virtual.show('m5000');
      await settled();
      const at = () => document.querySelector('[data-id="m5000"]').getBoundingClientRect().top;
      const before = at();
      const keys = Array.from({ length: 10_000 }, (_, i) => `m${i + 1}`);
      window.virtual.set(keys.slice(3_000));
      await settled();
      const after = at();
      window.virtual.set(keys);
      await settled();
      return [before, after, at()];
    });
    assert.ok(Math.abs(moved[0] - moved[1]) < 3 && Math.abs(moved[0] - moved[2]) < 3, `it moved: ${moved}`);
  });

  assert.deepEqual(problems, [], 'the page had errors');
} catch (error) {
  console.error(error, '\nthe server printed:\n', coach.printed?.());
  process.exitCode = 1;
} finally {
  await chromium?.close();
  await coach.remove();
}

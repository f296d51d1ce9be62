// What the scripts with a browser share: named steps with a picture of each, and a person who signs up.
import { join } from 'node:path';

export const sentence = 'long 2 MES at 6000, stop 5994, target 6012, account 25k, risk 1%';

export function stepsOn(page, pictures) {
  return async (name, run) => {
    try {
      await run();
    } catch (error) {
      error.message = `${name}: ${error.message}`;
      throw error;
    }
    if (pictures) await page.screenshot({ path: join(pictures, `${name.replaceAll(' ', '-')}.png`) });
    console.log(`ok ${name}`);
  };
}

export async function signUp(page, url, name) {
  await page.goto(url);
  await page.getByLabel('E-mail').fill(`${name}@example.com`);
  await page.getByLabel('Username').fill(name);
  await page.getByLabel('Password').fill('Plan-the-trade-1');
  await page.getByRole('button', { name: 'Sign up' }).click();
  await page.locator('.lamp[data-state="live"]').waitFor();
}

export async function say(page, text) {
  await page.getByLabel('Your message').fill(text);
  await page.getByLabel('Your message').press('Enter');
}

export const answerAt = (page, seq) => page.locator(`.message.ai[data-seq="${seq}"][data-status="completed"]`);

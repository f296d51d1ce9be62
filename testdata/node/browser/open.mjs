// Opens one of the pages of plan, journal, statistics and account for somebody who is signed in.

// openPage goes to a page by its name in the address; session is the reply of register or login.
export async function openPage(page, url, session, name) {
  if (!page.url().startsWith(url)) {
    await page.goto(`${url}/`);
    await page.evaluate((kept) => localStorage.setItem('coach.session', JSON.stringify({ ...kept, takenAt: Date.now() })), session);
    await page.reload();
  }
  await page.goto(`${url}/#/${name}`);
  await page.locator('.records h1').waitFor();
}

// Opens one page of the shell for somebody who is signed in.

// openPage goes to a page by its name in the address; session is the reply of register or login.
export async function openPage(page, url, session, name) {
  if (!page.url().startsWith(url)) {
    await page.goto(`${url}/`);
    await page.evaluate((kept) => localStorage.setItem('coach.session', JSON.stringify({ ...kept, takenAt: Date.now() })), session);
  }
  await page.goto(`${url}/#/${name}`);
  await page.reload();
  if (!(await page.evaluate(shelled))) await page.evaluate(alone, name);
  await page.locator('.records h1').waitFor();
}

// shelled tells whether the page at / has a shell that shows pages.
const shelled = async () => {
  const folder = document.querySelector('script[type=module]').src.replace(/[^/]*$/, '');
  return (await fetch(`${folder}shell.js`)).ok;
};

// alone shows a page's module without a shell.
const alone = async (name) => {
  const folder = document.querySelector('script[type=module]').src.replace(/[^/]*$/, '');
  for (const sheet of document.querySelectorAll('link[rel=stylesheet]')) sheet.remove();
  for (const sheet of ['theme.css', 'components.css']) {
    const link = Object.assign(document.createElement('link'), { rel: 'stylesheet', href: folder + sheet });
    await new Promise((resolve) => {
      link.onload = resolve;
      document.head.append(link);
    });
  }
  const main = document.createElement('main');
  main.style.height = '100%';
  document.body.replaceChildren(main);
  const [{ api }, { t }, { toast }, module] = await Promise.all(['api.js', 'text.js', 'toast.js', `pages/${name}.js`].map((file) => import(folder + file)));
  module.mount(main, { api, t, toast, path: '', me: {}, go: (where) => (location.hash = `#/${where}`) });
};

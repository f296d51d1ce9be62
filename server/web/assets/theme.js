// Sets the theme that the user chose before anything is painted; without a choice the system's is followed.
// A plain script, not a module: modules run too late.
try {
  const chosen = localStorage.getItem('coach.theme');
  if (chosen === 'dark' || chosen === 'light') document.documentElement.dataset.theme = chosen;
} catch {
  // storage is forbidden here: the system's theme it is
}

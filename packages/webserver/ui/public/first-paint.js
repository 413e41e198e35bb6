// Runs before the first paint, so that a dark page never flashes white and a Japanese one never says lang="en".
(() => {
  const root = document.documentElement;
  let scheme = 'auto';
  let density = 'compact';
  let language = (navigator.language || 'en').startsWith('ja') ? 'ja' : 'en';
  try {
    scheme = localStorage.getItem('tsflow.scheme') || scheme;
    density = localStorage.getItem('tsflow.density') || density;
    language = localStorage.getItem('tsflow.language') || language;
  } catch {
    // Storage is refused in some private windows: defaults serve.
  }
  const dark = scheme === 'dark' || (scheme === 'auto' && matchMedia('(prefers-color-scheme: dark)').matches);
  root.setAttribute('data-mantine-color-scheme', dark ? 'dark' : 'light');
  root.dataset.density = density;
  root.lang = language;
})();

const BASE = 'http://console.invalid';

/** A path of our own, and never another site's: what stands in a link to us may be anybody's. */
export function ownPath(path: string | undefined): string {
  const url = path?.startsWith('/') ? URL.parse(path, BASE) : null;
  if (url?.origin !== BASE) return '/';
  // Dots may have stood before a second slash, which would lead away.
  return `/${url.pathname.replace(/^\/+/, '')}${url.search}`;
}

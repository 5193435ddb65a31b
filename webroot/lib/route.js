// The address after #: a path and a query, both kept by the browser's history.
import { signal } from './html.js';

function read() {
    const [path, search] = location.hash.replace(/^#\/?/, '').split('?');
    return { parts: path.split('/').filter(Boolean).map(decodeURIComponent), query: Object.fromEntries(new URLSearchParams(search)) };
}

export const route = signal(read());
addEventListener('hashchange', () => (route.value = read()));

export const link = (path, query) => {
    const entries = Object.entries(query ?? {}).filter(([, value]) => value);
    return `#/${path}${entries.length ? `?${new URLSearchParams(entries)}` : ''}`;
};
export const go = (path, query) => (location.hash = link(path, query));

// Changes the query of the present page without a new step in the history.
export function setQuery(query) {
    const merged = { ...route.value.query, ...query };
    history.replaceState(null, '', link(route.value.parts.map(encodeURIComponent).join('/'), merged));
    route.value = read();
}

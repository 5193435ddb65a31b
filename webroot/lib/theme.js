// Light or dark: as chosen, else as the system says.
import { signal } from './html.js';

const kept = () => {
    try {
        return localStorage.getItem('theme');
    } catch {
        return null;
    }
};
const system = matchMedia('(prefers-color-scheme: dark)');
export const theme = signal(kept() ?? (system.matches ? 'dark' : 'light'));

export function applyTheme() {
    document.documentElement.dataset.bsTheme = theme.value;
}

export function setTheme(name) {
    theme.value = name;
    try {
        localStorage.setItem('theme', name);
    } catch { /* lasts as long as the page */ }
    applyTheme();
}

system.addEventListener('change', (event) => {
    if (kept()) return;
    theme.value = event.matches ? 'dark' : 'light';
    applyTheme();
});

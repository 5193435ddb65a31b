import { html, classes } from '../lib/html.js';

const SPRITE = 'vendor/tabler-icons-3.51.0/sprite-154dce8b.svg';

// An icon beside words: hidden from screen readers, because the word says it.
export const Icon = ({ name, size = 20, class: extra }) => html`
    <svg class=${classes('icon', extra)} width=${size} height=${size} aria-hidden="true" focusable="false">
        <use href=${`${SPRITE}#${name}`} /></svg>`;

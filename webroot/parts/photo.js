// A face, or a drawn place for one with the initials: a missing photo must not look like another person.
import { html } from '../lib/html.js';

const initials = (name) => [...(name ?? '?')].filter((sign) => /\p{L}/u.test(sign)).length && /\p{Script=Han}/u.test(name)
    ? [...name].slice(-2).join('') : (name ?? '?').split(/\s+/).slice(0, 2).map((word) => [...word][0]).join('').toUpperCase();

export const Photo = ({ person, small }) => html`
    <div class=${small ? 'photo small' : 'photo'} aria-hidden="true"><span>${initials(person.name)}</span></div>`;

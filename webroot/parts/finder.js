// Ctrl+K: a person by name, personnel number or card number, from anywhere. A keyboard-wedge reader opens it as well.
import { html, signal, useSignal, useEffect, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { cardNo } from '../lib/money.js';
import { onSwipe } from '../lib/keys.js';
import { go } from '../lib/route.js';
import { Dialog, CloseButton } from './dialog.js';
import { useLoad } from './async.js';
import { useSettled } from './table.js';
import { Icon } from './icon.js';
import { CardChip } from './card-state.js';

const asked = signal(null); // {text, choose}
export const finderOpen = asked;

// choose(person) is called with whom was picked; without it their page opens.
export const openFinder = (text = '', choose = null, hint = null) => (asked.value = { text, choose, hint });
export const closeFinder = () => (asked.value = null);

onSwipe((text) => openFinder(text.trim()));

// Readers type the card number in decimal or the UID in hex; the search of people knows numbers, that of cards both.
async function find(text) {
    const people = await get('/people', { q: text, limit: 8 });
    if (people.items.length || !/^[0-9a-f]{4,}$/i.test(text)) return people.items;
    const cards = await get('/cards', { q: text.toLowerCase(), limit: 8 });
    return cards.items.map((card) => ({ ...card.person, department: null, card }));
}

export function Finder() {
    const { choose, hint } = asked.value;
    const text = useSignal(asked.value.text);
    const at = useSignal(0);
    const settled = useSettled(text.value.trim(), 120);
    const found = useLoad(async () => (settled ? { text: settled, items: await find(settled) } : { text: '', items: [] }), [settled]);
    const items = found.data?.items ?? [];
    // Until the answer to what is typed is there, the list is that of an earlier text: Enter waits for it.
    const current = found.data?.text === text.value.trim();
    const waiting = useRef(false);
    useEffect(() => {
        at.value = 0;
        const swiped = asked.value?.text && asked.value.text === settled && !choose;
        // A swipe that finds exactly one person opens them at once, and so does an Enter that had to wait.
        if ((swiped || (current && waiting.current)) && items.length === 1) pick(items[0]);
        waiting.current = false;
    }, [found.data]);
    const pick = (person) => {
        closeFinder();
        if (choose) choose(person);
        else go(`people/${person.id}`);
    };
    const keys = (event) => {
        const step = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (!step || !items.length) return;
        event.preventDefault();
        at.value = (at.value + step + items.length) % items.length;
    };
    return html`
        <${Dialog} title=${t(choose ? 'find.whom' : 'find.label')} hint=${hint} class="finder" onClose=${closeFinder}
            onSubmit=${() => (current ? items[at.value] && pick(items[at.value]) : (waiting.current = true))} foot=${html`<span class="grow muted">${t('find.keys')}</span>
            <${CloseButton} onClose=${closeFinder} />`}>
            <label class="form-label" for="find-text">${t('find.hint')}</label>
            <input id="find-text" class="form-control big" role="combobox" aria-expanded=${items.length > 0} aria-controls="find-list"
                aria-activedescendant=${items.length ? `find-${at.value}` : undefined} autocomplete="off" data-first
                value=${text.value} onInput=${(event) => (text.value = event.target.value)} onKeyDown=${keys} />
            <ul id="find-list" class="found" role="listbox" aria-label=${t('find.results')} aria-busy=${!current}>${items.map((person, index) => html`
                <li id=${`find-${index}`} role="option" aria-selected=${index === at.value} class=${classes(index === at.value && 'chosen')}
                    onClick=${() => pick(person)}><${Icon} name="user" /><span class="grow"><b>${person.name}</b>
                    <small>${[person.personnel_no, person.department?.name].filter(Boolean).join(' · ')}</small></span>
                    ${person.card && html`<span class="muted figures">${cardNo(person.card.card_no)}</span>
                    <${CardChip} state=${person.card.block ? 'blocked' : person.card.state} />`}</li>`)}</ul>
            <p class="muted" role="status">${settled && found.phase === 'data' && !items.length ? t('find.none', { text: settled }) : ''}</p>
        <//>`;
}

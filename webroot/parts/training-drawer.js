// Training: virtual cards to put on a virtual reader, and accidents to try. It asks the desk's simulated reader, so what
// follows is exactly what a real one would make of it.
import { html, useSignal, useEffect, useRef, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { post } from '../lib/api.js';
import { session, may } from '../lib/session.js';
import { live } from '../lib/live.js';
import { cardNo } from '../lib/money.js';
import { bindKeys } from '../lib/keys.js';
import { Icon } from './icon.js';
import { problemText } from './field.js';
import { CardChip } from './card-state.js';

// The write is cut before this command to the card: the record is written then, and the value is not.
const CUT_COMMAND = 8;
const LONG_UID_BYTES = 7;
const NXP = 0x04; // the maker in front of seven-byte UIDs

// What can be made, besides the plain blank card.
const KINDS = [
    { name: 'blank', icon: 'credit-card', card: {} },
    { name: 'issued', icon: 'user-plus', card: {}, issue: true },
    { name: 'foreign', icon: 'credit-card-off', card: { keys: 'foreign' } },
    { name: '4k', icon: 'cards', card: { chip: '4k' } },
    { name: 'long_uid', icon: 'hash', card: {}, longUid: true },
    { name: 'phone', icon: 'nfc', phone: true },
];

const freeName = (items) => {
    for (let no = 1; ; no++) if (!items.some((card) => card.card === `card-${no}`)) return `card-${no}`;
};
const longUid = () => [NXP, ...crypto.getRandomValues(new Uint8Array(LONG_UID_BYTES - 1))]
    .map((byte) => byte.toString(16).padStart(2, '0')).join('');

const chipText = (card) => [card.chip === '4k' && t('training.chip_4k'), card.uid.length > 8 && t('training.uid_long')].filter(Boolean).join(', ');

function VirtualCard({ card, index, onPress }) {
    const kind = chipText(card);
    return html`
        <button type="button" class=${classes('virtual', `v-${card.state}`, card.on_reader && 'down')} onClick=${() => onPress(card)}
            aria-pressed=${card.on_reader}>
            <span class="virtual-top"><b>${card.holder?.name ?? t(`training.name.${card.state === 'foreign' ? 'foreign' : 'blank'}`)}</b>
                <span>${card.holder ? cardNo(card.holder.card_no) : kind || (card.state === 'blank' && t('training.never_issued'))}</span></span>
            <small><${CardChip} state=${card.state} />${index < 9 && html` <kbd>Alt ${index + 1}</kbd>`}</small></button>`;
}

function messageText(said) {
    if (said?.problem) return problemText(said.problem).title;
    if (said) return t(said.key, said.values);
    return t(live.value?.agent.online === false ? 'training.reader_away' : 'training.hint');
}

// Asks the simulated reader, one act after the other; keeps the list of its cards.
function useReader(desk) {
    const items = useSignal([]);
    const message = useSignal(null); // {key, values} or {problem}: what is said changes its language with the page
    const busy = useRef(Promise.resolve());
    const send = async (body) => {
        try {
            const answer = await post(`/desks/${desk}/training`, body);
            if (answer.cards) items.value = answer.cards;
            message.value = answer.ok === false ? { key: 'training.refused', values: { why: answer.message.replace(/^error /, '') } } : null;
            return answer.ok === true;
        } catch (error) {
            message.value = { problem: error };
            return false;
        }
    };
    // A body may be a function: it is made when its turn comes, from the list the act before it left.
    const ask = (body) => (busy.current = busy.current.then(() => send(typeof body === 'function' ? body() : body)));
    return { items, message, ask };
}

function accidentsOf({ items, message, ask }, stage) {
    const isPlugged = live.value?.agent.reader_state === 'ok';
    const cut = async () => {
        if (await ask({ action: 'cut', command: CUT_COMMAND })) message.value = { key: 'training.cut_armed' };
    };
    const two = async () => {
        await ask({ action: 'list' });
        const [first, second] = [...items.value].sort((left, right) => right.on_reader - left.on_reader);
        const names = [first?.card, second?.card].filter(Boolean);
        while (names.length < 2) {
            const name = freeName(items.value);
            if (!await ask({ action: 'new', card: name })) return;
            names.push(name);
        }
        await ask({ action: 'place', card: names[0], second: names[1] });
    };
    const damage = async () => {
        await ask({ action: 'list' });
        const ready = items.value.filter((card) => card.state === 'active');
        const target = ready.find((card) => card.on_reader) ?? ready[0];
        if (target) await ask({ action: 'damage', card: target.card });
        else message.value = { key: 'training.damage_first' };
    };
    return [
        { name: 'cut', icon: 'bolt', act: cut, off: stage === 'none' },
        { name: isPlugged ? 'unplug' : 'plug', icon: isPlugged ? 'plug-connected-x' : 'plug-connected', act: () => ask({ action: isPlugged ? 'unplug' : 'plug' }) },
        { name: 'two', icon: 'cards', act: two },
        { name: 'damage', icon: 'tool', act: damage },
    ];
}

export function TrainingDrawer({ stage, onIssue }) {
    const open = useSignal(true);
    const issueNext = useRef(false);
    const desk = session.value.desk.id;
    const reader = useReader(desk);
    const { items, message, ask } = reader;
    // The list is asked anew when a card came, went or changed: it may have been pulled, not taken.
    const card = live.value?.card;
    useEffect(() => {
        if (live.value?.agent.online) ask({ action: 'list' });
    }, [desk, live.value?.agent.online, live.value?.agent.reader_state, card?.presence_id, card?.presentation_id, card?.state]);
    useEffect(() => {
        if (stage !== 'blank' || !issueNext.current) return;
        issueNext.current = false;
        onIssue();
    }, [stage]);
    const lying = items.value.filter((each) => each.on_reader).map((each) => each.card).join(' ');
    useEffect(() => document.querySelector('.virtual.down')?.scrollIntoView({ block: 'nearest', inline: 'nearest' }), [lying]);
    const press = (pressed) => {
        issueNext.current = false;
        return ask(() => {
            const onReader = items.value.filter((each) => each.on_reader).map((each) => each.card);
            if (!onReader.includes(pressed.card)) return { action: 'place', card: pressed.card };
            const other = onReader.find((card) => card !== pressed.card);
            return other ? { action: 'place', card: other } : { action: 'remove' };
        });
    };
    const make = async (kind) => {
        issueNext.current = false;
        if (kind.phone) return ask({ action: 'phone' });
        let name;
        const made = await ask(() => {
            name = freeName(items.value);
            return { action: 'new', card: name, ...kind.card, ...(kind.longUid ? { uid: longUid() } : {}) };
        });
        if (!made) return undefined;
        issueNext.current = Boolean(kind.issue && onIssue);
        return ask({ action: 'place', card: name });
    };
    useEffect(() => bindKeys(Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((no) => [`${no}`, (event) => {
        if (!event.altKey || !items.value[no - 1]) return false;
        return press(items.value[no - 1]);
    }]))), [desk]);
    const kinds = KINDS.filter((kind) => !kind.issue || (onIssue && may('cards.issue')));
    return html`
        <section class=${classes('drawer', !open.value && 'shut')} aria-label=${t('training.title')}>
            <header><${Icon} name="school" /><b>${t('training.title')}</b>
                <span class="grow muted" role="status">${messageText(message.value)}</span>
                ${accidentsOf(reader, stage).map(({ name, icon, act, off }) => html`<button type="button" class="btn" data-accident=${name} disabled=${off}
                    onClick=${act}><${Icon} name=${icon} size="16" /> ${t(`training.${name}`)}</button>`)}
                <button type="button" class="btn quiet" aria-expanded=${open.value} onClick=${() => (open.value = !open.value)}>
                    <${Icon} name=${open.value ? 'chevron-down' : 'chevron-up'} size="16" /> ${t(open.value ? 'training.hide' : 'training.show')}</button>
            </header>
            ${open.value && html`<div class="virtuals">
                <div class="virtual-new" role="group" aria-label=${t('training.make')}>${kinds.map((kind) => html`
                    <button type="button" data-make=${kind.name} onClick=${() => make(kind)}><${Icon} name=${kind.icon} size="16" /> ${t(`training.make.${kind.name}`)}</button>`)}</div>
                ${items.value.map((each, index) => html`<${VirtualCard} key=${each.card} card=${each} index=${index} onPress=${press} />`)}</div>`}
        </section>`;
}

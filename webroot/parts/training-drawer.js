// Training: virtual cards to put on a virtual reader, and accidents to try. It asks the desk's simulated reader, so what
// follows is exactly what a real one would make of it.
import { html, useSignal, useEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get, post } from '../lib/api.js';
import { session } from '../lib/session.js';
import { live } from '../lib/live.js';
import { cardNo } from '../lib/money.js';
import { bindKeys } from '../lib/keys.js';
import { Icon } from './icon.js';
import { problemText } from './field.js';
import { CardChip } from './card-state.js';

// The write is cut before this command to the card: the record is written then, and the value is not.
const CUT_COMMAND = 8;

const freeName = (items) => {
    for (let no = 1; ; no++) if (!items.some((card) => card.card === `card-${no}`)) return `card-${no}`;
};

// Whom a card belongs to is known from the cards of the site; one that is none of them is blank to us.
async function known(items) {
    return Promise.all(items.map(async (card) => {
        const found = await get('/cards', { q: card.uid, limit: 1 }).catch(() => ({ items: [] }));
        return { ...card, issued: found.items[0] ?? null };
    }));
}

function VirtualCard({ card, index, onPress }) {
    const state = card.issued && card.issued.state !== 'cancelled' ? (card.issued.block ? 'blocked' : card.issued.state) : 'blank';
    return html`
        <button type="button" class=${classes('virtual', `v-${state}`, card.on_reader && 'down')} onClick=${() => onPress(card)}
            aria-pressed=${card.on_reader}>
            <span class="virtual-top"><b>${card.issued?.person?.name ?? t('training.blank')}</b>
                <span>${card.issued ? cardNo(card.issued.card_no) : t('training.never_issued')}</span></span>
            <small><${CardChip} state=${state} /> <kbd>Alt ${index + 1}</kbd></small></button>`;
}

export function TrainingDrawer({ stage }) {
    const open = useSignal(true);
    const items = useSignal([]);
    const message = useSignal('');
    const busy = useSignal(false);
    const desk = session.value.desk.id;
    const take = async (answer) => (items.value = await known(answer.cards ?? answer.items ?? []));
    const ask = async (body) => {
        if (busy.value) return;
        busy.value = true;
        try {
            const answer = await post(`/desks/${desk}/training`, body);
            message.value = answer.ok === false ? answer.message : body.action === 'cut' ? t('training.cut_armed') : '';
            if (answer.cards) await take(answer);
        } catch (error) {
            message.value = problemText(error).title;
        }
        busy.value = false;
    };
    // The reader is asked again when a card came or went: it may have been pulled, not taken.
    useEffect(() => {
        if (!busy.value) ask({ action: 'list' });
    }, [live.value?.card?.presence_id, desk, live.value?.agent.online, live.value?.card?.card?.id, live.value?.card?.state]);
    const press = (card) => ask(card.on_reader ? { action: 'remove' } : { action: 'place', card: card.card });
    const fresh = async () => {
        const name = freeName(items.value);
        await ask({ action: 'new', card: name });
        await ask({ action: 'place', card: name });
    };
    useEffect(() => bindKeys(Object.fromEntries([1, 2, 3, 4, 5, 6, 7, 8, 9].map((no) => [`${no}`, (event) => {
        if (!event.altKey || !items.value[no - 1]) return false;
        return press(items.value[no - 1]);
    }]))), [desk]);
    const online = live.value?.agent.online;
    return html`
        <section class=${classes('drawer', !open.value && 'shut')} aria-label=${t('training.title')}>
            <header><${Icon} name="school" /><b>${t('training.title')}</b>
                <span class="grow muted" role="status">${message.value || t(online === false ? 'training.reader_away' : 'training.hint')}</span>
                <button type="button" class="btn" onClick=${fresh}><${Icon} name="plus" size="16" /> ${t('training.new')}</button>
                <button type="button" class="btn" onClick=${() => ask({ action: 'cut', command: CUT_COMMAND })} disabled=${stage === 'none'}>
                    <${Icon} name="bolt" size="16" /> ${t('training.cut')}</button>
                <button type="button" class="btn quiet" aria-expanded=${open.value} onClick=${() => (open.value = !open.value)}>
                    <${Icon} name=${open.value ? 'chevron-down' : 'chevron-up'} size="16" /> ${t(open.value ? 'training.hide' : 'training.show')}</button>
            </header>
            ${open.value && html`<div class="virtuals">${items.value.length ? items.value.map((card, index) => html`
                <${VirtualCard} key=${card.card} card=${card} index=${index} onPress=${press} />`)
                : html`<p class="muted">${t('training.none')}</p>`}</div>`}
        </section>`;
}

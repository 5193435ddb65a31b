// The band: colour, icon, word and sentence of the card's state, readable from two metres.
import { html, useState, useEffect } from '../lib/html.js';
import { t, dayText, hasText } from '../lib/i18n.js';
import { money, cardNo } from '../lib/money.js';
import { Icon } from './icon.js';
import { look } from './card-state.js';

const READING_SHOWN_AFTER_MS = 300;

// "Reading…" is said only when it takes long; until then the empty reader stays on the screen.
function useSlow(stage) {
    const [slow, setSlow] = useState(false);
    useEffect(() => {
        setSlow(false);
        const timer = setTimeout(() => setSlow(true), READING_SHOWN_AFTER_MS);
        return () => clearTimeout(timer);
    }, [stage]);
    return slow;
}

export const cashOf = (operation) => operation.cash_to_take_minor
    || operation.legs.reduce((sum, leg) => sum + (leg.purse === 'times' ? leg.price_minor : leg.amount_minor), 0);

function sentence(stage, card, open) {
    if (stage === 'active') return [t('band.active.1'), t('band.active.2')];
    if (stage === 'writing') return [t(`band.writing.${open.kind}`, { amount: money(cashOf(open)) })];
    if (stage === 'expired') return [t('band.expired', { day: dayText(card.card.expires_on) })];
    if (stage === 'issuing') return [t('band.issuing', { name: card.person?.name ?? '' })];
    if (stage === 'blocked') return [t(`band.blocked.${card.card.block}`)];
    if (stage === 'none') return [];
    return [hasText(`band.${stage}`) ? t(`band.${stage}`, { card: card?.card ? cardNo(card.card.card_no) : '' }) : ''];
}

// `open`: the act that is being written.
export function Band({ stage, card, open }) {
    const slow = useSlow(stage);
    const shown = ['reading', 'unknown'].includes(stage) && !slow ? 'none' : stage;
    const [tone, icon] = look(shown);
    return html`
        <header class=${`band ${tone}`} data-state=${shown}>
            <${Icon} name=${icon} size="44" />
            <div class="grow"><h2>${t(`state.${shown}`)}</h2>
                ${shown !== 'active' && sentence(shown, card, open).map((line) => html`<p>${line}</p>`)}</div>
            ${shown === 'active' && html`<div class="band-side">${sentence(shown, card, open).map((line) => html`<p>${line}</p>`)}</div>`}
        </header>`;
}

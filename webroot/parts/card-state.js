// The one place that knows how a state of a card looks: tone, icon and words, for bands and for chips.
import { html } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { Icon } from './icon.js';

export const STATES = {
    none: ['idle', 'credit-card'], reading: ['idle', 'nfc'], reader_away: ['bad', 'plug-connected-x'],
    agent_away: ['bad', 'power'], agent_old: ['bad', 'download'], server_away: ['bad', 'wifi-off'], unknown: ['idle', 'clock'],
    active: ['ok', 'circle-check'], blank: ['brand', 'credit-card'], foreign: ['idle', 'credit-card-off'],
    gone: ['idle', 'credit-card-off'], lost: ['bad', 'alert-octagon'], replaced: ['idle', 'credit-card-off'],
    cancelled: ['idle', 'credit-card-off'], scrapped: ['idle', 'credit-card-off'], damaged: ['amber', 'tool'],
    expired: ['idle', 'credit-card-off'], blocked: ['bad', 'lock'], case: ['bad', 'shield-x'], two_cards: ['amber', 'cards'],
    not_supported: ['idle', 'credit-card-off'], in_doubt: ['amber', 'reload'], issuing: ['amber', 'reload'],
    writing: ['brand', 'hand-stop'], system_password_missing: ['idle', 'key'],
};

export const look = (state) => STATES[state] ?? STATES.none;

export function CardChip({ state }) {
    const [tone, icon] = look(state);
    return html`<span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${t(`chip.${state}`)}</span>`;
}

const OPERATION = {
    prepared: ['brand', 'clock'], writing: ['brand', 'clock'], in_doubt: ['amber', 'help'], completed: ['ok', 'check'],
    aborted: ['idle', 'x'],
};
export function ActChip({ state }) {
    const [tone, icon] = OPERATION[state];
    return html`<span class=${`chip ${tone}`}><${Icon} name=${icon} size="16" /> ${t(`op.${state}`)}</span>`;
}

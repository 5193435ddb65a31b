// The foot of the desk: what this desk did today, and what is still in doubt.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { session, may } from '../lib/session.js';
import { act, live, late, turn } from '../lib/live.js';
import { money, count } from '../lib/money.js';
import { link } from '../lib/route.js';
import { Icon } from './icon.js';

export function DeskFoot() {
    const day = useSignal(null); // of the site: it may begin after midnight
    const open = useSignal({ items: [] });
    const desk = session.value.desk.id;
    useEffect(() => {
        if (!may('transactions.read')) return undefined;
        let current = true; // an answer that comes late says what was
        get(`/desks/${desk}/day`).then((sums) => current && (day.value = sums), () => null);
        get('/operations', { desk_id: desk, state: 'open', limit: 50 }).then((page) => current && (open.value = page), () => null);
        return () => (current = false);
    }, [desk, act.value?.id, act.value?.state, turn.value]);
    // What is being written on the reader at this moment waits for nobody, and what has just ended is on the list a moment longer.
    const here = live.value?.card?.operation?.id;
    const ended = act.value?.finished_at && act.value.id;
    const waiting = open.value.items.filter((item) => item.id !== ended && (item.state === 'in_doubt' || item.id !== here || late.value === here));
    const word = waiting.every((item) => item.state === 'in_doubt') ? 'foot.doubt' : 'foot.open';
    return html`
        <footer class="foot">
            ${day.value && html`
                <span><${Icon} name="circle-check" size="16" /> ${t('foot.acts')} <b>${count(day.value.acts)}</b></span>
                <span><${Icon} name="download" size="16" /> ${t('foot.taken')} <b>${money(day.value.taken_minor)}</b></span>
                <span><${Icon} name="arrow-up-right" size="16" /> ${t('foot.paid')} <b>${money(day.value.paid_minor)}</b></span>`}
            <span class="grow"></span>
            ${waiting.length ? html`<a class="amber-ink" href=${link('transactions', { state: 'open' })}>${t(word, { count: `${waiting.length}${open.value.next_cursor ? '+' : ''}` })}</a>`
                : html`<span>${t('foot.no_doubt')}</span>`}
        </footer>`;
}

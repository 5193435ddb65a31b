// The foot of the desk: what this desk did today, and what is still in doubt.
import { html, useSignal, useEffect } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { session, may } from '../lib/session.js';
import { act, turn } from '../lib/live.js';
import { site, money, count } from '../lib/money.js';
import { link } from '../lib/route.js';
import { Icon } from './icon.js';

const today = () => new Intl.DateTimeFormat('sv', { timeZone: site.value.time_zone }).format(new Date());

function sums(items) {
    const done = items.filter((item) => item.state === 'completed');
    const cash = (kind) => done.filter((item) => item.kind === kind)
        .reduce((sum, item) => sum + (kind === 'recharge' ? item.cash_to_take_minor - item.cash_to_return_minor : item.cash_to_pay_minor), 0);
    return { acts: items.length, taken: cash('recharge'), paid: cash('withdraw') };
}

export function DeskFoot() {
    const day = useSignal(null);
    const open = useSignal([]);
    const desk = session.value.desk.id;
    useEffect(() => {
        if (!may('transactions.read')) return undefined;
        let current = true; // an answer that comes late says what was
        const take = (query, use) => get('/operations', { desk_id: desk, ...query }).then((page) => current && use(page), () => null);
        take({ from: today(), limit: 200 }, (page) => (day.value = { ...sums(page.items), more: page.next_cursor }));
        take({ state: 'open', limit: 50 }, (page) => (open.value = page.items));
        return () => (current = false);
    }, [desk, act.value?.id, act.value?.state, turn.value]);
    const doubtful = open.value.filter((item) => item.state === 'in_doubt');
    return html`
        <footer class="foot">
            ${day.value && html`
                <span><${Icon} name="circle-check" size="16" /> ${t('foot.acts')} <b>${count(day.value.acts)}${day.value.more ? '+' : ''}</b></span>
                <span><${Icon} name="download" size="16" /> ${t('foot.taken')} <b>${money(day.value.taken)}</b></span>
                <span><${Icon} name="arrow-up-right" size="16" /> ${t('foot.paid')} <b>${money(day.value.paid)}</b></span>`}
            <span class="grow"></span>
            ${doubtful.length ? html`<a class="amber-ink" href=${link('transactions', { state: 'open' })}>${t('foot.doubt', { count: doubtful.length })}</a>`
                : html`<span>${t('foot.no_doubt')}</span>`}
        </footer>`;
}

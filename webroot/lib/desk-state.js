// What the desk shows, out of what is known: pure functions, so that every screen follows from one state.

// One word for the stage. `card` is null while the reader is empty.
export function stageOf({ live, act, stream }) {
    if (!live) return stream === 'lost' ? 'away' : 'unknown';
    const open = act && !act.finished_at;
    if (open && act.state === 'in_doubt' && (!live.card || live.card.card?.id === act.card.id)) return 'in_doubt';
    if (!live.agent.online || live.agent.reader_state !== 'ok') return 'away';
    const card = live.card;
    if (!card) return open && act.state === 'writing' ? 'in_doubt' : 'none';
    if (open && (card.operation?.id === act.id || card.card?.id === act.card.id)) return 'writing';
    if (card.state === 'in_doubt' && card.operation?.state === 'writing') return 'writing';
    if (card.state === 'blocked' && card.card?.block === 'case') return 'case';
    return card.state;
}

// Largest amounts a card allows. The consumption account is stored + subsidy; a subsidy cannot be paid out.
export function room(balances, site) {
    const consumption = balances.stored_minor + balances.subsidy_minor;
    return {
        recharge: {
            consumption: Math.max(0, site.consumption_limit_minor - consumption),
            water: Math.max(0, site.water_limit_minor - balances.water_minor),
            times: Math.max(0, site.times_limit - balances.times),
        },
        withdraw: { consumption: balances.stored_minor, water: balances.water_minor, times: balances.times },
        now: { consumption, water: balances.water_minor, times: balances.times },
    };
}

const FIRST = {
    away: 'why.reader', unknown: 'why.wait', none: 'why.card', reading: 'why.wait', two_cards: 'why.two_cards',
    not_supported: 'why.kind', blank: 'why.issue_first', foreign: 'why.foreign', gone: 'why.card', lost: 'why.lost',
    replaced: 'why.replaced', cancelled: 'why.issue_again', scrapped: 'why.scrapped', blocked: 'why.blocked', case: 'why.case',
    in_doubt: 'why.put_back', issuing: 'why.put_back', writing: 'why.writing', damaged: 'why.damaged', expired: 'why.expired',
};

const MONEY = ['recharge', 'withdraw'];
// Keys and places never change; what is not possible says why and what comes first.
export const ACTIONS = [
    { name: 'recharge', key: 'F2', icon: 'plus', permission: 'money' },
    { name: 'withdraw', key: 'F3', icon: 'minus', permission: 'money' },
    { name: 'replace', key: 'F4', icon: 'refresh', later: true },
    { name: 'loss', key: 'F6', icon: 'lock', later: true },
    { name: 'repair', key: 'F7', icon: 'tool', later: true },
    { name: 'cancel', key: 'F8', icon: 'user-off', later: true },
];

// {ok} or {why: key}.
export function legal(action, { stage, balances, mayDo }) {
    if (action.permission && !mayDo(action.permission)) return { why: 'why.role' };
    if (MONEY.includes(action.name)) {
        if (stage !== 'active') return { why: FIRST[stage] ?? 'why.card' };
        const empty = balances && !balances.stored_minor && !balances.water_minor && !balances.times;
        if (action.name === 'withdraw' && empty) return { why: 'why.nothing_on_it' };
        return { ok: true };
    }
    if (action.name === 'repair' && stage === 'active') return { why: 'why.normal' };
    if (['in_doubt', 'issuing', 'writing', 'reading', 'away'].includes(stage)) return { why: FIRST[stage] };
    if (stage === 'none' && action.name !== 'loss') return { why: action.name === 'replace' ? 'why.old_card' : 'why.card' };
    return { why: `why.later.${action.name}` };
}

// Stages in which the card may be given to a person.
export const issuable = (stage) => stage === 'blank' || stage === 'cancelled';

// What the desk shows, out of what is known: pure functions, so that every screen follows from one state.

// The open act that the screen is about: that of the card on the reader; while none lies there, the one begun last; else null.
export function openAct({ live, act }) {
    const ours = act && !act.finished_at ? act : null;
    const there = live?.card?.operation;
    if (there) return there.id === act?.id ? ours : there;
    return ours && (!live?.card || live.card.card?.id === ours.card.id) ? ours : null;
}

// A case locks the card: nothing is written to it until a supervisor has closed it.
const inCase = (card) => card?.state === 'blocked' && card.card?.block === 'case';

// While its card lies there an act is written in about a second; one that cannot be says so, and may be undone.
function stageOfAct(act, card, late) {
    if (inCase(card)) return 'case';
    if (act.state === 'in_doubt') return 'in_doubt';
    if (act.state === 'prepared' && card.state === 'damaged') return 'damaged';
    return act.state === 'prepared' && late === act.id ? 'in_doubt' : 'writing';
}

// One word for the stage. `live.card` is null while the reader is empty; `serverAway`: nothing was heard for too long;
// `late`: id of an act that waits for its writing longer than it should.
export function stageOf({ live, act, stream, serverAway = false, late = null }) {
    const open = openAct({ live, act });
    // What is in doubt, and what is booked without a card to write it on, stays on the screen whatever goes away, until another
    // card needs it.
    if (open && (open.state === 'in_doubt' ? !inCase(live?.card) : live && !live.card)) return 'in_doubt';
    if (serverAway) return 'server_away';
    if (!live) return stream === 'lost' ? 'server_away' : 'unknown';
    if (live.agent.update === 'required') return 'agent_old';
    if (!live.agent.online) return 'agent_away';
    if (live.agent.reader_state !== 'ok') return 'reader_away';
    const card = live.card;
    if (!card) return 'none';
    if (open) return stageOfAct(open, card, late);
    if (inCase(card)) return 'case';
    return card.state === 'in_doubt' ? 'reading' : card.state; // its act has just ended: the news of the card follow
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

// Why nothing is possible in a stage, and what comes first. Stages that allow some act name it in ALLOWS.
const WHY = {
    server_away: 'why.server', agent_away: 'why.agent', agent_old: 'why.agent_old', reader_away: 'why.reader', unknown: 'why.wait', none: 'why.card',
    reading: 'why.wait', two_cards: 'why.two_cards', not_supported: 'why.kind', blank: 'why.issue_first', foreign: 'why.foreign',
    gone: 'why.gone', lost: 'why.lost', replaced: 'why.replaced', cancelled: 'why.issue_again', scrapped: 'why.scrapped',
    blocked: 'why.blocked', case: 'why.case', in_doubt: 'why.put_back', issuing: 'why.issuing', writing: 'why.writing',
    damaged: 'why.damaged', expired: 'why.expired', active: 'why.card', system_password_missing: 'why.password',
};
// Where an act has a better reason than the stage itself.
const WHY_ACT = {
    replace: { none: 'why.old_card' },
    repair: { active: 'why.normal', expired: 'why.normal', blank: 'why.blank', lost: 'why.lost' },
};

// Keys and places never change; what is not possible says why and what comes first. `later`: this server has no such act.
export const ACTIONS = [
    { name: 'recharge', key: 'F2', icon: 'plus', permission: 'money', allows: ['active'] },
    { name: 'withdraw', key: 'F3', icon: 'minus', permission: 'money', allows: ['active'] },
    { name: 'replace', key: 'F4', icon: 'refresh', later: true, allows: ['active', 'lost', 'damaged', 'expired'] },
    { name: 'loss', key: 'F6', icon: 'lock', later: true, allows: ['none', 'active', 'lost', 'damaged', 'expired', 'in_doubt', 'blocked'] },
    { name: 'repair', key: 'F7', icon: 'tool', later: true, allows: ['damaged'] },
    { name: 'cancel', key: 'F8', icon: 'user-off', later: true, allows: ['active', 'damaged', 'expired'] },
];

const nothingLeft = (amounts) => !amounts.consumption && !amounts.water && !amounts.times;

// {ok} or {why: key}.
export function legal(action, { stage, balances, site, mayDo }) {
    if (action.permission && !mayDo(action.permission)) return { why: 'why.role' };
    if (!action.allows.includes(stage)) return { why: WHY_ACT[action.name]?.[stage] ?? WHY[stage] ?? 'why.card' };
    if (action.later) return { why: `why.later.${action.name}` };
    if (balances && site && room(balances, site)[action.name] && nothingLeft(room(balances, site)[action.name])) {
        return { why: action.name === 'withdraw' ? 'why.nothing_on_it' : 'why.full' };
    }
    return { ok: true };
}

const NO_HOLDER = ['server_away', 'agent_away', 'reader_away', 'unknown', 'none', 'reading', 'gone', 'two_cards', 'in_doubt', 'writing', 'issuing'];
// Whether the card on the reader can be taken back: an empty one, of somebody. {ok} or {why: key}.
export function mayTakeBack({ stage, balances }) {
    if (stage !== 'active' && stage !== 'expired') return { why: NO_HOLDER.includes(stage) ? WHY[stage] : 'why.take_back.state' };
    const empty = balances && !balances.stored_minor && !balances.subsidy_minor && !balances.water_minor && !balances.times;
    return empty ? { ok: true } : { why: 'why.take_back.money' };
}

// Stages in which the card may be given to a person.
export const issuable = (stage) => stage === 'blank' || stage === 'cancelled';

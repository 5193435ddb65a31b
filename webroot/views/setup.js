// The first run, from a one-time link: each step can be left and taken up again, because every one is kept by the server.
import { html, useSignal, useEffect, classes } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get, post } from '../lib/api.js';
import { session, start, adopt } from '../lib/session.js';
import { site } from '../lib/money.js';
import { route, go } from '../lib/route.js';
import { Brand, Switches } from '../parts/shell.js';
import { Icon } from '../parts/icon.js';
import { ProblemSummary, TextField, fieldError } from '../parts/field.js';
import { AccountStep, SiteStep, LimitsStep } from '../parts/setup-steps.js';
import { PasswordStep } from '../parts/setup-password.js';
import { DeskStep, CardStep } from '../parts/setup-desk.js';

const STEPS = ['account', 'site', 'limits', 'password', 'desk', 'card'];
const VIEWS = { account: AccountStep, site: SiteStep, limits: LimitsStep, password: PasswordStep, desk: DeskStep, card: CardStep };
const KEPT = 'setup-done';

const readDone = () => {
    try {
        return JSON.parse(localStorage.getItem(KEPT) ?? '[]');
    } catch {
        return [];
    }
};
const keepDone = (done) => {
    try {
        localStorage.setItem(KEPT, JSON.stringify(done));
    } catch { /* then the steps show as not done, and can be looked at again */ }
};

// A link that gives somebody a new password instead of a new site.
function NewPassword({ link, token }) {
    const password = useSignal('');
    const problem = useSignal(null);
    const send = async (event) => {
        event.preventDefault();
        try {
            await adopt(await post('/setup', { token, password: password.value }, { open: true }));
            go('desk');
        } catch (error) {
            problem.value = error;
        }
    };
    return html`<main class="alone panel"><h1>${t('setup.new_password', { name: link.full_name })}</h1>
        <form onSubmit=${send} novalidate><${ProblemSummary} problem=${problem.value} fields=${[['/password', t('login.password'), 'password']]} />
        <${TextField} label=${t('login.password')} hint=${t('login.password_hint')} type="password" name="password" value=${password} first
            autocomplete="new-password" error=${fieldError(problem.value, '/password')} />
        <button type="submit" class="btn btn-primary btn-lg wide">${t('setup.set_password')}</button></form></main>`;
}

function Steps({ at, done, onGo }) {
    return html`<nav class="side setup-side" aria-label=${t('setup.steps')}><${Brand} /><section><h2>${t('setup.first')}</h2>
        <ol>${STEPS.map((step, index) => html`<li><button type="button" class=${classes(at === step && 'chosen', done.includes(step) && 'done')}
            aria-current=${at === step ? 'step' : undefined} disabled=${step === 'account' ? session.value !== null : session.value === null}
            onClick=${() => onGo(step)}><i>${done.includes(step) ? html`<${Icon} name="check" size="16" />` : index + 1}</i>
            <span>${t(`setup.${step}`)}</span></button></li>`)}</ol></section>
        ${session.value && html`<div class="operator"><span class="grow"><b>${session.value.operator.full_name}</b>
            <small>${t('role.admin')}</small></span></div>`}</nav>`;
}

function useLink(token) {
    const link = useSignal({ phase: 'loading' });
    useEffect(() => {
        (async () => {
            const state = await get('/setup', undefined, { open: true });
            site.value = { ...site.value, mode: state.site_mode, name: state.site_name };
            if (!session.value && !token) await start();
            if (session.value) link.value = { phase: 'in', needed: false };
            else if (!token) link.value = { phase: 'ask' };
            else link.value = { phase: 'link', ...await post('/setup/link', { token }, { open: true }) };
        })().catch((problem) => (link.value = { phase: 'problem', problem }));
    }, [token]);
    return link;
}

function AskLink({ problem }) {
    const text = useSignal('');
    const open = (event) => {
        event.preventDefault();
        const token = text.value.trim().split('/').pop();
        if (token) go(`setup/${token}`);
    };
    return html`<main class="alone panel"><h1>${t('setup.ask')}</h1><p class="lead">${t('setup.ask.hint')}</p>
        <form onSubmit=${open} novalidate><${ProblemSummary} problem=${problem} />
        <${TextField} label=${t('setup.link')} name="link" value=${text} first />
        <button type="submit" class="btn btn-primary btn-lg wide">${t('setup.open_link')}</button></form>
        <p><a href="#/">${t('setup.to_login')}</a></p></main>`;
}

export function render() {
    const token = route.value.parts[1];
    const link = useLink(token);
    const done = useSignal(readDone());
    const at = useSignal(null);
    const alone = (content) => html`<div class="alone-page"><header class="alone-top"><${Brand} /><span class="grow"></span><${Switches} /></header>${content}</div>`;
    const { phase } = link.value;
    if (phase === 'loading') return alone(null);
    if (phase === 'problem' && !session.value) return alone(html`<${AskLink} problem=${link.value.problem} />`);
    if (phase === 'ask' && !session.value) return alone(html`<${AskLink} />`);
    if (phase === 'link' && link.value.kind === 'password' && !session.value) return alone(html`<${NewPassword} link=${link.value} token=${token} />`);

    const finished = new Set(done.value);
    if (session.value) finished.add('account');
    else STEPS.forEach((step) => finished.delete(step));
    if (site.value.system_password_set) finished.add('password');
    const present = at.value ?? STEPS.find((step) => !finished.has(step)) ?? 'card';
    const next = (step) => () => {
        done.value = [...new Set([...done.value, step])];
        keepDone(done.value);
        at.value = STEPS[STEPS.indexOf(step) + 1] ?? null;
        if (step === 'card') go('desk');
    };
    const before = STEPS[STEPS.indexOf(present) - 1];
    const isLoaded = !session.value || site.value.version; // a step begins with what the site has, not with what we assume
    return html`
        <div class="frame setup"><${Steps} at=${present} done=${[...finished]} onGo=${(step) => (at.value = step)} />
            <div class="pane"><header class="top"><h1>${t(`setup.${present}`)}</h1>
                <span class="muted grow">${t('setup.of', { no: STEPS.indexOf(present) + 1, count: STEPS.length })}</span><${Switches} /></header>
            <main class="work" id="work">${isLoaded && html`<${VIEWS[present]} key=${present} token=${token}
                onNext=${next(present)} onBack=${before && before !== 'account' ? () => (at.value = before) : null} back=${before} />`}</main></div></div>`;
}

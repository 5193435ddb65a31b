// Logging in: as the first screen, and over the screen after F10 or when the session has ended.
import { html, useSignal, useEffect, useLayoutEffect } from '../lib/html.js';
import { t } from '../lib/i18n.js';
import { get } from '../lib/api.js';
import { logIn, logOut, forgetSession, session, locked } from '../lib/session.js';
import { holdKeys } from '../lib/keys.js';
import { go } from '../lib/route.js';
import { site } from '../lib/money.js';
import { Brand, Switches } from './shell.js';
import { useModal } from './dialog.js';
import { TextField, ProblemSummary, fieldError } from './field.js';
import { Icon } from './icon.js';

function useLogin() {
    const name = useSignal(session.value?.operator.name ?? '');
    const password = useSignal('');
    const problem = useSignal(null);
    const busy = useSignal(false);
    const submit = async (event) => {
        event?.preventDefault();
        if (busy.value) return;
        if (!name.value.trim() || !password.value) {
            problem.value = { code: 'login_empty', local: true };
            return;
        }
        busy.value = true;
        try {
            await logIn(name.value.trim(), password.value);
        } catch (error) {
            problem.value = error;
            password.value = '';
        }
        busy.value = false;
    };
    return { name, password, problem, busy, submit };
}

const LoginFields = ({ form }) => html`
    <${ProblemSummary} problem=${form.problem.value} />
    <${TextField} label=${t('login.name')} name="name" value=${form.name} first=${!form.name.value} autocomplete="username"
        error=${fieldError(form.problem.value, '/name')} />
    <${TextField} label=${t('login.password')} name="password" type="password" value=${form.password}
        first=${form.name.value !== ''} autocomplete="current-password" error=${fieldError(form.problem.value, '/password')} />`;

const DEAD_KEYS = Object.fromEntries(['F2', 'F3', 'F4', 'F6', 'F7', 'F8', 'F9', 'F10', 'ctrl+k', 'ctrl+p', 'ctrl+z'].map((key) => [key, () => true]));

function LoginOver({ over }) {
    const form = useLogin();
    useLayoutEffect(() => holdKeys(DEAD_KEYS), []);
    const modal = useModal(['input[type=password]']);
    const mine = form.name.value.trim().toLowerCase() === session.value?.operator.name.toLowerCase();
    return html`
        <dialog ...${modal} class="dialog" aria-labelledby="login-over">
            <form onSubmit=${form.submit} novalidate>
                <header class="dialog-head"><${Icon} name="lock" size="24" /><div class="grow">
                    <h2 id="login-over">${t(`${over}.title`)}</h2><p class="muted">${t(`${over}.hint`)}</p></div></header>
                <div class="dialog-body"><${LoginFields} form=${form} />${!mine && html`<p class="muted" role="status">${t('login.take_over.hint', { name: session.value?.operator.full_name })}</p>`}</div>
                <footer class="dialog-foot">
                    <button type="button" class="btn btn-lg" onClick=${() => logOut().catch(forgetSession)}>${t('login.out')}</button>
                    <span class="grow"></span>
                    <button type="submit" class="btn btn-primary btn-lg" disabled=${form.busy.value}>${t(mine ? 'login.go_on' : 'login.take_over')} <kbd>Enter</kbd></button>
                </footer>
            </form>
        </dialog>`;
}

export function Login({ over }) {
    if (over) return html`<${LoginOver} over=${over} />`;
    return html`<${LoginPage} />`;
}

function LoginPage() {
    const form = useLogin();
    const setup = useSignal(null);
    useEffect(() => {
        get('/setup', undefined, { open: true }).then((state) => {
            setup.value = state;
            site.value = { ...site.value, mode: state.site_mode, name: state.site_name };
        }, (error) => (form.problem.value = error));
    }, []);
    const needed = setup.value?.needed;
    const wasLocked = locked.value; // before the page was loaded again
    return html`
        <div class="alone-page"><header class="alone-top"><${Brand} /><span class="grow"></span><${Switches} /></header>
        <main class="alone panel"><h1>${needed ? t('login.new_site') : t('login.title', { site: site.value.name || 'Cardwright' })}</h1>
            ${needed ? html`<p class="lead">${t('login.new_site.hint')}</p>
                <button type="button" class="btn" onClick=${() => go('setup')}>${t('login.have_link')}</button>`
                : html`${wasLocked && html`<p class="lead">${t('login.was_locked')}</p>`}<form onSubmit=${form.submit} novalidate><${LoginFields} form=${form} />
                <button type="submit" class="btn btn-primary btn-lg wide" disabled=${form.busy.value}>${t('login.in')} <kbd>Enter</kbd></button></form>`}
        </main></div>`;
}

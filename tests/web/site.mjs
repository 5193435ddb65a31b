// A site of its own for a test run: "make run" in a folder of links, with its own database, ports and virtual readers. Its
// server stands under a supervisor, so that a test can kill it and have it back; further desks bring their own reader.
import { spawn, execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, existsSync, mkdtempSync, mkdirSync, symlinkSync, chmodSync, renameSync, rmSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { randomInt } from 'node:crypto';
import { tmpdir } from 'node:os';
import path from 'node:path';
import net from 'node:net';
import { fileURLToPath } from 'node:url';

export const root = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '../..');
const START_MS = 200000;
const sites = new Set(); // those that run

export const stopSites = () => Promise.all([...sites].map((site) => site.stop()));
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP']) process.once(signal, () => stopSites().finally(() => process.exit(1))); // a run that is broken off leaves nothing

const complaintsOf = ({ folder }, name) => {
    const log = path.join(folder, `var/log/${name}.log`);
    const lines = existsSync(log) ? readFileSync(log, 'utf8').split('\n').filter((line) => line && !line.includes('level=info')) : [];
    return lines.slice(-3).map((line) => `${name}.log: ${line.slice(0, 240)}`);
};
const sessionsOf = (site) => {
    try {
        return site.sql(`SELECT concat_ws(' ', 'session of', o.name, 'begun', s.created_at, 'seen', s.last_seen_at, 'locked ' || s.locked_at, 'ended ' || s.ended_at, s.ended_reason)
            FROM session s JOIN operator o ON o.id = s.operator_id ORDER BY s.created_at DESC LIMIT 3`).split('\n');
    } catch {
        return []; // there is no database yet
    }
};
// What all sites say for a step that failed: the last complaints of their programs, the last sessions, and the time.
export const wordsOfSites = () => [...sites].flatMap((site) => [...complaintsOf(site, 'server'), ...complaintsOf(site, 'desk'), ...sessionsOf(site),
    `now ${new Date().toISOString()}`]);

// Below the ports that outgoing connections get, so that nobody takes it before the server is up.
const PORTS = [15000, 32000];
const freePort = () => new Promise((found) => {
    const port = randomInt(...PORTS);
    const server = net.createServer();
    server.on('error', () => found(freePort()));
    server.listen(port, '127.0.0.1', () => server.close(() => found(port)));
});

// What a supervisor does: starts the server again after it was killed, but not while the file "away" lies beside it.
const supervisor = (real, folder) => `#!/usr/bin/env bash
[ "$1" = serve ] || exec '${real}' "$@"
trap 'kill -TERM "$pid" 2>/dev/null; wait "$pid"; exit 0' TERM
while :; do
    '${real}' "$@" &
    pid=$!
    echo "$pid" >'${folder}/server.new' && mv '${folder}/server.new' '${folder}/server.pid'
    wait "$pid"
    status=$?
    [ "$status" -eq 137 ] || exit "$status"
    while [ -e '${folder}/away' ]; do sleep 0.1; done
done
`;

// The programs as "make run" expects them, with the supervisor in the place of the server.
function programs(folder, out) {
    const bin = path.join(folder, 'bin');
    mkdirSync(bin);
    for (const name of ['cardwright-agent', 'sim-reader']) symlinkSync(path.join(out, name), path.join(bin, name));
    writeFileSync(path.join(bin, 'cardwrightd'), supervisor(path.join(out, 'cardwrightd'), folder));
    chmodSync(path.join(bin, 'cardwrightd'), 0o755);
    return bin;
}

// Resolves with the one-time link as soon as everything runs.
const started = (run) => new Promise((found, failed) => {
    let said = '';
    const late = setTimeout(() => failed(new Error(`the site did not start: ${said}`)), START_MS);
    const hear = (data) => {
        said += data;
        const match = /http:\S+setup\/\S+/.exec(said);
        if (match && said.includes('Ctrl-C stops')) {
            clearTimeout(late);
            found(match[0]);
        }
    };
    run.stdout.on('data', hear);
    run.stderr.on('data', hear);
    run.on('exit', () => {
        clearTimeout(late);
        failed(new Error(`the site ended: ${said}`));
    });
});

const ended = (child, signal) => new Promise((done) => {
    if (child.exitCode !== null || child.signalCode !== null) return done();
    child.removeAllListeners('exit');
    child.on('exit', done);
    return child.kill(signal);
});

const isGone = (pid) => {
    try {
        return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
    } catch {
        return true;
    }
};

export async function startSite() {
    const folder = mkdtempSync(path.join(tmpdir(), 'cardwright-web-'));
    chmodSync(folder, 0o755); // the database runs as another user, who has to get through
    for (const name of ['.make', 'migrations']) symlinkSync(path.join(root, name), path.join(folder, name));
    cpSync(path.join(root, 'webroot'), path.join(folder, 'webroot'), { recursive: true, preserveTimestamps: true }); // it may be edited meanwhile
    const built = path.resolve(root, process.env.OUT ?? 'build/gcc');
    const out = programs(folder, built);
    const port = await freePort();
    const base = `http://127.0.0.1:${port}`;
    const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith('CARDWRIGHT_') && name !== 'DATABASE_URL');
    const env = { ...Object.fromEntries(inherited), OUT: out, PORT: `${port}`, DEVICE_PORT: `${await freePort()}`,
        CARDWRIGHT_HTTP_WEBROOT: path.join(folder, 'webroot') };
    const run = spawn('setpriv', ['--pdeathsig', 'TERM', 'bash', '.make/run.sh'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    const agents = []; // further desks
    let desk = null; // in the place of the first one
    const pidOf = (...words) => readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map(Number).find((pid) => {
        try {
            const line = readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
            return words.every((word) => line.includes(word));
        } catch {
            return false; // it has ended
        }
    });
    const deskPid = (desk) => pidOf('--state', path.join(folder, desk === 1 ? 'var/desk' : `var/desk${desk}`), '--server');
    const serverPid = () => Number(readFileSync(path.join(folder, 'server.pid'), 'utf8'));
    const stop = async () => {
        sites.delete(site);
        for (const pid of [existsSync(path.join(folder, 'server.pid')) && serverPid(), ...[1, ...agents.map((agent, index) => index + 2)].map(deskPid)]) {
            if (pid && !isGone(pid)) process.kill(pid, 'SIGCONT'); // a step that failed may have left it frozen
        }
        desk?.kill('SIGTERM');
        await Promise.all(agents.map((agent) => ended(agent, 'SIGTERM')));
        await ended(run, 'SIGTERM');
        rmSync(folder, { recursive: true, force: true });
    };
    const site = { folder, base, stop };
    sites.add(site);
    const link = await started(run);
    // Killed as by a power cut; comes back when back() is called.
    const killServer = () => {
        writeFileSync(path.join(folder, 'away'), '');
        process.kill(serverPid(), 'SIGKILL');
    };
    const back = () => rmSync(path.join(folder, 'away'), { force: true });
    const program = (name, ...options) => spawn('setpriv', ['--pdeathsig', 'TERM', path.join(built, name), '--server', base, ...options], { stdio: 'ignore' });
    // A desk program beside the first one, with a virtual reader of its own and the cards of the first desk: a card may be
    // carried from one to the other.
    const startDesk = (code) => {
        const state = path.join(folder, `var/desk${agents.length + 2}`);
        mkdirSync(state, { mode: 0o700 });
        symlinkSync(path.join(folder, 'var/cards/cards'), path.join(state, 'cards'));
        agents.push(program('cardwright-agent', '--state', state, '--simulate', state, '--pair', code));
    };
    // A line to the simulated reader of a desk (1: the first one); resolves with its answer.
    const reader = (desk, line) => new Promise((answered, failed) => {
        const socket = net.createConnection(path.join(folder, desk === 1 ? 'var/cards' : `var/desk${desk}`, 'control'));
        socket.on('error', failed);
        socket.on('data', (data) => {
            socket.destroy();
            const answer = `${data}`.trim();
            if (answer.startsWith('ok')) answered(answer);
            else failed(new Error(`the reader says to ${line}: ${answer}`));
        });
        socket.write(`${line}\n`);
    });
    // Another piece of plastic with the same chip number and content, or an older content put back; whoever reads the folder
    // finds a whole card at any moment. A name with a dot is a copy aside, which no reader shows.
    const copyCard = (from, to) => {
        const cards = path.join(folder, 'var/cards/cards');
        copyFileSync(path.join(cards, from), path.join(cards, `${to}.next`));
        renameSync(path.join(cards, `${to}.next`), path.join(cards, to));
    };
    // As the owner of the database: what no act of the product does.
    const sql = (text) => {
        const url = execFileSync('bash', ['.make/cluster.sh', 'url', path.join(folder, 'var/postgres'), 'owner'], { cwd: folder, encoding: 'utf8' }).trim();
        return execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', url, `--command=${text}`],
            { encoding: 'utf8' }).trim();
    };
    const stopDesk = async () => {
        const before = desk?.pid ?? deskPid(1);
        process.kill(before, 'SIGTERM');
        while (!isGone(before)) await new Promise((go) => setTimeout(go, 100));
    };
    const continueDesk = (name = 'cardwright-agent', ...options) => {
        desk = program(name, '--state', path.join(folder, 'var/desk'), '--simulate', path.join(folder, 'var/cards'), ...options);
    };
    // Another desk program in the place of the one that runs: another build, or with further options.
    const replaceDesk = async (name, ...options) => {
        await stopDesk();
        continueDesk(name, ...options);
    };
    return Object.assign(site, { link, serverPid, killServer, back, startDesk, deskPid, stopDesk, continueDesk, replaceDesk, reader, copyCard, sql });
}

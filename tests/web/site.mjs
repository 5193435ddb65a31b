// A site of its own for a test run: "make run" in a folder of links, with its own database, ports and virtual reader.
import { spawn, execFileSync } from 'node:child_process';
import { mkdtempSync, symlinkSync, chmodSync, rmSync, readFileSync, existsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import net from 'node:net';
import { root } from './lib.mjs';

const START_MS = 60000;

const freePort = () => new Promise((found) => {
    const server = net.createServer();
    server.listen(0, '127.0.0.1', () => {
        const { port } = server.address();
        server.close(() => found(port));
    });
});

export async function startSite() {
    const folder = mkdtempSync(path.join(tmpdir(), 'cardwright-web-'));
    chmodSync(folder, 0o755); // the database runs as another user, who has to get through
    for (const name of ['.make', 'migrations', 'webroot']) symlinkSync(path.join(root, name), path.join(folder, name));
    const port = await freePort();
    const env = { ...process.env, OUT: path.resolve(root, process.env.OUT ?? 'build/gcc'), PORT: `${port}`, DEVICE_PORT: `${await freePort()}`,
        CARDWRIGHT_HTTP_WEBROOT: path.join(root, 'webroot') };
    delete env.DATABASE_URL;
    const run = spawn('bash', ['.make/run.sh'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'pipe'] });
    let said = '';
    const link = await new Promise((found, failed) => {
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
        run.on('exit', () => failed(new Error(`the site ended: ${said}`)));
    });
    let desk = null; // one that was started here
    const stop = () => new Promise((done) => {
        desk?.kill('SIGTERM');
        run.removeAllListeners('exit');
        run.on('exit', () => {
            rmSync(folder, { recursive: true, force: true });
            done();
        });
        run.kill('SIGTERM');
    });
    const pidOf = (program) => {
        const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8').trim().split(' ');
        return Number(children.find((pid) => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes(program)));
    };
    const serverPid = () => pidOf('cardwrightd');
    const agentPid = () => pidOf('cardwright-agent');
    // As the owner of the database: what no act of the product does.
    const sql = (text) => {
        const url = execFileSync('bash', ['.make/cluster.sh', 'url', path.join(folder, 'var/postgres'), 'owner'], { cwd: folder, encoding: 'utf8' }).trim();
        return execFileSync('psql', ['--no-psqlrc', '--quiet', '--tuples-only', '--no-align', '--set=ON_ERROR_STOP=1', url, `--command=${text}`],
            { encoding: 'utf8' }).trim();
    };
    const base = `http://127.0.0.1:${port}`;
    // Another desk program in the place of the one that runs: another build, or with further options.
    const replaceDesk = async (program, ...options) => {
        const before = desk?.pid ?? agentPid();
        process.kill(before, 'SIGTERM');
        const gone = () => !existsSync(`/proc/${before}`) || / Z /.test(readFileSync(`/proc/${before}/stat`, 'utf8'));
        while (!gone()) await new Promise((go) => setTimeout(go, 100));
        desk = spawn(path.join(env.OUT, program), ['--server', base, '--state', path.join(folder, 'var/desk'), '--simulate', path.join(folder, 'var/cards'),
            ...options], { stdio: 'ignore' });
    };
    return { base, link, stop, serverPid, agentPid, replaceDesk, sql, folder, cards: path.join(folder, 'var/cards/cards') };
}

// A site of its own for a test run: "make run" in a folder of links, with its own database, ports and virtual reader.
import { spawn } from 'node:child_process';
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
    const stop = () => new Promise((done) => {
        run.removeAllListeners('exit');
        run.on('exit', () => {
            rmSync(folder, { recursive: true, force: true });
            done();
        });
        run.kill('SIGTERM');
    });
    const serverPid = () => {
        const children = readFileSync(`/proc/${run.pid}/task/${run.pid}/children`, 'utf8').trim().split(' ');
        return Number(children.find((pid) => existsSync(`/proc/${pid}`) && readFileSync(`/proc/${pid}/cmdline`, 'utf8').includes('cardwrightd')));
    };
    return { base: `http://127.0.0.1:${port}`, link, stop, serverPid };
}

// A reporter for node --test: says "web: N passed, M failed" of what really ran. What was skipped, cancelled or left for later, and a
// file in which no test is, counts as failed, and so does a run without any test.
export default async function* (events) {
    let passed = 0;
    let failed = 0;
    for await (const { type, data } of events) {
        if (type !== 'test:pass' && type !== 'test:fail') continue;
        const isFile = data.nesting === 0 && data.name.startsWith('/') && data.name.endsWith('.mjs');
        const ran = type === 'test:pass' && data.skip === undefined && data.todo === undefined && !isFile;
        if (ran) passed++;
        else failed++;
    }
    if (passed === 0 && failed === 0) failed = 1;
    if (failed > 0) process.exitCode = 1;
    yield `web: ${passed} passed, ${failed} failed\n`;
}

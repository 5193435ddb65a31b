"""server/card against reference.py: seeded random cards, all torn pairs of blocks, ledgers around them.

    python3 differential.py DRIVER [--cases N] [--seed N]     compare; exit code 0 = no difference
    python3 differential.py --mutants CC OUT                  each mutant of the C must be caught

A case is one card (ten blocks as bytes, with real MACs) and what the ledger knows of its three purses; the
driver is card_driver.c.  Torn pairs: for the writes of a plan, two blocks torn at every byte boundary towards
old, zero and one.
"""
import argparse
import itertools
import multiprocessing
import os
import random
import subprocess
import sys
import time

import reference as ref

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
CHUNK = 4000
CARDS = (('9c3ad15e', 7, '2580'), ('04a1b2c3d4e5f6', 513, '0007'))
KINDS = ('recharge', 'withdraw', 'grant', 'load', 'fence', 'repair')
ROLES = ('leg', 'fence', 'repair')
SHOWN = ('slot', 'epoch', 'value', 'equal', 'spare_good', 'cancelled', 'repaired', 'ceiling')
FOUND = ('number', 'value', 'lower', 'provisional', 'barred', 'spare_bad', 'cancelled', 'row')
STATES = ('open', 'proven', 'void', 'loss')


def make_card(index):
    uid, site_id, digits = CARDS[index]
    uid = bytes.fromhex(uid)
    return ref.Card(uid, ref.mac_key(bytes(range(32)), site_id, digits, uid))


def one(rnd, options):
    """As rnd.choice, in a quarter of the time."""
    return options[int(rnd.random() * len(options))]


# ---------------------------------------------------------------- cards
def random_epoch(rnd, near):
    """Mostly a neighbour, sometimes far round the circle."""
    return (near + one(rnd, (0, 0, 0, 1, 1, -1, -1, 2, -2, 100, 127, 128, 129, -155))) % 256


def random_terms(rnd):
    t = one(rnd, (0, 1, 100, 120, 5000, 32345, 131071))
    return t, one(rnd, (t, t, 0, t // 2))


def random_issuer(rnd, card, base):
    t, s = random_terms(rnd)
    flags = one(rnd, (1, 1, 1, 1, 1, 17, 33, 49, 0, 65, 129, 3))
    if rnd.random() < 0.03:
        s = t + 1
    d = one(rnd, (0, 0, 0, 1, 1, 2, 127))
    epoch_c, epoch_w = random_epoch(rnd, base[0]), random_epoch(rnd, base[1])
    return card.make_issuer(flags, epoch_c, t, s, epoch_w, random_terms(rnd)[0], d)


def random_value(rnd, epoch):
    return ref.make_value(one(rnd, (0, 1, 99, 100, 100, 110, 120, 5000, 32345, -1, -7, 2 ** 31 - 1)), epoch)


def spoil(rnd, block, other):
    """What a torn write, a weak bit or a forger leaves."""
    kind = int(rnd.random() * 7)
    if kind == 0:
        return bytes(16)
    if kind == 1:
        return b'\xff' * 16
    if kind == 2:
        cut = rnd.randrange(17)
        return block[:cut] + other[cut:]
    if kind == 3:
        bit = rnd.randrange(128)
        return block[:bit // 8] + bytes([block[bit // 8] ^ 1 << bit % 8]) + block[bit // 8 + 1:]
    if kind == 4:
        return block[:12] + other[12:]
    if kind == 5:
        return rnd.randbytes(16)
    return None


def random_blocks(rnd, card, base):
    b = {}
    for purse, near in (('consumption', base[0]), ('water', base[1]), ('times', base[2])):
        for name in ref.SLOT_NAMES[purse]:
            b[name] = random_value(rnd, random_epoch(rnd, near))
        if rnd.random() < 0.25:
            b[ref.SLOT_NAMES[purse][1]] = b[ref.SLOT_NAMES[purse][0]]
    for name in ('I0', 'I1'):
        b[name] = random_issuer(rnd, card, base)
    for name in ('J0', 'J1'):
        flags, epoch = one(rnd, (1, 1, 1, 17, 33, 0)), random_epoch(rnd, base[2])
        b[name] = card.make_times(flags, epoch, random_terms(rnd)[0])
    for name in list(b):
        if rnd.random() < 0.08:
            b[name] = spoil(rnd, b[name], b[one(rnd, ref.BLOCKS)] or bytes(16))
    return b


# ---------------------------------------------------------------- ledgers
def random_level(rnd, c):
    low = one(rnd, (0, 1, 99, 100, 110, 5000))
    return c, low, one(rnd, (low, low, low + 10, low + 5000))


def random_ledger(rnd, byte, facts):
    """A ledger whose committed number has the byte.  Most rows get what the card shows, so that the record
    check does not end every case."""
    c = one(rnd, (0, 256, 512)) + byte
    rows = []
    for n in sorted(rnd.sample(range(c - 2, c + 5), one(rnd, (1, 2, 3, 4, 5)))):
        t, s = random_terms(rnd)
        if facts.get('terms') and rnd.random() < 0.8:
            t, s = one(rnd, facts['terms'])
        elif rnd.random() < 0.5:
            t = 2 ** 24 - 1
        above, below = ('open', 'open', 'open', 'void', 'loss'), ('proven',) * 9 + ('void',)
        state = one(rnd, above if n > c else below)
        rows.append((n, t, s, one(rnd, ROLES + ('leg',) * 4) if n > c else 'leg', state, rnd.random() < 0.3,
                     one(rnd, (0, 100, 110))))
    rnd.shuffle(rows)
    now = random_level(rnd, c)
    if facts.get('slot') is not None and rnd.random() < 0.5:
        now = (c, max(0, facts['value']) + one(rnd, (-1, 0, 0, 1)), now[2])
    floor = one(rnd, (now, now, random_level(rnd, c), random_level(rnd, c - 1), None))
    return {'in_use': rnd.random() > 0.02, 'c': now[0], 'low': now[1], 'ordered': now[2], 'floor': floor,
            'highest': max([c] + [r[0] for r in rows]) + one(rnd, (0,) * 9 + (1, -1)), 'rows': rows}


# ---------------------------------------------------------------- torn pairs
TEARS = (lambda old, new, cut: new[:cut] + old[cut:], lambda old, new, cut: new[:cut] + bytes(16 - cut),
         lambda old, new, cut: new[:cut] + b'\xff' * (16 - cut))


def transitions(card):
    """(blocks before, writes): recharge of one purse, both in three and in four writes, a debit beside
    an act on times, retire with both slots."""
    v, i = ref.make_value, card.make_issuer
    before = {'C0': v(31845, 5), 'C1': v(12045, 4), 'W0': v(4200, 2), 'W1': v(4100, 2),
              'N0': v(10, 2), 'N1': v(9, 2),
              'I0': i(1, 4, 12345, 10000, 2, 5000, 0), 'I1': i(1, 5, 32345, 30000, 2, 5000, 0),
              'J0': card.make_times(1, 2, 10), 'J1': card.make_times(1, 1, 0)}
    yield before, {'I0': i(1, 6, 51845, 50000, 2, 5000, 0), 'C1': v(51845, 6)}
    yield before, {'I0': i(1, 6, 51845, 50000, 3, 9100, 1), 'C1': v(51845, 6), 'W0': v(9100, 3)}
    yield before, {'I0': i(1, 6, 51845, 50000, 2, 5000, 0), 'C1': v(51845, 6),
                   'I1': i(1, 6, 51845, 50000, 3, 1100, 0), 'W0': v(1100, 3)}
    yield before, {'C1': v(100, 5), 'J1': card.make_times(17, 3, 24), 'N1': v(24, 3)}
    yield before, {'I0': i(49, 7, 0, 0, 3, 0, 1), 'C1': v(0, 7), 'W0': v(0, 3), 'C0': v(0, 7)}


def torn_pairs(card):
    for before, writes in transitions(card):
        names = list(writes)
        for first, second in itertools.combinations(names, 2):
            done = {n: writes[n] for n in names[:names.index(first)]}
            for cut_a, cut_b, tear_a, tear_b in itertools.product(range(0, 17), range(0, 17), TEARS, TEARS):
                blocks = dict(before, **done)
                blocks[first] = tear_a(before[first], writes[first], cut_a)
                blocks[second] = tear_b(before[second], writes[second], cut_b)
                yield blocks


# ---------------------------------------------------------------- both sides
def ledger_text(ledger):
    floor = ledger['floor'] or (0, 0, 0)
    words = [int(ledger['in_use']), ledger['c'], ledger['low'], ledger['ordered'],
             int(ledger['floor'] is not None), *floor, ledger['highest'], len(ledger['rows'])]
    for n, t, s, role, state, acknowledged, low in ledger['rows']:
        words += [n, t, s, ROLES.index(role), STATES.index(state), int(acknowledged), low]
    return ' '.join(map(str, words))


def purse_text(purse, facts, ledger):
    e = ref.evidence(purse, facts, ledger)
    if not facts['read']:
        head = 'unread'
    elif facts['slot'] is None:
        head = 'unreadable %d' % facts['forged']
    else:
        head = ' '.join(str(int(facts[k])) for k in SHOWN)
    return '%s | %s %s %s ; ' % (head, e['verdict'], e['against'], ' '.join(str(int(e[k])) for k in FOUND))


def card_case(rnd, card, blocks, base):
    facts, free = ref.decode(card, blocks)
    ledgers = [random_ledger(rnd, one(rnd, (near, near, (near + 1) % 256)), facts[p])
               for p, near in zip(ref.PURSES, base)]
    line = 'C ' + ' '.join(blocks[n].hex() if blocks[n] is not None else '-' for n in ref.BLOCKS)
    line += ' ' + ' '.join(ledger_text(x) for x in ledgers)
    want = ''.join(purse_text(p, facts[p], x) for p, x in zip(ref.PURSES, ledgers))
    return line, want + ' '.join(str(-1 if f is None else f) for f in free)


def small_case(rnd):
    value, stored = one(rnd, (0, -1, 5, 100, 31845)), one(rnd, (0, 5, 100, 30000))
    kind = rnd.randrange(8)
    if kind < 6:
        amount, subsidy = one(rnd, (0, 1, 100, 101, -1)), one(rnd, (0, 7, -1))
        got = ref.result(KINDS[kind], value, stored, amount, subsidy)
        line = 'R %d %d %d %d %d' % (kind, value, stored, amount, subsidy)
        return line, '-' if got is None else '%d %d' % got
    if kind == 6:
        return 'S %d %d' % (value, stored), '%d %d' % ref.split(value, stored)
    byte, c = rnd.randrange(256), rnd.randrange(600)
    highest = c + rnd.randrange(100)
    return 'E %d %d %d' % (byte, c, highest), '%d %d %d' % (
        ref.number_from_image(byte, c), ref.number_from_record(byte, highest), ref.newer(byte, c % 256))


def cases_of(job):
    """[(line, expected)] of one chunk; the first line is the key line without an answer."""
    kind, index, seed, count = job
    card, rnd = make_card(index), random.Random(seed)
    out = [('K %s %s' % (card.uid.hex(), card.key.hex()), None)]
    if kind == 'torn':
        for blocks in itertools.islice(torn_pairs(card), seed, seed + count):
            out.append(card_case(rnd, card, blocks, (5, 2, 2)))
    else:
        while len(out) <= count:
            base = [one(rnd, (0, 1, 5, 127, 128, 254, 255)) for _ in ref.PURSES]
            out.append(card_case(rnd, card, random_blocks(rnd, card, base), base))
        out += [small_case(rnd) for _ in range(count // 20)]
    return out


def differences(driver, cases):
    text = '\n'.join(line for line, _ in cases) + '\n'
    done = subprocess.run([driver], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        return ['driver: exit code %d %s' % (done.returncode, done.stderr)]
    asked = [(line, want) for line, want in cases if want is not None]
    got = done.stdout.splitlines()
    if len(got) != len(asked):
        return ['driver: %d answers to %d cases' % (len(got), len(asked))]
    pairs = zip(asked, got)
    return ['%s\n  C      %s\n  Python %s' % (line, g, want) for (line, want), g in pairs if g != want]


def run_job(args):
    driver, job = args
    cases = cases_of(job)
    return len(cases) - 1, differences(driver, cases)


def jobs_of(count, seed):
    total = sum(1 for _ in torn_pairs(make_card(0)))
    jobs = [('torn', 0, at, CHUNK) for at in range(0, total, CHUNK)]
    jobs += [('random', i % len(CARDS), seed + i, CHUNK) for i in range((count + CHUNK - 1) // CHUNK)]
    return jobs, total


def compare(driver, count, seed):
    ref.self_test(ref.VECTORS)
    jobs, torn = jobs_of(count, seed)
    start, cases, bad = time.time(), 0, []
    with multiprocessing.Pool(min(2, os.cpu_count() or 1)) as pool:
        for n, different in pool.imap_unordered(run_job, [(driver, job) for job in jobs]):
            cases, bad = cases + n, bad + different
    for text in bad[:3]:
        print(text)
    print('differential: %d cases (%d torn pairs), seed %d, %d differences, %.1f s'
          % (cases, torn, seed, len(bad), time.time() - start))
    return 1 if bad else 0


# ---------------------------------------------------------------- mutants
# (file, original text, changed text): each is one slip a person could make; all must be caught
MUTANTS = (
    ('decode.c', 'slots[1].value < slots[0].value', 'slots[1].value > slots[0].value'),
    ('decode.c', 'slots[1].value < slots[0].value', 'slots[1].value <= slots[0].value'),
    ('decode.c', 'if (epoch_newer(slots[0].epoch, slots[1].epoch))',
     'if (epoch_newer(slots[1].epoch, slots[0].epoch))'),
    ('decode.c', 'slots[0].format_good && slots[0].covered', 'slots[0].format_good'),
    ('decode.c', 'slots[1].format_good && slots[1].covered', 'slots[1].covered'),
    ('decode.c', 'epoch_water - distance', 'epoch_water + distance'),
    ('decode.c', '!record->verdict.counts', '!record->verdict.mac_good'),
    ('decode.c', '!record->verdict.counts', '!record->verdict.format_good'),
    ('decode.c', 'records[1 - place], purse', 'records[place], purse'),
    ('decode.c', 'purse_out->named && all_cancelled', 'all_cancelled'),
    ('epoch.c', 'distance <= 127', 'distance <= 128'),
    ('epoch.c', 'distance <= 127', 'distance <= 126'),
    ('epoch.c', 'committed_epoch_no - EPOCH_WINDOW_BELOW', 'committed_epoch_no - EPOCH_WINDOW_BELOW - 1'),
    ('epoch.c', 'amount > stored', 'amount > value'),
    ('layout_compat.c', 'stored_consumption <= ret_record', 'stored_consumption < ret_record'),
    ('evidence.c', 'evidence->epoch_no > ledger->highest_epoch_no ||', ''),
    ('evidence.c', 'row->role != EPOCH_REPAIR) {', 'row->role == EPOCH_LEG) {'),
    ('evidence.c', 'evidence->value_minor > ceiling', 'evidence->value_minor > ceiling + 1'),
    ('evidence.c', 'epoch_no < ledger->floor.epoch_no', 'epoch_no <= ledger->floor.epoch_no'),
    ('evidence.c', 'epoch_no < ledger->floor.epoch_no', 'epoch_no < ledger->now.epoch_no'),
    ('evidence.c', 'ledger->floor.lowest_ordered_minor', 'ledger->floor.lowest_minor'),
    ('evidence.c', 'evidence->value_minor < ledger->now.lowest_minor',
     'evidence->value_minor <= ledger->now.lowest_minor'),
    ('evidence.c', 'purse->slots_equal || row->acknowledged', 'purse->slots_equal'),
    ('evidence.c', 'purse->slots_equal || row->acknowledged', 'purse->other_slot_good || row->acknowledged'),
    ('evidence.c', 'row->state == EPOCH_OPEN && (purse->slots_equal', '(purse->slots_equal'),
    ('evidence.c', '!purse->opening_unique || ', ''),
)
BUILT_FROM = ('server/card/decode.c', 'server/card/epoch.c', 'server/card/image.c',
              'server/card/layout_compat.c', 'server/card/keys.c', 'server/card/evidence.c',
              'server/crypto/cmac.c', 'server/crypto/hkdf.c',
              'server/crypto/hmac.c', 'server/base/bytes.c', 'tests/model/card_driver.c')
LIBRARIES = ('-ljansson', '-lsodium', '-lcrypto', '-lpthread')


def compile_object(cc, source, target):
    subprocess.run([cc, '-std=gnu17', '-O1', '-D_GNU_SOURCE', '-I.', '-Iserver', '-c', source, '-o', target],
                   cwd=ROOT, check=True)


def mutants(cc, out):
    os.makedirs(out, exist_ok=True)
    objects = {}
    for source in BUILT_FROM:
        objects[source] = os.path.join(out, source.replace('/', '_') + '.o')
        compile_object(cc, source, objects[source])
    cases = cases_of(('random', 0, 7, 10000)) + cases_of(('torn', 0, 0, 4000))
    driver, missed = os.path.join(out, 'driver'), []

    def link(changed):
        subprocess.run([cc, '-o', driver, *dict(objects, **changed).values(), *LIBRARIES], check=True)
        return differences(driver, cases)
    if link({}):
        print('mutants: the unchanged code differs already')
        return 1
    for name, old, new in MUTANTS:
        source = 'server/card/' + name
        with open(os.path.join(ROOT, source)) as file:
            text = file.read()
        if text.count(old) != 1:
            print('mutants: %s holds %d times: %s' % (source, text.count(old), old))
            return 1
        changed = os.path.join(out, name)
        with open(changed, 'w') as file:
            file.write(text.replace(old, new))
        compile_object(cc, changed, changed + '.o')
        if not link({source: changed + '.o'}):
            missed.append('%s: %s -> %s' % (name, old, new))
    for text in missed:
        print('MISSED ' + text)
    print('mutants: %d of %d caught by %d cases' % (len(MUTANTS) - len(missed), len(MUTANTS), len(cases)))
    return 1 if missed else 0


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('driver', nargs='?')
    parser.add_argument('--cases', type=int, default=100000)
    parser.add_argument('--seed', type=int, default=20261122)
    parser.add_argument('--mutants', nargs=2, metavar=('CC', 'OUT'))
    options = parser.parse_args()
    if options.mutants:
        return mutants(*options.mutants)
    return compare(os.path.abspath(options.driver), options.cases, options.seed)


if __name__ == '__main__':
    sys.exit(main())

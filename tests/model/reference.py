"""Second implementation of the card's reading rules, for the differential test of server/card.

Written from the design text alone (reading rules, evidence), not from the C: records, pick, split, free
record, new results, epoch numbers, evidence merge.  Everything is a pure function on bytes and tuples.  No
dependencies; AES-CMAC is here because Python has none.
`python3 reference.py` checks it against the published vectors.
"""
import hashlib
import hmac
import json
import os
from functools import lru_cache

PURSES = ('consumption', 'water', 'times')
SLOT_NAMES = {'consumption': ('C0', 'C1'), 'water': ('W0', 'W1'), 'times': ('N0', 'N1')}
RECORD_NAMES = {'consumption': ('I0', 'I1'), 'water': ('I0', 'I1'), 'times': ('J0', 'J1')}
BLOCKS = ('C0', 'C1', 'W0', 'W1', 'N0', 'N1', 'I0', 'I1', 'J0', 'J1')


# ---------------------------------------------------------------- AES-128 and CMAC
def _aes_tables():
    log, exp, x = [0] * 256, [0] * 512, 1
    for i in range(255):
        exp[i] = exp[i + 255] = x
        log[x] = i
        x ^= (x << 1) ^ (0x11B if x & 128 else 0)
        x &= 255
    sbox = []
    for b in range(256):
        inverse = exp[255 - log[b]] if b else 0
        s = 0x63
        for shift in range(5):
            s ^= (inverse << shift | inverse >> (8 - shift)) & 255
        sbox.append(s)

    def times(a, b):
        return exp[log[a] + log[b]] if a and b else 0
    columns = []
    for place in range(4):
        weights = [(2, 1, 1, 3), (3, 2, 1, 1), (1, 3, 2, 1), (1, 1, 3, 2)][place]
        columns.append([sum(times(sbox[b], w) << (24 - 8 * i) for i, w in enumerate(weights))
                        for b in range(256)])
    return sbox, columns


SBOX, (T0, T1, T2, T3) = _aes_tables()


@lru_cache(maxsize=64)
def _round_keys(key):
    words, round_constant = [int.from_bytes(key[i:i + 4], 'big') for i in range(0, 16, 4)], 1
    for i in range(4, 44):
        w = words[i - 1]
        if i % 4 == 0:
            w = (w << 8 | w >> 24) & 0xFFFFFFFF
            w = SBOX[w >> 24] << 24 | SBOX[w >> 16 & 255] << 16 | SBOX[w >> 8 & 255] << 8 | SBOX[w & 255]
            w ^= round_constant << 24
            round_constant = round_constant << 1 ^ (0x11B if round_constant & 128 else 0)
        words.append(words[i - 4] ^ w)
    return words


def aes128(key, block):
    k = _round_keys(key)
    a, b, c, d = (int.from_bytes(block[i:i + 4], 'big') ^ k[i // 4] for i in range(0, 16, 4))
    for r in range(4, 40, 4):
        a, b, c, d = (
            T0[a >> 24] ^ T1[b >> 16 & 255] ^ T2[c >> 8 & 255] ^ T3[d & 255] ^ k[r],
            T0[b >> 24] ^ T1[c >> 16 & 255] ^ T2[d >> 8 & 255] ^ T3[a & 255] ^ k[r + 1],
            T0[c >> 24] ^ T1[d >> 16 & 255] ^ T2[a >> 8 & 255] ^ T3[b & 255] ^ k[r + 2],
            T0[d >> 24] ^ T1[a >> 16 & 255] ^ T2[b >> 8 & 255] ^ T3[c & 255] ^ k[r + 3])
    out = b''
    for i, (p, q, r, s) in enumerate(((a, b, c, d), (b, c, d, a), (c, d, a, b), (d, a, b, c))):
        word = SBOX[p >> 24] << 24 | SBOX[q >> 16 & 255] << 16 | SBOX[r >> 8 & 255] << 8 | SBOX[s & 255]
        out += (word ^ k[40 + i]).to_bytes(4, 'big')
    return out


def _double(block):
    n = int.from_bytes(block, 'big') << 1
    if n >> 128:
        n = n & (1 << 128) - 1 ^ 0x87
    return n.to_bytes(16, 'big')


@lru_cache(maxsize=64)
def _subkeys(key):
    first = _double(aes128(key, bytes(16)))
    return first, _double(first)


def cmac(key, message):
    full, padded = _subkeys(key)
    count = max(1, (len(message) + 15) // 16)
    last = message[16 * (count - 1):]
    if len(last) == 16:
        last = bytes(x ^ y for x, y in zip(last, full))
    else:
        last = (last + b'\x80').ljust(16, b'\0')
        last = bytes(x ^ y for x, y in zip(last, padded))
    state = bytes(16)
    for i in range(count - 1):
        state = aes128(key, bytes(x ^ y for x, y in zip(state, message[16 * i:16 * i + 16])))
    return aes128(key, bytes(x ^ y for x, y in zip(state, last)))


# ---------------------------------------------------------------- keys
def expand(prk, info, count):
    return hmac.new(prk, info + b'\x01', hashlib.sha256).digest()[:count]


def mac_key(k_site, site_id, digits, uid):
    prk = hmac.new(site_id.to_bytes(2, 'little') + digits.encode(), k_site, hashlib.sha256).digest()
    return expand(expand(prk, b'ocs1|mac', 32), bytes([len(uid)]) + uid, 16)


class Card:
    """UID and K_mac of one card; makes and checks blocks."""

    def __init__(self, uid, key):
        self.uid, self.key = uid, key
        self.mac4 = lru_cache(maxsize=200000)(self._mac4)
        self.record = lru_cache(maxsize=200000)(self._record)

    def _mac4(self, tag, body):
        return cmac(self.key, bytes([len(self.uid)]) + self.uid + tag + body)[:4]

    def make_issuer(self, flags, epoch_c, t_c, s_c, epoch_w, t_w, d_w):
        body = bytes([flags, epoch_c]) + t_c.to_bytes(3, 'little') + s_c.to_bytes(3, 'little')
        body += bytes([epoch_w]) + (t_w | d_w << 17).to_bytes(3, 'little')
        return body + self.mac4(b'I', body)

    def make_times(self, flags, epoch_n, t_n):
        body = bytes([flags, epoch_n]) + t_n.to_bytes(3, 'little') + bytes(7)
        return body + self.mac4(b'N', body)

    def _record(self, tag, block):
        """(well formed, MAC good, {purse: (epoch, T, S)}, second water epoch or None, cancelled, repaired)"""
        u24 = [int.from_bytes(block[i:i + 3], 'little') for i in range(14)]
        formed = block[0] & 15 == 1 and block[0] < 64
        if tag == b'I':
            names = {'consumption': (block[1], u24[2], u24[5]), 'water': (block[8], u24[9] % 131072, 0)}
            distance = u24[9] // 131072
            also = (block[8] - distance) % 256 if distance else None
            formed = formed and u24[5] <= u24[2]
        else:
            names, also = {'times': (block[1], u24[2], 0)}, None
            formed = formed and not any(block[5:12])
        mac_good = self.mac4(tag, block[:12]) == block[12:]
        return formed, mac_good, names, also, bool(block[0] & 16), bool(block[0] & 32)


@lru_cache(maxsize=100000)
def make_value(value, epoch):
    v = (value & 0xFFFFFFFF).to_bytes(4, 'little')
    inverse = bytes(255 - x for x in v)
    return v + inverse + v + bytes([epoch, 255 - epoch] * 2)


@lru_cache(maxsize=100000)
def read_value(block):
    """(value, epoch) or None"""
    value = int.from_bytes(block[:4], 'little', signed=True)
    return (value, block[12]) if make_value(value, block[12]) == block else None


# ---------------------------------------------------------------- reading rules
def newer(a, b):
    return 0 < (a - b) % 256 < 128


def covers(record, purse, epoch):
    if record is None or not (record[0] and record[1]):
        return False
    return record[2][purse][0] == epoch or (purse == 'water' and record[3] == epoch)


def pick(slots, records, purse):
    """slots: two (value, epoch) or None.  The slot in force, or None."""
    good = [i for i in (0, 1) if slots[i] is not None and any(covers(r, purse, slots[i][1]) for r in records)]
    if len(good) < 2:
        return good[0] if good else None
    (v0, e0), (v1, e1) = slots
    if e0 == e1:
        return 1 if v1 < v0 else 0
    if newer(e0, e1):
        return 0
    return 1 if newer(e1, e0) else None


def split(value, stored_of_epoch):
    t = max(0, value)
    return min(t, stored_of_epoch), max(0, t - stored_of_epoch)


def result(kind, value, stored_of_epoch, amount, subsidy):
    """(T, S) of a new epoch or None"""
    t = max(0, value)
    now = min(t, stored_of_epoch)
    if amount < 0 or subsidy < 0 or (kind == 'withdraw' and amount > now):
        return None
    return {'recharge': (t + amount, now + amount), 'withdraw': (t - amount, now - amount),
            'grant': (t + amount, now), 'load': (amount + subsidy, amount), 'fence': (t, now),
            'repair': (t, now)}[kind]


@lru_cache(maxsize=100000)
def number_from_image(byte, committed):
    return next(n for n in range(committed - 155, committed + 101) if n % 256 == byte)


@lru_cache(maxsize=100000)
def number_from_record(byte, highest):
    return next(n for n in range(highest, highest - 256, -1) if n % 256 == byte)


def free_record(records, current):
    """records: two decoded ones.  current: {purse: epoch} of the readable purses; None: one was not read."""
    if current is None:
        return None
    if not current:
        counting = [r[0] and r[1] for r in records]
        if counting[0] != counting[1]:
            return counting.index(False)
    fits = [i for i in (0, 1) if all(covers(records[1 - i], p, e) for p, e in current.items())]
    if len(fits) < 2:
        return fits[0] if fits else None
    for purse in ('consumption', 'water', 'times'):
        if purse in records[0][2] and records[0][2][purse][0] != records[1][2][purse][0]:
            return 0 if newer(records[1][2][purse][0], records[0][2][purse][0]) else 1
    return 1


def decode(card, blocks):
    """{purse: facts}, and the free places of both kinds of record (None = none)."""
    records = {n: card.record(b'I' if n[0] == 'I' else b'N', blocks[n]) if blocks[n] is not None else None
               for n in ('I0', 'I1', 'J0', 'J1')}
    out = {}
    for purse in PURSES:
        raw = [blocks[n] for n in SLOT_NAMES[purse]]
        mine = [records[n] for n in RECORD_NAMES[purse]]
        facts = out[purse] = {'read': None not in raw and None not in mine, 'slot': None}
        if not facts['read']:
            continue
        facts['forged'] = all(r[0] and not r[1] for r in mine)
        slots = [read_value(b) for b in raw]
        i = facts['slot'] = pick(slots, mine, purse)
        if i is None:
            continue
        value, epoch = slots[i]
        direct = [r for r in mine if r[0] and r[1] and r[2][purse][0] == epoch]
        terms = [r[2][purse][1:] for r in direct]
        facts.update(
            value=value, epoch=epoch, equal=slots[0] == slots[1], spare_good=slots[1 - i] is not None,
            terms=terms,
            ceiling=max(r[2][purse][1] for r in mine if covers(r, purse, epoch)),
            cancelled=bool(direct) and all(r[4] for r in direct), repaired=any(r[5] for r in direct))
    free = []
    for names, purses in ((('I0', 'I1'), ('consumption', 'water')), (('J0', 'J1'), ('times',))):
        pair = [records[n] for n in names]
        known = None not in pair and all(out[p]['read'] for p in purses)
        current = {p: out[p]['epoch'] for p in purses if out[p]['slot'] is not None} if known else None
        free.append(free_record(pair, current))
    return out, free


# ---------------------------------------------------------------- evidence
def evidence(purse, facts, ledger):
    """ledger: dict in_use, c, low, ordered, floor (None or (c, low, ordered)), highest,
    rows [(no, T, S, role, state, acknowledged, low)].  Returns a dict, see `out`."""
    out = {'verdict': 'not_read', 'against': 'none', 'number': 0, 'value': 0, 'lower': False,
           'provisional': False, 'barred': False, 'row': -1, 'spare_bad': False, 'cancelled': False}
    if not ledger['in_use'] or not facts['read']:
        return out
    rows, c = ledger['rows'], ledger['c']
    is_open = {role for _, _, _, role, state, _, _ in rows if state == 'open'}
    out['barred'] = bool(is_open & {'fence', 'repair'})
    if facts['slot'] is None:
        out['verdict'], out['against'] = ('case', 'bad_mac') if facts['forged'] else ('unreadable', 'none')
        return out
    n = number_from_image(facts['epoch'], c)
    v = max(0, facts['value'])
    index = next((i for i, r in enumerate(rows) if r[0] == n), -1)
    row = rows[index] if index >= 0 else None
    out.update(number=n, value=v, row=index, spare_bad=not facts['spare_good'], cancelled=facts['cancelled'],
               against='below_zero' if facts['value'] < 0 else 'none')

    def case(why):
        out.update(verdict='case', against=why)
        return out

    def says(verdict, **more):
        out.update(verdict=verdict, **more)
        return out

    if n > ledger['highest'] or (row is None and n > c):
        return case('ledger_behind')
    if row and row[4] == 'loss':
        return says('after_loss')
    if row and row[4] == 'void' and row[3] != 'repair':
        return case('voided_on_card')
    if row and any(t != row[1] or (purse == 'consumption' and s != row[2]) for t, s in facts['terms']):
        return case('record_conflict')
    if v > (row[1] if row else facts['ceiling']):
        return case('ceiling')
    floor = ledger['floor']
    if n < c:
        if 'repair' in is_open:
            return says('repair_again')
        if (floor and n < floor[0]) or (row and row[4] == 'proven' and v < row[6]):
            return case('rollback')
        return says('stale')
    if n == c:
        if v > ledger['low']:
            if 'repair' in is_open:
                return says('repair_again')
            if floor and floor[0] == c and v > min(floor[1], floor[2]):
                return case('rollback' if v > floor[2] else 'value_rose')
            return says('stale')
        out['lower'] = v < ledger['low']
        if 'repair' in is_open:
            return says('repair_again')
        if is_open:
            return says('not_applied')
        return says('lower_value' if out['lower'] else 'nothing_new')
    if row[3] == 'repair':
        return says('repair_proven' if row[4] == 'open' and facts['equal'] else 'repair_again')
    return says('applied' if row[3] == 'leg' else 'fence_proven', provisional=not (facts['equal'] or row[5]))


# ---------------------------------------------------------------- check against the published vectors
def vector_card(vector):
    uid = bytes.fromhex(vector['uid'])
    key = mac_key(bytes.fromhex(vector['k_site']), vector['site_id'], vector['digits'], uid)
    assert key.hex() == vector['k_mac']
    return Card(uid, key)


def vector_blocks(vector):
    pairs = {'C': vector['C'], 'W': vector['W'], 'N': vector['N'], 'I': vector['I'], 'J': vector['J']}
    return {kind + str(i): bytes.fromhex(pairs[kind][i]) for kind in pairs for i in (0, 1)}


def self_test(path):
    with open(path) as file:
        vectors = json.load(file)
    for vector in vectors['vectors']:
        facts, free = decode(vector_card(vector), vector_blocks(vector))
        for purse in ('consumption', 'water'):
            got = {k: facts[purse][k] for k in ('slot', 'epoch', 'value')}
            assert got == vector['expect'][purse], vector['name']
        stored, subsidy = split(facts['consumption']['value'], facts['consumption']['terms'][0][1])
        assert {'stored': stored, 'subsidy': subsidy} == vector['expect']['split'], vector['name']
        assert free[0] == vector['expect']['free_record'], vector['name']
    first = vectors['vectors'][0]
    for one in vectors['pick_cases_on_first_vector']:
        blocks = vector_blocks(first)
        for kind in 'IC':
            for i in (0, 1):
                blocks[kind + str(i)] = bytes.fromhex(one[kind][i])
        facts = decode(vector_card(first), blocks)[0]['consumption']
        got = None if facts['slot'] is None else {k: facts[k] for k in ('slot', 'epoch', 'value')}
        assert got == one['expect'], one['case']
    return len(vectors['vectors']), len(vectors['pick_cases_on_first_vector'])


VECTORS = os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', 'vectors', 'card',
                       'card-vectors.json')

if __name__ == '__main__':
    print('reference agrees with %d vectors and %d pick cases' % self_test(VECTORS))

#!/usr/bin/env python3
"""Makes vectors.json: signatures and sealed plans of agent/PROTOCOL.md, computed without any code of the product.

HMAC and SHA-256 come from Python, HKDF-Expand, ChaCha20, HChaCha20 and Poly1305 are written out here (RFC 5869, RFC 8439,
draft-irtf-cfrg-xchacha).  python3 tests/vectors/agent/vectors.py > tests/vectors/agent/vectors.json
"""
import hashlib
import hmac
import json
import struct
import uuid

MASK = 0xFFFFFFFF
CONSTANTS = (0x61707865, 0x3320646E, 0x79622D32, 0x6B206574)


def mac(key, text):
    return hmac.new(key, text, hashlib.sha256).digest()


def expand_32(key, info):
    return mac(key, info.encode() + b'\x01')


def rotate(value, count):
    return (value << count | value >> (32 - count)) & MASK


def quarter(s, a, b, c, d):
    for x, y, z, count in ((a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)):
        s[x] = (s[x] + s[y]) & MASK
        s[z] = rotate(s[z] ^ s[x], count)


def rounds(state):
    s = list(state)
    for _ in range(10):
        for i in range(4):
            quarter(s, i, 4 + i, 8 + i, 12 + i)
        for i in range(4):
            quarter(s, i, 4 + (i + 1) % 4, 8 + (i + 2) % 4, 12 + (i + 3) % 4)
    return s


def state_of(key, tail):
    return CONSTANTS + struct.unpack('<8I', key) + struct.unpack('<4I', tail)


def hchacha(key, nonce_16):
    s = rounds(state_of(key, nonce_16))
    return struct.pack('<8I', *s[:4], *s[12:])


def stream(key, nonce_12, count, counter):
    out = b''
    while len(out) < count:
        state = state_of(key, struct.pack('<I', counter) + nonce_12)
        out += struct.pack('<16I', *((x + y) & MASK for x, y in zip(state, rounds(state))))
        counter += 1
    return out[:count]


def poly1305(key, text):
    r = int.from_bytes(key[:16], 'little') & 0x0FFFFFFC0FFFFFFC0FFFFFFC0FFFFFFF
    total = 0
    for at in range(0, len(text), 16):
        total = (total + int.from_bytes(text[at:at + 16] + b'\x01', 'little')) * r % ((1 << 130) - 5)
    return ((total + int.from_bytes(key[16:], 'little')) & ((1 << 128) - 1)).to_bytes(16, 'little')


def padded(text):
    return text + bytes(-len(text) % 16)


def seal(agent_key, ident, agent_id, text):
    additional = ident.bytes + agent_id.bytes
    nonce = mac(expand_32(agent_key, 'ocs1|nonce'), additional + text)[:24]
    key = hchacha(expand_32(agent_key, 'ocs1|seal'), nonce[:16])
    nonce_12 = bytes(4) + nonce[16:]
    box = bytes(x ^ y for x, y in zip(text, stream(key, nonce_12, len(text), 1)))
    lengths = struct.pack('<QQ', len(additional), len(box))
    tag = poly1305(stream(key, nonce_12, 32, 0), padded(additional) + padded(box) + lengths)
    return (nonce + box + tag).hex()


def sign(agent_key, target, unix_ms, body):
    lines = ['v1', 'POST', target, str(unix_ms), hashlib.sha256(body.encode()).hexdigest()]
    return mac(agent_key, '\n'.join(lines).encode()).hex()


def main():
    agent_key = bytes(range(32, 64))
    agent_id = uuid.UUID('01900000-0000-7000-8000-0000000000a1')
    plan_id = uuid.UUID('01900000-0000-7000-8000-000000000001')
    read_id = uuid.UUID('01900000-0000-7000-8000-000000000002')
    leg_id = '01900000-0000-7000-8000-000000000003'
    run = bytes(range(16)).hex()
    plan = {'plan': str(plan_id), 'run': run, 'uid': '9c3ad15e', 'kind': 'recharge', 'start_within_ms': 30000, 'steps': [
        ['auth', 8, 'B', '0c32e7f741cd'],
        ['expect', 8, '657c00009a83ffff657c000005fa05fa'],
        ['expect', 9, '0d2f0000f2d0ffff0d2f000004fb04fb'],
        ['auth', 4, 'B', 'cba205b745c5'],
        ['expect', 5, '010439300010270002881300854bff4d'],
        ['expect', 6, '0105597e003075000288130045c37185'],
        ['begin'],
        ['write', 5, '010685ca0050c30002881300cdcc3d09'],
        ['auth', 9, 'B', '0c32e7f741cd'],
        ['write', 9, '85ca00007a35ffff85ca000006f906f9'],
        ['check', 9, '85ca00007a35ffff85ca000006f906f9'],
        ['leg', leg_id, 6]]}
    read = {'read': str(read_id), 'uid': '9c3ad15e', 'sectors': [
        {'sector': 2, 'tries': [['A', '7d6a82b3f8c9'], ['A', 'ffffffffffff']], 'blocks': [8, 9]},
        {'sector': 1, 'tries': [['A', '5ec3eccef28d']], 'blocks': [4, 5, 6]}]}
    texts = [(plan_id, json.dumps(plan, separators=(',', ':'))), (read_id, json.dumps(read, separators=(',', ':')))]
    requests = [('/agent/v1/poll', 1767225600000, json.dumps({'run': run, 'at': 1})), ('/agent/v1/removed', 1, ''),
                ('/agent/v1/hello?x=1', 1767225600123, '{"desk":"Mensa S\u00fcd"}')]
    vectors = {
        'agent_key': agent_key.hex(),
        'agent_id': str(agent_id),
        'requests': [{'target': t, 'unix_ms': at, 'body': b, 'mac': sign(agent_key, t, at, b)} for t, at, b in requests],
        'clock': {'server_time_ms': 1767229200000, 'time': 1767225600000,
                  'time_mac': mac(agent_key, b'v1-time\n1767229200000\n1767225600000').hex()},
        'plan': {'id': str(plan_id), 'text': texts[0][1], 'sealed': seal(agent_key, plan_id, agent_id, texts[0][1].encode())},
        'read': {'id': str(read_id), 'text': texts[1][1], 'sealed': seal(agent_key, read_id, agent_id, texts[1][1].encode())},
    }
    print(json.dumps(vectors, indent=1))


main()

/* Pairing codes as people read and type them (agent/PROTOCOL.md, pair): no 0 O 1 I L, which look alike. */
#ifndef CARDWRIGHT_API_PAIRING_CODE_H
#define CARDWRIGHT_API_PAIRING_CODE_H

#define PAIRING_CODE_LETTERS 8
#define PAIRING_ALPHABET "23456789ABCDEFGHJKMNPQRSTUVWXYZ"

#endif

/* Facts of this program that several files need. */
#ifndef CARDWRIGHT_AGENT_AGENT_H
#define CARDWRIGHT_AGENT_AGENT_H

/* Overridden only to build an older agent for tests. */
#ifndef AGENT_VERSION
#define AGENT_VERSION "1.1.0"
#endif
#ifndef AGENT_PROTOCOL
#define AGENT_PROTOCOL 1 /* agent/PROTOCOL.md */
#endif

#endif

/* Facts of this program that several files need. */
#ifndef CARDWRIGHT_AGENT_AGENT_H
#define CARDWRIGHT_AGENT_AGENT_H

#define AGENT_VERSION "1.0.0"
#define AGENT_PROTOCOL 1 /* agent/PROTOCOL.md */

#endif

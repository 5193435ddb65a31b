/* The service manager, if one started us (systemd, Type=notify). Without one, everything here does nothing.
 */
#ifndef CARDWRIGHT_BASE_SERVICE_H
#define CARDWRIGHT_BASE_SERVICE_H

/* Tells a state as sd_notify(3) words it: "READY=1", "STOPPING=1", "RELOADING=1". */
void service_notify(const char *state);

#endif

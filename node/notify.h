#ifndef MUN_NODE_NOTIFY_H
#define MUN_NODE_NOTIFY_H

/* Tells the service manager ("READY=1", "STOPPING=1") over the socket that
 * $NOTIFY_SOCKET names; does nothing when there is none.
 * Source: sd_notify(3). */
void mun_notify(const char *state);

#endif

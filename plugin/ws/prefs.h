#ifndef FLOWSTATS_PREFS_H
#define FLOWSTATS_PREFS_H

#include "ws_compat.h"

/* The preferences, as they were when last applied: what was only set makes no difference. */
struct fs_prefs {
    const char *columns;     /* of exports and the table; never NULL, empty: their own */
    unsigned idle_timeout;   /* seconds; 0: never */
    unsigned active_timeout; /* likewise */
    unsigned max_open;       /* flows; at least 1 */
    unsigned slow_handshake; /* milliseconds; 0: none is */
    unsigned table_rows;
    ws_bool key_vlan;
    ws_bool key_labels;
    ws_bool key_ends;
    ws_bool carry_over;
    ws_bool show_sofar;
    ws_bool experts;
    ws_bool experts_ip_id; /* where experts is set */
};

extern const struct fs_prefs *const fs_prefs;

/* Register them and return where more can be.  changed: called when the user has changed some. */
module_t *fs_prefs_register(int proto, void (*changed)(void));

/* Let what is set hold from now on. */
void fs_prefs_apply(void);

#endif

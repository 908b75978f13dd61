#ifndef FLOWSTATS_MENU_H
#define FLOWSTATS_MENU_H

/* Statistics > Flow Timeline: the entries that open the window. */
void fs_menu_register(int proto);

#endif
